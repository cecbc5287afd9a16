"""The shared formula: kernel against oracle, the meaning of its arguments, its properties."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import assert_close, bounds, exact, largest_exponent

from derivations import mixture_ce as derivation
from kdeviz import mixture_cross_entropy
from kdeviz.kernels.numpy.mixture_ce import mixture_ce

rng = np.random.default_rng(2022)
INF = np.inf


def rows(R=2, B=3, J=4, scale=1.0, dtype=np.float64, seed=0):
    draw = np.random.default_rng(seed)
    z, log_K = draw.normal(size=(R, J)) * scale, -draw.exponential(size=(R, B, J)) * scale
    q = draw.dirichlet(np.ones(B), R)
    return [v.astype(dtype) for v in (z, log_K, q)]


def hostile_cases():
    z, log_K, q = rows()
    yield "random", z, log_K, q
    yield "one point", z[:, :1], log_K[:, :, :1], q
    yield "one bin", z, log_K[:, :1], q[:, :1]
    yield "logits around 1e4", z + 1e4, log_K, q
    yield "logits around -5000", z - 5000, log_K, q
    yield "wide", *rows(scale=8.0)
    yield "very wide", *rows(scale=400.0)
    yield "long sums", *rows(R=1, B=300, J=3)
    yield "many points", *rows(R=1, B=2, J=300)
    yield "ties", np.zeros_like(z), np.zeros_like(log_K), q
    minus = z.copy()
    minus[:, 1] = -INF
    yield "a removed point", minus, log_K, q
    holes = np.where(rng.uniform(size=log_K.shape) < 0.4, -INF, log_K)
    holes[..., 0] = log_K[..., 0]
    yield "kernel zeros", z, holes, q
    empty = q.copy()
    empty[:, 1] = 0
    yield "a bin without mass", z, log_K, empty / empty.sum(-1, keepdims=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("case", list(hostile_cases()), ids=lambda case: case[0])
def test_mixture_ce_meets_the_oracle(case, dtype):
    z, log_K, q = (v.astype(dtype) for v in case[1:])
    floor = np.full(len(z), -INF)
    want = exact("mixture_ce", "mixture_ce", z=z, log_K=log_K, q=q, log_floor=floor)
    loss, grad_z, grad_log_K, grad_q = mixture_ce(z, log_K, q, floor.astype(dtype))
    by_loss, by_grad = bounds(dtype, largest_exponent(z.astype(float), log_K.astype(float)))
    assert_close(loss, want["loss"], by_loss, np.maximum(1, abs(want["loss"])))
    assert_close(grad_z, want["grad_z"], by_grad)
    assert_close(grad_log_K, want["grad_log_K"], by_grad)
    assert_close(grad_q, want["grad_q"], by_loss, np.maximum(1, abs(want["grad_q"])))


@pytest.mark.parametrize("log_floor", [-40.0, -3.0, 2.0])
def test_floor_meets_the_oracle(log_floor):
    z, log_K, q = rows(seed=3)
    log_K[0, 0] = -INF
    want = exact("mixture_ce", "mixture_ce", z=z, log_K=log_K, q=q, log_floor=np.full(2, log_floor))
    got = mixture_cross_entropy(z, log_K, q, zero="floor", log_floor=log_floor)
    assert_close(got.loss, want["loss"], 1e-14, np.maximum(1, abs(want["loss"])))
    assert_close(got.grad.z, want["grad_z"], 2e-14)


@pytest.mark.claim(id="A2")
def test_gradients_are_derivatives_of_the_loss():
    """Central differences of the oracle's loss at 50 digits: the derivation's gradient is not trusted here."""
    z, log_K, q = rows(R=1, B=2, J=3, seed=5)
    floor = np.array([-2.0])
    loss = lambda **changed: exact(
        "mixture_ce", "mixture_ce", **(dict(z=z, log_K=log_K, q=q, log_floor=floor) | changed)
    )["loss"][0]
    got = mixture_cross_entropy(z, log_K, q, zero="floor", log_floor=-2.0).grad
    for name, array in dict(z=z, log_K=log_K, q=q).items():
        for place in np.ndindex(array.shape):
            up, down = array.copy(), array.copy()
            up[place] += 1e-5
            down[place] -= 1e-5
            slope = (loss(**{name: up}) - loss(**{name: down})) / (up[place] - down[place])
            assert abs(getattr(got, name)[place] - slope) < 1e-9


@pytest.mark.claim(id="A3")
def test_hessian_is_prior_covariance_minus_mean_posterior_covariance():
    z, log_K, q = (v[0] for v in rows(R=1, B=3, J=4, seed=7))
    S = np.exp(z) / np.exp(z).sum()
    joint = S * np.exp(log_K)
    shares = joint / joint.sum(-1, keepdims=True)
    covariance = lambda s: np.diag(s) - np.outer(s, s)
    claim = covariance(S) - sum(m * covariance(r) for m, r in zip(q, shares))
    step = 1e-5 * np.eye(4)
    measured = [
        (mixture_cross_entropy(z + e, log_K, q).grad.z - mixture_cross_entropy(z - e, log_K, q).grad.z) / 2e-5
        for e in step
    ]
    assert np.allclose(measured, claim, atol=1e-9)


@pytest.mark.claim(id="A3")
def test_the_loss_is_not_convex_in_the_logits():
    """Failed belief: a cross-entropy of softmax weights need not be convex."""
    log_K = np.zeros((1, 2))
    log_K[0] = [0.0, np.log(99.0)]
    at = lambda t: mixture_cross_entropy(np.array([np.log(99.0) + t, -t]), log_K, np.ones(1)).loss
    assert at(0.01) + at(-0.01) - 2 * at(0.0) < 0


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 6), st.integers(1, 30))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_batch_equals_its_rows_bit_for_bit(seed, R, B, J):
    z, log_K, q = rows(R, B, J, seed=seed)
    batch = mixture_cross_entropy(z, log_K, q)
    one = mixture_cross_entropy(z[R // 2], log_K[R // 2], q[R // 2])
    assert batch.loss[R // 2] == one.loss
    assert all(np.array_equal(whole[R // 2], row) for whole, row in zip(batch.grad, one.grad))


def test_nan_stays_in_its_row():
    for name, place in itertools.product(("z", "log_K"), range(3)):
        arrays = dict(zip(("z", "log_K", "q"), rows(R=3)))
        arrays[name][place].flat[1] = np.nan
        loss, grad = mixture_cross_entropy(**arrays)
        assert np.isnan(loss).tolist() == [i == place for i in range(3)]
        assert np.isnan(grad.z).all(-1).tolist() == [i == place for i in range(3)]
        assert not np.isnan(np.delete(grad.log_K, place, 0)).any()


def test_a_row_without_a_finite_logit_is_nan():
    z, log_K, q = rows()
    z[0] = -INF
    loss, grad = mixture_cross_entropy(z, log_K, q)
    assert np.isnan(loss[0]) and np.isnan(grad.z[0]).all() and np.isfinite(loss[1])


def test_an_unexplained_bin_without_mass_costs_nothing():
    z, log_K, q = (v[0] for v in rows(R=1))
    q = np.array([0.5, 0.0, 0.5])
    log_K[1] = -INF
    loss, grad = mixture_cross_entropy(z, log_K, q)
    kept = mixture_cross_entropy(z, log_K[[0, 2]], q[[0, 2]])
    assert loss == kept.loss and np.array_equal(grad.z, kept.grad.z) and np.array_equal(grad.log_K[1], np.zeros(4))


def test_leading_axes_broadcast_and_gradients_are_not_summed():
    z, log_K, q = rows(R=5)
    loss, grad = mixture_cross_entropy(z[:, None], log_K[0], np.stack([q[0], q[1]]))
    assert (
        loss.shape == (5, 2)
        and grad.z.shape == (5, 2, 4)
        and grad.log_K.shape == (5, 2, 3, 4)
        and grad.q.shape == (5, 2, 3)
    )
    assert np.array_equal(grad.z[3, 1], mixture_cross_entropy(z[3], log_K[0], q[1]).grad.z)


def test_no_row_gives_empty_results():
    loss, grad = mixture_cross_entropy(np.empty((0, 4)), np.empty((0, 3, 4)), np.empty((0, 3)))
    assert loss.shape == (0,) and grad.log_K.shape == (0, 3, 4)


def test_derivation_proves_its_hessian_for_a_log_sum_exp():
    difference = derivation.hessian_of_log_sum_exp - derivation.covariance(derivation.softmax)
    assert difference.applyfunc(lambda e: e.cancel()).is_zero_matrix


def test_skip_has_the_gradients_of_its_own_loss():
    """Moving mass between bins, a skipped one among them, against differences of the loss."""
    z, log_K, _ = (v[0] for v in rows(R=1, B=4, J=3, seed=11))
    log_K[2] = -INF
    q = np.array([0.3, 0.2, 0.4, 0.1])
    at = lambda masses: mixture_cross_entropy(z, log_K, masses, zero="skip")
    grad = at(q).grad
    assert np.array_equal(grad.log_K[2], np.zeros(3)) and np.isfinite(grad.q).all()
    for source, target in ((0, 1), (0, 3), (2, 0), (1, 2)):
        move = np.zeros(4)
        move[source], move[target] = -1e-6, 1e-6
        slope = (at(q + move).loss - at(q - move).loss) / 2e-6
        assert abs(slope - (grad.q[target] - grad.q[source])) < 1e-8
