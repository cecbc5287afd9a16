"""KDE cross-entropy over bins: every kernel against the oracle, and each meaning of its arguments."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import assert_close, bounds, exact, kde_rows, largest_exponent

from derivations import kde_ce as derivation
from kdeviz import kde_cross_entropy, mixture_cross_entropy
from kdeviz.kde import CIRCLE_KERNELS, LINE_KERNELS
from kdeviz.kernels.numpy import kde_ce

INF = np.inf
KERNELS = [(name, None) for name in LINE_KERNELS] + [(name, 2.5) for name in CIRCLE_KERNELS]
LOG_K = {
    "laplace": lambda u: -abs(u),
    "gaussian": lambda u: -(u**2) / 2,
    "cauchy": lambda u: -np.log1p(u**2),
    "box": lambda u: np.where(abs(u) <= 1, 0, -INF),
    "triangular": lambda u: np.log(np.maximum(1 - abs(u), 0)),
    "epanechnikov": lambda u: np.log(np.maximum(1 - u**2, 0)),
}


def ids(kernel):
    return kernel[0] + ("_on_circle" if kernel[1] else "")


def random_case(seed=0, R=2, J=6):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(R, J)), draw.uniform(-0.6, 1.6, (R, J))


def assert_meets_oracle(name, period, z, points, a, b, h, B, dtype=np.float64, log_floor=None, exponent=None):
    """The public function against the equations at 50 digits; float inputs are exact."""
    z, points = np.asarray(z, dtype), np.asarray(points, dtype)
    a, b, h = (np.full(len(z), v, dtype) for v in (a, b, h))
    zero = {} if log_floor is None else dict(zero="floor", log_floor=log_floor)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, grad = kde_cross_entropy(z, points, a, b, h, kernel=name, period=period, bins=B, **zero)
    rows = kde_rows(z, points, a, b, h, B, -INF if log_floor is None else log_floor, period)
    want = exact("kde_ce", ids((name, period)), **rows)
    centres = a[:, None].astype(float) + (b - a)[:, None] * rows["position"]
    reach = np.abs(centres[:, :, None] - points[:, None, :].astype(float)) / h[:, None, None]
    by_loss, by_grad = bounds(dtype, largest_exponent(z.astype(float)) if exponent is None else exponent)
    assert loss.dtype == grad.z.dtype == dtype
    assert_close(loss, want["loss"], by_loss, np.maximum(1, abs(want["loss"])))
    assert_close(grad.z, want["grad_z"], by_grad)
    finite = np.isfinite(want["loss"])
    for of in ("points", "h", "a", "b"):
        value, truth = getattr(grad, of)[finite], want[f"grad_{of}"][finite]
        scale = max(1 / h[0] * max(1, reach.max() if of == "h" else 1), np.abs(truth).max(initial=0))
        assert_close(value, truth, by_grad, scale)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_kde_ce_meets_the_oracle(kernel, dtype):
    for seed, h in enumerate((0.7, 2.0)):
        assert_meets_oracle(*kernel, *random_case(seed), 0.0, 1.0, h, 5, dtype)


@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_kde_ce_with_a_floor_meets_the_oracle(kernel):
    assert_meets_oracle(*kernel, *random_case(9), 0.0, 1.0, 0.1, 7, log_floor=-6.0, exponent=200.0)


HOSTILE = {
    "one point, one bin": ([[0.3]], [[0.4]], 0.0, 1.0, 0.5, 1, 0),
    "ties": ([[0.0, 1.0, 2.0, -1.0]], [[0.5, 0.5, 0.5, 0.2]], 0.0, 1.0, 0.1, 4, 0),
    "points on the edges": ([[0.0, 1.0, 0.0, 1.0]], [[0.0, 1.0, 0.0, 1.0]], 0.0, 1.0, 0.25, 4, 0),
    "logits around 1e4": ([[1e4, 1e4 + 1, 1e4 - 2]], [[0.1, 0.5, 2.0]], 0.0, 1.0, 0.5, 3, 0),
    "logits 1e4 apart": ([[1e4, 0.0, -1e4]], [[5.0, 0.5, 0.6]], 0.0, 1.0, 1e-3, 3, 2e4),
    "padding": ([[0.3, -INF, 0.1, -INF]], [[0.1, 0.0, 2.0, 1e6]], 0.0, 1.0, 0.5, 3, 0),
    "narrow bandwidth": ([[0.3, 1.0, 0.1]], [[0.1, 0.5, 2.0]], 0.0, 1.0, 1e-3, 3, 2e3),
    "wide bandwidth": ([[0.3, 1.0, 0.1]], [[0.1, 0.5, 2.0]], 0.0, 1.0, 1e4, 3, 0),
    "target of width 1e-9": ([[0.3, 1.0, 0.1]], [[0.1, 0.5, 2.0]], 0.2, 0.2 + 1e-9, 0.5, 3, 0),
    "origin at 1e6": ([[0.3, 1.0, 0.1]], [[1e6, 1e6 + 0.5, 1e6 + 2.0]], 1e6, 1e6 + 1, 0.5, 3, 0),
    "a thousand bandwidths away": ([[0.3, 1.0, 0.1]], [[-500.0, 700.0, 600.0]], 0.0, 1.0, 0.5, 3, 1.4e3),
    "1e9 bandwidths away": ([[0.3, 1.0, 0.1]], [[-5e8, 7e8, 6e8]], 0.0, 1.0, 0.5, 3, 1.4e9),
    "long sums": ([[0.3, 1.0]], [[0.1, 0.9]], 0.0, 1.0, 0.3, 400, 0),
}


@pytest.mark.parametrize("name", ["laplace", "cauchy"])
@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_meets_the_oracle_without_a_warning(case, name):
    *arguments, exponent = case
    assert_meets_oracle(name, None, *arguments, exponent=max(exponent, 0))


def test_gaussian_far_away_keeps_the_loss_to_eps_of_its_exponent():
    assert_meets_oracle("gaussian", None, [[0.3, 1.0, 0.1]], [[-50.0, 70.0, 60.0]], 0.0, 1.0, 0.5, 3, exponent=1.4e4)


@pytest.mark.parametrize("h", [1e-3, 0.1, 30.0, 1e4])
@pytest.mark.parametrize("name", CIRCLE_KERNELS)
def test_circular_kernels_meet_the_oracle_from_narrow_to_wide(name, h):
    z, points = random_case(4, R=1, J=3)
    points[0] = [0.25, 0.5, 0.75]
    bins = 4 if name in ("box", "triangular", "epanechnikov") and h < 0.1 else 5
    exponent = (2.5 / 2 / h) ** 2 if name in ("gaussian", "von_mises") else 2.5 / 2 / h
    if name in ("triangular", "epanechnikov") and h < 0.1:
        points[0] = [0.125, 0.375, 0.625]
    assert_meets_oracle(name, 2.5, z, points, 0.0, 1.0, h, bins, exponent=max(exponent, 0.0))


@pytest.mark.parametrize("name", LINE_KERNELS)
def test_kernel_values_are_those_of_the_table(name):
    """log p of one point is log K(u): K(0) = 1, and the shape named in the docstring."""
    u = np.array([-2.0, -1.0, -0.3, 0.0, 0.6, 1.0, 3.0])
    with np.errstate(divide="ignore"):
        want = -LOG_K[name](u)
    got = kde_cross_entropy(
        np.zeros(1), np.array([1.0]), None, None, 0.5, kernel=name, bins=(1.0 + 0.5 * u[:, None], np.ones((7, 1)))
    ).loss
    assert np.allclose(got, want, rtol=1e-15, atol=1e-15)


def test_von_mises_values_and_its_gaussian_limit():
    period, h = 2 * np.pi, 0.4
    x = np.linspace(-3, 3, 13)
    kappa = (period / (2 * np.pi * h)) ** 2
    at = lambda kernel, h: (
        kde_cross_entropy(
            np.zeros(1),
            np.zeros(1),
            None,
            None,
            h,
            kernel=kernel,
            period=period,
            bins=(x[:, None] * h, np.ones((13, 1))),
        ).loss
    )
    assert np.allclose(at("von_mises", h), kappa * (1 - np.cos(x * h)), rtol=1e-13)
    assert np.allclose(at("von_mises", 1e-4), at("gaussian", 1e-4), rtol=1e-7)


def test_wrapped_laplace_is_the_sum_over_all_images():
    period, h, x = 1.5, 0.8, np.linspace(0, 3, 11)
    loss = kde_cross_entropy(
        np.zeros(1), np.array([0.2]), None, None, h, period=period, bins=(x[:, None], np.ones((11, 1)))
    ).loss
    images = np.exp(-np.abs(x[:, None] - 0.2 - period * np.arange(-60, 61)) / h).sum(-1)
    assert np.allclose(loss, -np.log(images), rtol=1e-14)
    assert derivation.prove_wrapped_laplace()


@pytest.mark.parametrize("name", CIRCLE_KERNELS)
def test_positions_count_modulo_the_period(name):
    z, points = random_case(1)
    turns = np.array([0, 1, -2, 3, 0, -1])
    here = kde_cross_entropy(z, points, 0.0, 1.0, 0.7, kernel=name, period=2.5, bins=9)
    there = kde_cross_entropy(z, points + 2.5 * turns, 0.0, 1.0, 0.7, kernel=name, period=2.5, bins=9)
    assert_close(there.loss, here.loss, 1e-14)
    assert_close(there.grad.z, here.grad.z, 1e-14)


def assert_same(got, want):
    assert np.array_equal(got.loss, want.loss) and all(map(np.array_equal, got.grad, want.grad))


@pytest.mark.parametrize("name", CIRCLE_KERNELS)
def test_a_million_turns_cost_no_bit(name):
    """The period is a power of two and what is moved is a multiple of 2^-31, so that adding the turns rounds nothing."""
    z, points = random_case(1)
    moved = lambda x: x + 2.0**20 * 2.0
    coarse = lambda x: np.round(np.abs(x) * 2**31) / 2**31
    of_points = lambda points: kde_cross_entropy(z, points, 0.3, 1.2, 0.5, kernel=name, period=2.0, bins=8)
    of_edges = lambda a, b: kde_cross_entropy(z, points, a, b, 0.5, kernel=name, period=2.0, bins=8)
    of_centres = lambda x: kde_cross_entropy(z, points, None, None, 0.5, kernel=name, period=2.0, bins=(x, q))
    a, b, centres, q = coarse(0.3), coarse(1.2), coarse(np.linspace(0.3, 1.2, 8)), np.full(8, 1 / 8)
    assert_same(of_points(moved(coarse(points))), of_points(coarse(points)))
    assert_same(of_edges(moved(a), moved(b)), of_edges(a, b))
    assert_same(of_centres(moved(centres)), of_centres(centres))


@pytest.mark.parametrize("name", CIRCLE_KERNELS)
def test_far_points_are_where_exact_arithmetic_has_them(name):
    z, points = random_case(1)
    for far, period in ((points + 2.0**20 * 2.5, 2.5), (points * 1e7, 0.7)):
        near = np.array([[float(Fraction(x) % Fraction(period)) for x in row] for row in far])
        there, here = (
            kde_cross_entropy(z, at, 0.0, 0.6, 0.5, kernel=name, period=period, bins=9, zero="floor", log_floor=-9.0)
            for at in (far, near)
        )
        assert_close(there.loss, here.loss, 1e-13)
        assert_close(there.grad.z, here.grad.z, 1e-13)
        assert_close(there.grad.points, here.grad.points, 1e-13)


def test_a_target_may_cover_the_whole_circle():
    z, points = random_case(2)
    loss, _ = kde_cross_entropy(z, points, 0.3, 2.8, 0.7, period=2.5, bins=64)
    moved, _ = kde_cross_entropy(z, points, 0.3 + 2.5 / 64, 2.8 + 2.5 / 64, 0.7, period=2.5, bins=64)
    assert_close(moved, loss, 1e-13)


def test_it_is_the_mixture_of_its_log_kernel():
    z, points = random_case(3)
    u = ((np.arange(8) + 0.5)[None, :, None] / 8 - points[:, None, :]) / 0.4
    for name in LINE_KERNELS:
        with np.errstate(divide="ignore"):
            want = mixture_cross_entropy(z, LOG_K[name](u), np.full(8, 1 / 8), zero="floor", log_floor=-9.0)
        got = kde_cross_entropy(z, points, 0.0, 1.0, 0.4, kernel=name, bins=8, zero="floor", log_floor=-9.0)
        assert_close(got.loss, want.loss, 1e-13)
        assert_close(got.grad.z, want.grad.z, 1e-13)


def test_explicit_bins_are_midpoint_bins_when_they_are_midpoints():
    z, points = random_case(4)
    centres = 0.5 + 2.0 * (np.arange(6) + 0.5) / 6
    by_number = kde_cross_entropy(z, points, 0.5, 2.5, 0.4, bins=6)
    by_place = kde_cross_entropy(z, points, None, None, 0.4, bins=(centres, np.full(6, 1 / 6)))
    assert_close(by_place.loss, by_number.loss, 1e-15)
    assert_close(by_place.grad.points, by_number.grad.points, 1e-14)
    assert by_place.grad.a is None and by_place.grad.b is None and by_number.grad.a.shape == (2,)


def test_unequal_masses_weigh_their_bins():
    z, points = random_case(5)
    q = np.array([0.7, 0.1, 0.2])
    centres = np.array([0.1, 0.4, 0.9])
    whole = kde_cross_entropy(z, points, None, None, 0.4, bins=(centres, q)).loss
    parts = [
        kde_cross_entropy(z, points, None, None, 0.4, bins=(centres[i : i + 1], np.ones(1))).loss for i in range(3)
    ]
    assert_close(whole, sum(m * part for m, part in zip(q, parts)), 1e-15)


def test_intervals_explain_the_bins_they_hold():
    z = np.array([0.2, -0.4, 0.9])
    lo, hi = np.array([0.0, 0.3, 0.8]), np.array([0.5, 0.9, 1.0])
    loss, grad = kde_cross_entropy(z, (lo, hi), 0.0, 1.0, None, kernel="box", bins=50)
    centres = (np.arange(50) + 0.5)[:, None] / 50
    S = np.exp(z) / np.exp(z).sum()
    covered = (centres >= lo) & (centres <= hi)
    assert np.isclose(loss, -np.log(covered @ S).mean(), rtol=1e-14)
    assert (
        np.array_equal(grad.points[0], np.zeros(3)) and np.array_equal(grad.points[1], np.zeros(3)) and grad.h is None
    )
    same = kde_cross_entropy(
        z, np.array([0.25, 0.6, 0.9]), 0.0, 1.0, 0.25, kernel="box", bins=50, zero="floor", log_floor=-5.0
    )
    pair = kde_cross_entropy(
        z,
        (np.array([0.0, 0.35, 0.65]), np.array([0.5, 0.85, 1.15])),
        0.0,
        1.0,
        None,
        kernel="box",
        bins=50,
        zero="floor",
        log_floor=-5.0,
    )
    assert_close(same.loss, pair.loss, 1e-15)


def test_intervals_on_a_circle_count_modulo_the_period():
    z = np.array([0.2, -0.4])
    plain = kde_cross_entropy(
        z,
        (np.array([0.8, -0.1]), np.array([1.2, 0.9])),
        0.0,
        1.0,
        None,
        kernel="box",
        bins=20,
        zero="floor",
        log_floor=-3.0,
        period=4.0,
    )
    moved = kde_cross_entropy(
        z,
        (np.array([4.8, -4.1]), np.array([5.2, -3.1])),
        0.0,
        1.0,
        None,
        kernel="box",
        bins=20,
        zero="floor",
        log_floor=-3.0,
        period=4.0,
    )
    assert_close(moved.loss, plain.loss, 1e-15)


def test_intervals_may_be_unbounded():
    z = np.array([0.2, -0.4, 0.9])
    open_ends = np.array([-INF, 0.3, -INF]), np.array([0.3, INF, INF])
    finite = np.array([-9.0, 0.3, -9.0]), np.array([0.3, 9.0, 9.0])
    for period in (None, 4.0):
        if period:
            finite = np.array([0.0, 0.0, 0.0]), np.array([4.0, 4.0, 4.0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            got, want = (
                kde_cross_entropy(z, pair, 0.0, 1.0, None, kernel="box", bins=20, period=period)
                for pair in (open_ends, finite)
            )
        assert got.loss == want.loss and np.array_equal(got.grad.z, want.grad.z)


@pytest.mark.parametrize("edge", [0, 1])
@pytest.mark.parametrize("period", [None, 4.0])
def test_nan_edges_of_an_interval_stay_in_their_row(edge, period):
    pair = np.array([[-INF, 0.0], [-0.1, 0.0]]), np.array([[0.5, 2.0], [0.5, 2.0]])
    pair[edge][0, 0] = np.nan
    loss, grad = kde_cross_entropy(np.zeros(2), pair, 0.0, 1.0, None, kernel="box", bins=5, period=period)
    for g in (loss, grad.z, *grad.points, grad.a, grad.b):
        assert np.isnan(g[0]).all() and np.isfinite(g[1]).all()


def test_where_the_loss_is_infinite_only_the_logit_gradient_is_finite():
    z, points = random_case(6)
    loss, grad = kde_cross_entropy(z, points + np.array([[0.0], [50.0]]), 0.0, 1.0, 0.9, kernel="triangular", bins=8)
    assert np.isfinite(loss[0]) and loss[1] == INF
    assert np.isfinite(grad.z).all() and np.isfinite(grad.points[0]).all()
    assert np.isnan(grad.points[1]).all() and np.isnan([grad.h[1], grad.a[1], grad.b[1]]).all()


def test_skip_drops_unexplained_bins_and_renormalises():
    z, points = np.zeros(2), np.array([0.1, 0.2])
    centres, q = np.array([0.15, 5.0, 0.12]), np.array([0.5, 0.2, 0.3])
    skipped = kde_cross_entropy(z, points, None, None, 0.3, kernel="epanechnikov", bins=(centres, q), zero="skip")
    kept = kde_cross_entropy(
        z, points, None, None, 0.3, kernel="epanechnikov", bins=(centres[[0, 2]], np.array([0.625, 0.375]))
    )
    assert_close(skipped.loss, kept.loss, 1e-15)
    assert_close(skipped.grad.points, kept.grad.points, 1e-14)


def test_skip_of_every_bin_is_infinite_and_moves_nothing():
    loss, grad = kde_cross_entropy(np.zeros(2), np.array([9.0, 8.0]), 0.0, 1.0, 0.3, kernel="box", bins=4, zero="skip")
    assert loss == INF and np.array_equal(grad.z, [0, 0]) and np.isnan(grad.points).all()


def test_binned_box_gradients_in_points_are_zero():
    loss, grad = kde_cross_entropy(*random_case(7), 0.0, 1.0, 1.5, kernel="box", bins=16)
    assert np.array_equal(grad.points, np.zeros((2, 6))) and np.array_equal(grad.h, [0, 0]) and np.isfinite(loss).all()


@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_nan_stays_in_its_row(kernel):
    for which in ("z", "points"):
        arrays = dict(zip(("z", "points"), random_case(8, R=3)))
        arrays[which][1, 2] = np.nan
        loss, grad = kde_cross_entropy(**arrays, a=0.0, b=1.0, h=1.5, kernel=kernel[0], period=kernel[1], bins=5)
        assert np.isnan(loss).tolist() == [False, True, False]
        assert all(np.isnan(g[1]).all() and not np.isnan(g[[0, 2]]).any() for g in grad)


def test_wrt_picks_gradients_and_leaves_the_others_out():
    z, points = random_case(9)
    everything = kde_cross_entropy(z, points, 0.0, 1.0, 0.5, bins=5).grad
    some = kde_cross_entropy(z, points, 0.0, 1.0, 0.5, bins=5, wrt=("z", "h")).grad
    assert (
        np.array_equal(some.z, everything.z)
        and np.array_equal(some.h, everything.h)
        and some.points is some.a is some.b is None
    )


def test_arguments_broadcast_over_leading_axes():
    z, points = random_case(10, R=4)
    h = np.array([[0.3], [0.5], [0.9]])
    loss, grad = kde_cross_entropy(z, points[0], 0.0, np.array([1.0, 2.0, 1.0, 3.0]), h, bins=5)
    assert loss.shape == grad.h.shape == grad.a.shape == (3, 4) and grad.z.shape == grad.points.shape == (3, 4, 6)
    assert loss[2, 3] == kde_cross_entropy(z[3], points[0], 0.0, 3.0, 0.9, bins=5).loss


def test_python_numbers_do_not_widen_float32():
    z, points = (v.astype(np.float32) for v in random_case(11))
    loss, grad = kde_cross_entropy(z, points, 0, 1.0, 0.5, bins=5, zero="floor", log_floor=-4.0)
    assert loss.dtype == np.float32 and {g.dtype for g in grad} == {np.dtype(np.float32)}
    assert kde_cross_entropy(z, points.astype(float), 0, 1, 0.5, bins=5).loss.dtype == np.float64
    assert kde_cross_entropy(np.zeros(2, int), np.ones(2, int), 0, 1, 1, bins=5).loss.dtype == np.float64


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 150), st.integers(1, 200), st.sampled_from(KERNELS))
@settings(max_examples=80, derandomize=True, deadline=None)
def test_a_batch_equals_its_rows_bit_for_bit(seed, R, J, B, kernel):
    z, points = random_case(seed, R, J)
    at = lambda i: kde_cross_entropy(
        z[i], points[i], 0.0, 1.0, 0.4, kernel=kernel[0], period=kernel[1], bins=B, zero="floor", log_floor=-20.0
    )
    batch, one = at(slice(None)), at(R - 1)
    assert batch.loss[-1] == one.loss
    assert all(np.array_equal(whole[-1], row) for whole, row in zip(batch.grad, one.grad))


@given(st.integers(0, 10**6), st.sampled_from(KERNELS))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_moving_everything_together_changes_nothing(seed, kernel):
    """Translation: the gradients in points, a and b sum to zero."""
    z, points = random_case(seed, 1, 5)
    loss, grad = kde_cross_entropy(
        z, points, 0.0, 1.0, 0.8, kernel=kernel[0], period=kernel[1], bins=12, zero="floor", log_floor=-9.0
    )
    assert abs(grad.points.sum() + grad.a[0] + grad.b[0]) < 1e-14 / 0.8 * max(1, np.abs(grad.points).max())


@given(st.integers(0, 10**6), st.sampled_from(LINE_KERNELS))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_scaling_everything_together_changes_nothing(seed, name):
    """Euler: sum x dL/dx + h dL/dh + a dL/da + b dL/db = 0 for a kernel of (x - x_j)/h."""
    z, points = random_case(seed, 1, 5)
    _, grad = kde_cross_entropy(z, points, 0.2, 1.0, 0.8, kernel=name, bins=12, zero="floor", log_floor=-9.0)
    euler = (points * grad.points).sum() + 0.8 * grad.h[0] + 0.2 * grad.a[0] + grad.b[0]
    assert abs(euler) < 2e-14 * max(1, np.abs(grad.points).max(), abs(grad.h[0]))


def test_a_kernel_of_ones_own_is_taken_like_a_named_one():
    import sympy as sp

    from kdeviz.codegen import build

    own = build(derivation.declare("cauchy_again", -sp.log(1 + derivation.u**2)))
    z, points = random_case(12)
    mine, theirs = (kde_cross_entropy(z, points, 0.0, 1.0, 0.5, kernel=k, bins=9) for k in (own, "cauchy"))
    assert np.array_equal(mine.loss, theirs.loss) and np.array_equal(mine.grad.h, theirs.grad.h)
    assert own.check() < 1e-14 and "extern" in own.cuda_text


def test_kernels_are_plain_functions_on_rows():
    z, points = random_case(13)
    rows = kde_rows(z, points, 0.0, 1.0, 0.5, 7)
    out = kde_ce.laplace(**rows)
    assert isinstance(out, tuple) and np.array_equal(out[0], kde_cross_entropy(z, points, 0.0, 1.0, 0.5, bins=7).loss)


@pytest.mark.parametrize("name", ["laplace", "gaussian", "cauchy"])
def test_derivation_proves_the_chain_rule(name):
    assert max(derivation.prove_chain_rule(derivation.line_kernels[name]).values()) < 1e-25


@pytest.mark.parametrize("name", ["triangular", "epanechnikov"])
@pytest.mark.parametrize("gap", [2.0**-10, 2.0**-20, 2.0**-40])
def test_a_bounded_kernel_keeps_its_digits_at_its_edge(name, gap):
    """One point whose distance to the bin is exact: the room that is left is exact too."""
    h = 0.75
    centre = np.array([h * (1 - gap)])
    loss, grad = kde_cross_entropy(np.zeros(1), np.zeros(1), None, None, h, kernel=name, bins=(centre, np.ones(1)))
    u = centre[0] / h
    assert u == 1 - gap
    truth = -np.log(gap) - (np.log1p(u) if name == "epanechnikov" else 0.0)
    slope = -(1 / gap if name == "triangular" else 2 * u / (gap * (1 + u))) / h
    assert abs(loss - truth) < 1e-14 * max(1, truth)
    assert abs(grad.points[0] - slope) < 1e-14 * abs(slope)
