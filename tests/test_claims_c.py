"""The statements of the third seed, 002_1eaab5ddca61577a.txt, in numbers; book/claims.toml says which is true.

Two further ones are held by test_softmax_ce.py.
"""

import math

import numpy as np
import pytest
from mpmath import mp

from derivations import softmax_ce
from kdeviz import softmax_cross_entropy

EPS = np.finfo(float).eps
TYPES = (np.float16, np.float32, np.float64)
Z = np.array([1.0, -0.5, -1.5, 0.3, 2.0, -1.0])
LABEL = 2


def as_written(z):
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


def softmax(z):
    return as_written(z - z.max(-1, keepdims=True))


def jacobian(pi):
    return np.diag(pi) - np.outer(pi, pi)


def squared_error(pi, y):
    return ((pi - y) ** 2).sum(-1)


def in_logits(loss, z):
    """Central differences of loss(softmax(z)): off by 1e-10 or so."""
    steps = 1e-5 * np.eye(len(z))
    return (loss(softmax(z + steps)) - loss(softmax(z - steps))) / 2e-5


def gap(event, dtype):
    return float(softmax_ce.gap_of(event, dtype.__name__))


# ------------------------------------------------------------------------------------------- outputs that are free


@pytest.mark.claim(id="C2")
def test_the_derivative_in_a_free_output_is_minus_target_over_output():
    o, t = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.0, 0.9])
    loss = lambda o: -(t * np.log(o)).sum(-1)
    steps = 1e-6 * np.eye(3)
    np.testing.assert_allclose((loss(o + steps) - loss(o - steps)) / 2e-6, -t / o, rtol=0, atol=1e-8)


@pytest.mark.claim(id="C3")
def test_target_0_costs_nothing_whatever_the_output():
    for z in (Z, Z * 20, np.where(np.arange(6) == 4, -np.inf, Z)):
        loss, grad = softmax_cross_entropy(np.stack([z, z]), np.eye(6)[[LABEL, LABEL]])
        only_label = np.logaddexp.reduce(z) - z[LABEL]
        np.testing.assert_allclose(loss, only_label, rtol=4 * EPS)
        assert np.isfinite(grad.z).all()


@pytest.mark.claim(id="C3")
def test_target_0_costs_nan_where_the_output_is_0_unless_that_is_said():
    outputs, target = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    with np.errstate(all="ignore"):
        assert np.isnan(-(target * np.log(outputs)).sum())
    assert softmax_cross_entropy(np.array([0.0, -800.0]), target).loss == 0


@pytest.mark.claim(id="C4")
@pytest.mark.claim(id="C11")
def test_by_output_cross_entropy_is_sparse_and_squared_error_dense_and_by_logit_both_are_dense():
    y, pi = np.eye(6)[LABEL], softmax(Z)
    by_output, by_logit = -y / pi, softmax_cross_entropy(Z, LABEL).grad.z
    squared_by_output = 2 * (pi - y)
    squared_by_logit = jacobian(pi) @ squared_by_output
    counts = [np.count_nonzero(g) for g in (by_output, squared_by_output, by_logit, squared_by_logit)]
    assert counts == [1, 6, 6, 6]


# ------------------------------------------------------------------------------------------- the coupling


@pytest.mark.claim(id="C5")
def test_chain_rule_in_two_steps_is_the_gradient_until_the_reciprocal_overflows():
    for lead in (-700.0, -20.0, 0.0, 20.0):
        pi = softmax(np.array([lead, 0.0]))
        np.testing.assert_allclose(jacobian(pi) @ (-np.eye(2)[0] / pi), pi - np.eye(2)[0], rtol=0, atol=4 * EPS)
        assert abs(softmax_cross_entropy(np.array([lead, 0.0]), 0).grad.z).max() <= 1
    with np.errstate(all="ignore"):
        behind = [softmax(np.array([lead, 0.0])) for lead in (-744.0, -800.0)]
        infinite, no_number = (jacobian(pi) @ (-np.eye(2)[0] / pi) for pi in behind)
    assert np.isinf(infinite).all() and np.isnan(no_number).all()
    assert np.array_equal(softmax_cross_entropy(np.array([-744.0, 0.0]), 0).grad.z, [-1, 1])


@pytest.mark.claim(id="C6")
def test_only_the_probability_of_the_label_counts_for_the_loss_and_every_logit_for_the_update():
    others = np.delete(np.arange(6), LABEL)
    shuffled = Z.copy()
    shuffled[others] = Z[others[::-1]]
    first, second = (softmax_cross_entropy(z, LABEL) for z in (Z, shuffled))
    assert abs(first.loss - second.loss) < 4 * EPS
    assert abs(first.grad.z - second.grad.z).max() > 0.3 and np.count_nonzero(first.grad.z) == 6
    for k in others:  # and every logit for the probability of the label
        assert softmax_cross_entropy(Z + np.eye(6)[k], LABEL).loss > first.loss + 0.01


@pytest.mark.claim(id="C7")
def test_what_one_gains_the_others_lose_in_proportion_to_what_they_have():
    pi = softmax(Z)
    change = softmax(Z + 0.7 * np.eye(6)[LABEL]) - pi
    others = np.delete(np.arange(6), LABEL)
    assert abs(change.sum()) < 4 * EPS and change[LABEL] > 0
    share = change[others] / pi[others]
    np.testing.assert_allclose(share, share[0], rtol=1e-14)
    rate = in_logits(lambda pi: pi[..., LABEL], Z)
    np.testing.assert_allclose(rate[others], -pi[others] * pi[LABEL], rtol=0, atol=1e-9)


@pytest.mark.claim(id="C7")
def test_a_step_of_descent_can_raise_a_wrong_probability_whose_logit_it_lowers():
    """Failed belief: not each of the rest must shrink. The velocities are those of the derivation."""
    pi = np.array([2, 17, 1]) / 20
    step = -1e-6 * softmax_cross_entropy(np.log(pi), 0).grad.z
    velocity = (softmax(np.log(pi) + step) - pi) / 1e-6
    derived = np.array(softmax_ce.velocity.subs(softmax_ce.confident), float).ravel()
    np.testing.assert_allclose(velocity, derived, rtol=0, atol=1e-6)
    assert step[2] < 0 < velocity[2] and velocity[1] < 0


@pytest.mark.claim(id="C14")
def test_a_class_is_pushed_down_by_every_example_of_another_by_the_probability_that_it_took():
    grad = softmax_cross_entropy(np.tile(Z, (6, 1)), np.arange(6)).grad.z
    off_diagonal = ~np.eye(6, dtype=bool)
    pushes = np.tile(softmax(Z), (6, 1))
    np.testing.assert_allclose(grad[off_diagonal], pushes[off_diagonal], rtol=1e-14)
    assert (grad[off_diagonal] > 0).all()


@pytest.mark.claim(id="C14")
def test_without_feedback_from_the_others_a_model_would_not_learn_the_frequencies():
    f, every, own = np.array([0.5, 0.3, 0.2]), np.zeros(3), np.zeros(3)
    for _ in range(1000):
        every = every - softmax_cross_entropy(every, f).grad.z
        own = own + 4 * f * (1 - softmax(own))
    np.testing.assert_allclose(softmax(every), f, rtol=0, atol=1e-12)
    np.testing.assert_allclose(softmax(own), np.array([19, 11, 1]) / 31, rtol=0, atol=1e-12)


# ------------------------------------------------------------------------------------------- floats


@pytest.mark.claim(id="C8")
def test_in_exact_arithmetic_a_softmax_is_neither_0_nor_1():
    with mp.workdps(5000):
        larger = 1 / (1 + mp.exp(-10_000))
        assert 0 < 1 - larger < mp.mpf("1e-4342") and larger < 1


@pytest.mark.claim(id="C8")
@pytest.mark.parametrize("dtype", TYPES)
def test_in_floats_it_is_1_and_0_from_the_derived_gaps_on(dtype):
    """In whole gaps, and within a thousandth of the formula: numpy's exp may be off by a unit in the last place."""
    at = lambda delta: softmax(np.array([0, -delta], dtype))
    for place, value, event in ((0, 1, "one"), (1, 0, "zero")):
        derived = gap(event, dtype)
        assert at(derived * 0.999)[place] != value == at(derived * 1.001)[place]
        assert at(math.floor(derived))[place] != value == at(math.ceil(derived))[place]


@pytest.mark.claim(id="C8")
def test_the_whole_gaps_are_these():
    whole = [[math.ceil(gap(event, dtype)) for event in ("one", "zero", "infinite")] for dtype in TYPES]
    assert whole == [[8, 18, 12], [17, 104, 89], [37, 746, 710]]


@pytest.mark.claim(id="C9")
@pytest.mark.parametrize("dtype", TYPES)
def test_log_1_is_rounding_and_log_0_underflow_though_nothing_overflows(dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.log(softmax(np.array([0, -math.ceil(gap("one", dtype))], dtype)))[0] == 0
        pi = softmax(np.array([0, -math.ceil(gap("zero", dtype))], dtype))
    assert pi[1] == 0


@pytest.mark.claim(id="C9")
@pytest.mark.parametrize("dtype", TYPES)
def test_overflow_gives_nan_to_the_largest_and_0_to_the_others_and_never_1(dtype):
    """So if no maximum is subtracted, log 0 does come from overflow too: of another exponential, or of the sum."""
    large = math.ceil(gap("infinite", dtype))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(as_written(np.array([0, large], dtype)), np.array([0, np.nan], dtype))
        np.testing.assert_array_equal(as_written(np.array([large - 1.25] * 6, dtype)), np.zeros(6, dtype))


@pytest.mark.claim(id="C9")
@pytest.mark.parametrize("dtype", TYPES)
def test_overflow_in_the_logistic_form_gives_0_and_so_1(dtype):
    with np.errstate(over="ignore", invalid="raise"):
        smaller = 1 / (1 + np.exp(dtype(math.ceil(gap("infinite", dtype)))))
    assert smaller == 0 and 1 - smaller == 1


@pytest.mark.claim(id="C10")
@pytest.mark.parametrize("lag", [746.0, 800.0, 1e300])
def test_from_logits_the_loss_is_exact_where_the_log_of_a_softmax_is_infinite(lag):
    z = np.array([0.0, -lag])
    with np.errstate(divide="ignore"):
        assert np.log(softmax(z))[1] == -np.inf
    assert softmax_cross_entropy(z, 1).loss == lag


@pytest.mark.claim(id="C10")
def test_a_tiny_loss_is_0_from_logits_too_and_log1p_keeps_it():
    """The refinement: small in the absolute is all that LSE - z promises. Gradients of the others keep their digits."""
    for lead in (20.0, 36.0, 40.0, 700.0):
        loss, grad = softmax_cross_entropy(np.array([lead, 0.0]), 0)
        exact = float(mp.log1p(mp.exp(-mp.mpf(lead))))
        assert abs(loss - exact) <= EPS and (loss == 0) == (lead >= 37)
        assert abs(np.log1p(np.exp(-lead)) / exact - 1) < 4 * EPS
        assert abs(grad.z[1] / np.exp(-lead) - 1) < 1e-8 and (grad.z[0] == 0) == (lead >= 37)


def test_digits_of_a_small_loss_are_lost_at_the_derived_rate():
    for lead in np.linspace(1, 36, 200):
        exact = float(mp.log1p(mp.exp(-mp.mpf(float(lead)))))
        error = abs(softmax_cross_entropy(np.array([lead, 0.0]), 0).loss / exact - 1)
        assert error <= 2 * EPS * np.exp(lead) + EPS


# ------------------------------------------------------------------------------------------- sparse or dense


@pytest.mark.claim(id="C13")
def test_confidently_wrong_cross_entropy_pulls_at_full_strength_and_squared_error_not_at_all():
    z, y = np.log([1e-6, 1 - 1e-6]), np.array([1.0, 0.0])
    pi = softmax(z)
    squared = 2 * jacobian(pi) @ (pi - y)
    np.testing.assert_allclose(in_logits(lambda pi: squared_error(pi, y), z), squared, rtol=0, atol=1e-9)
    np.testing.assert_allclose(softmax_cross_entropy(z, 0).grad.z, [-1, 1], rtol=2e-6)
    np.testing.assert_allclose(squared, [-4e-6, 4e-6], rtol=1e-5)


@pytest.mark.claim(id="C13")
@pytest.mark.parametrize("D", [2, 3, 10])
def test_squared_error_is_deaf_at_every_corner(D):
    rng, y = np.random.default_rng(D), np.eye(D)[0]
    for z in 6 * rng.normal(size=(50, D)):
        pi = softmax(z)
        pull = -in_logits(lambda pi: squared_error(pi, y), z)
        np.testing.assert_allclose(pull, -2 * jacobian(pi) @ (pi - y), rtol=0, atol=1e-8)
        assert -1e-8 < pull[0] <= 4 * pi[0] * (1 - pi[0]) ** 2 + 1e-8


@pytest.mark.claim(id="C13")
@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_descent_gets_away_from_a_wrong_label_in_the_derived_time(name):
    """Steps of 0.02 instead of a flow: 1 % off."""
    z, y, step, steps = np.array([-5.0, 0.0]), np.array([1.0, 0.0]), 0.02, 0
    while z[0] < z[1]:
        off = softmax_cross_entropy(z, 0).grad.z
        z = z - step * (off if name == "cross-entropy" else 2 * jacobian(off + y) @ off)
        steps += 1
    np.testing.assert_allclose(steps * step, float(softmax_ce.escape[name].subs(softmax_ce.lag, 5)), rtol=0.01)


@pytest.mark.claim(id="C15")
def test_the_sum_over_a_batch_touches_as_many_outputs_as_it_has_classes():
    labels = np.array([0, 3, 3, 1])
    grad = softmax_cross_entropy(np.tile(Z, (4, 1)), labels).grad.z
    touched = lambda labels: np.count_nonzero((-np.eye(6)[labels] / softmax(Z)).sum(0))
    assert touched(labels) == 3 and touched(np.arange(6)) == 6
    assert np.count_nonzero(grad.sum(0)) == 6


@pytest.mark.claim(id="C15")
def test_the_sum_over_a_batch_is_0_in_a_logit_whose_mean_prediction_is_the_frequency():
    labels = np.arange(4)
    assert (softmax_cross_entropy(np.zeros((4, 4)), labels).grad.z.sum(0) == 0).all()
    half_fitted = np.log([[0.5, 0.25, 0.25]] * 4)
    fitted = softmax_cross_entropy(half_fitted, np.array([0, 0, 1, 1])).grad.z.sum(0)
    np.testing.assert_allclose(fitted, [0, -1, 1], rtol=0, atol=8 * EPS)


@pytest.mark.claim(id="C16")
def test_after_a_dense_layer_the_gradient_is_dense_and_with_a_softmax_before_it_too():
    rng = np.random.default_rng(16)
    W, h = rng.normal(size=(6, 5)), rng.normal(size=5)
    sparse, dense = -np.eye(6)[LABEL], softmax_cross_entropy(W @ h, LABEL).grad.z
    rows_of_W = [np.count_nonzero(np.outer(g, h).any(1)) for g in (sparse, dense)]
    assert rows_of_W == [1, 6]
    assert np.count_nonzero(W.T @ sparse) == np.count_nonzero(W.T @ dense) == 5
