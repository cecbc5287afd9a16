"""derivations/convexity_and_em.py in numbers: the shape of the loss in weights and logits, and what each step towards its minimum gains."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdeviz import kde_cross_entropy, mixture_cross_entropy
from kdeviz.codegen.__main__ import HOME

EPS = np.finfo(float).eps
CASES = settings(derandomize=True, deadline=None, max_examples=100)
log_softmax = lambda z: z - np.logaddexp.reduce(z, -1, keepdims=True)
softmax = lambda z: np.exp(log_softmax(z))


def rounding(*exponents):
    """What two computations of a loss or a gradient may differ by: an exponent of size m is rounded by m eps/2."""
    return 8 * EPS * (10 + sum(np.max(np.abs(e)) for e in exponents))


def close(actual, wanted, tolerance):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=tolerance)


@st.composite
def mixtures(draw, size=10.0, least_points=2):
    """Logits (J,), log-kernel (B, J) and bin masses (B,)."""
    J, B = draw(st.integers(least_points, 6)), draw(st.integers(1, 4))
    z = draw(hnp.arrays(float, J, elements=st.floats(-size, size)))
    log_K = draw(hnp.arrays(float, (B, J), elements=st.floats(-size, 0)))
    masses = draw(hnp.arrays(float, B, elements=st.floats(0.05, 1)))
    return z, log_K, masses / masses.sum()


def kl(r, log_s):
    """KL(r || s), along the last axis."""
    return np.where(r > 0, r * (np.log(np.where(r > 0, r, 1)) - log_s), 0).sum(-1)


def loss(z, log_K, q):
    return mixture_cross_entropy(z, log_K, q).loss


def em_step(z, log_K, q):
    """The logits whose weights are the mean responsibilities."""
    return np.log(-mixture_cross_entropy(z, log_K, q).grad.log_K.sum(0))


def shares(z, log_K):
    """Log-responsibilities (B, J)."""
    return log_softmax(z + log_K)


def hessian(z, log_K, q):
    covariance = lambda s: np.diag(s) - np.outer(s, s)
    return covariance(softmax(z)) - sum(m * covariance(r) for m, r in zip(q, np.exp(shares(z, log_K)), strict=True))


def em(z, log_K, q, steps):
    """The loss before each step, and after the last."""
    losses = []
    for _ in range(steps):
        losses.append(loss(z, log_K, q))
        z = em_step(z, log_K, q)
    return np.array([*losses, loss(z, log_K, q)])


# ------------------------------------------------------------------------------------------------------- convexity


@pytest.mark.claim(id="A3")
@CASES
@given(mixtures(), hnp.arrays(float, 6, elements=st.floats(-10, 10)), st.floats(0, 1))
def test_loss_is_convex_in_the_weights(case, other, t):
    z, log_K, q = case
    other = other[: len(z)]
    between = np.log(t * softmax(z) + (1 - t) * softmax(other))
    chord = t * loss(z, log_K, q) + (1 - t) * loss(other, log_K, q)
    assert loss(between, log_K, q) <= chord + rounding(z, other, log_K)


@CASES
@given(mixtures(size=4.0), hnp.arrays(float, 6, elements=st.floats(-1, 1)))
def test_hessian_is_the_derivative_of_the_gradient(case, along):
    z, log_K, q = case
    along, step = along[: len(z)], 1e-5
    difference = np.subtract(*(mixture_cross_entropy(z + s * along, log_K, q).grad.z for s in (step, -step)))
    close(difference / (2 * step), hessian(z, log_K, q) @ along, 1e-8)


@CASES
@given(mixtures())
def test_eigenvalues_in_the_logits_are_between_minus_and_plus_a_half(case):
    z, log_K, q = case
    least, *_, largest = np.linalg.eigvalsh(hessian(z, log_K, q))
    assert -0.5 - rounding(z, log_K) <= least <= rounding(z, log_K)  # the constant direction has eigenvalue 0
    assert largest <= 0.5 + rounding(z, log_K)


def test_a_half_is_attained_and_minus_a_half_is_not_but_nearly():
    one_match = np.array([[0.0, -np.inf]])
    close(np.linalg.eigvalsh(hessian(np.zeros(2), one_match, np.ones(1))), [0, 0.5], rounding())
    for t in (1e-2, 1e-4, 1e-6):
        even = np.log([[1 - t, t]])
        close(np.linalg.eigvalsh(hessian(np.log([t, 1 - t]), even, np.ones(1)))[0], 2 * t * (1 - t) - 0.5, rounding(15))


@CASES
@given(hnp.arrays(float, 5, elements=st.floats(-10, 10)), st.floats(-10, 0))
def test_one_bin_that_one_point_or_all_alike_explain_is_convex_in_the_logits(z, level):
    for log_K in (np.where(np.arange(5) == 2, level, -np.inf), np.full(5, level)):
        assert np.linalg.eigvalsh(hessian(z, log_K[None], np.ones(1)))[0] >= -rounding(z, level)


@CASES
@given(hnp.arrays(float, 4, elements=st.floats(-5, 0)).filter(lambda log_K: np.ptp(log_K[:2]) > 0.1))
def test_one_bin_that_two_points_explain_differently_is_not_convex_in_the_logits(log_K):
    z = np.array([log_K[1], log_K[0], -100, -100])  # these two are equally responsible, the others hardly weigh
    K = np.exp(log_K[:2])
    curvature = hessian(z, log_K[None], np.ones(1))[:2, :2] @ [1, -1] @ [1, -1] / 2
    close(curvature, -(((K[0] - K[1]) / K.sum()) ** 2) / 2, rounding(100))
    assert curvature < 0


def test_one_bin_with_several_matches_is_not_convex_in_the_logits():
    log_K = np.array([[0.0, 0.0, -np.inf]])
    assert np.linalg.eigvalsh(hessian(np.zeros(3), log_K, np.ones(1)))[0] < -0.1


# ------------------------------------------------------------------------------------------------ no false minima


def overlaps(q, S):
    """(B, J): a joint distribution of places and points, the overlaps of their parts of [0, 1]."""
    ends = lambda masses: np.concatenate([[0.0], np.cumsum(masses)])
    low = np.maximum(ends(q)[:-1, None], ends(S)[:-1])
    return np.maximum(np.minimum(ends(q)[1:, None], ends(S)[1:]) - low, 0)


@st.composite
def solved(draw):
    """Start, log-kernel, masses and best logits of a problem whose least loss is 0. Every joint distribution of places and points
    makes the weights stationary, with K_bj its density; points with a lower density only get the weight 0."""
    z, log_K, q = draw(mixtures(size=3.0))
    dependent, extra = draw(st.floats(0.1, 0.9)), draw(st.integers(0, 2))
    S = softmax(z)
    density = dependent * overlaps(q, S) / np.outer(q, S) + 1 - dependent
    worse = np.tile(density[:, :1] * 0.7, extra)
    start = draw(hnp.arrays(float, len(z) + extra, elements=st.floats(-3, 3)))
    return start, np.log(np.hstack([density, worse])), q, np.append(z, np.full(extra, -np.inf))


@CASES
@given(solved(), hnp.arrays(float, (50, 8), elements=st.floats(-10, 10)))
def test_a_stationary_point_is_the_minimum(case, others):
    start, log_K, q, best = case
    result = mixture_cross_entropy(best, log_K, q)
    close(result.grad.z, 0, rounding(log_K))
    close(result.loss, 0, rounding(log_K))
    assert (loss(others[:, : len(start)], log_K, q) >= -rounding(log_K)).all()


@CASES
@given(mixtures(), hnp.arrays(float, (50, 6), elements=st.floats(-30, 30)))
def test_largest_rate_of_growth_bounds_what_is_left_to_gain(case, others):
    z, log_K, q = case
    growth = np.exp(em_step(z, log_K, q) - log_softmax(z)).max()
    gain = loss(z, log_K, q) - loss(others[:, : len(z)], log_K, q)
    assert (gain <= growth - 1 + rounding(others, log_K)).all()


# ------------------------------------------------------------------------------------------------------ the EM step


@CASES
@given(mixtures(), hnp.arrays(float, 6, elements=st.floats(-10, 10)))
def test_what_any_change_of_the_logits_gains_is_a_sum_of_divergences(case, other):
    z, log_K, q = case
    other, mean = other[: len(z)], np.exp(em_step(z, log_K, q))
    apart = kl(np.exp(shares(z, log_K)), shares(other, log_K)) @ q
    gain = kl(mean, log_softmax(z)) - kl(mean, log_softmax(other)) + apart
    close(loss(z, log_K, q) - loss(other, log_K, q), gain, 10 * rounding(z, other, log_K))


@CASES
@given(mixtures())
def test_em_step_lowers_the_loss_by_at_least_its_divergence(case):
    z, log_K, q = case
    step = em_step(z, log_K, q)
    fall = loss(z, log_K, q) - loss(step, log_K, q)
    assert fall >= kl(np.exp(step), log_softmax(z)) - 4 * rounding(z, log_K)


@pytest.mark.parametrize("kernel", ["laplace", "gaussian", "cauchy"])
def test_em_step_is_the_weights_less_the_gradient_and_lowers_the_loss_of_a_kde(kernel):
    rng = np.random.default_rng(5)
    z, points = rng.normal(size=(50, 6)), rng.normal(size=(50, 6)) * 2
    losses = []
    for _ in range(10):
        result = kde_cross_entropy(z, points, 0.0, 1.0, 0.7, kernel=kernel, bins=64)
        losses.append(result.loss)
        z = np.log(np.maximum(softmax(z) - result.grad.z, 1e-300))  # a share below eps may come out negative
    assert (np.diff(losses, axis=0) < rounding(z)).all()


@CASES
@given(mixtures(), st.floats(-8, 2))
def test_with_a_floor_the_em_step_takes_the_responsibilities_of_the_points_alone(case, log_floor):
    z, log_K, q = case
    floored = lambda z: mixture_cross_entropy(z, log_K, q, zero="floor", log_floor=log_floor)
    step = np.log(-floored(z).grad.log_K.sum(0))
    assert floored(step).loss <= floored(z).loss + rounding(z, log_K)


@CASES
@given(
    mixtures(), hnp.arrays(float, (3, 6, 2), elements=st.floats(-1, 1)), hnp.arrays(float, 2, elements=st.floats(-2, 2))
)
def test_training_on_frozen_responsibilities_gains_at_least_as_much_on_the_loss(case, features, theta):
    """Three cases share two parameters; ten gradient steps on the softmax cross-entropies with soft labels."""
    _, log_K, q = case
    features = features[:, : log_K.shape[1]]
    logits = lambda theta: features @ theta
    labels = np.exp([em_step(z, log_K, q) for z in logits(theta)])
    frozen = lambda theta: (np.logaddexp.reduce(logits(theta), -1) - (labels * logits(theta)).sum(-1)).sum()
    new = theta
    for _ in range(10):
        new = new - 0.1 * np.einsum("cj,cjk->k", softmax(logits(new)) - labels, features)
    gain = loss(logits(theta), log_K, q).sum() - loss(logits(new), log_K, q).sum()
    assert frozen(theta) - frozen(new) > -rounding()
    assert gain >= frozen(theta) - frozen(new) - rounding(log_K)


# ---------------------------------------------------------------------------------------------------------- how fast


@CASES
@given(solved())
def test_em_comes_nearer_to_the_best_weights_by_at_least_what_is_left_to_gain(case):
    z, log_K, q, best = case
    nearer = kl(softmax(best), log_softmax(z)) - kl(softmax(best), em_step(z, log_K, q))
    assert nearer >= loss(z, log_K, q) - rounding(z, log_K)


@CASES
@given(solved())
def test_what_is_left_after_n_em_steps_is_at_most_the_divergence_at_the_start_over_n_plus_1(case):
    z, log_K, q, best = case
    left = em(z, log_K, q, 15)
    assert (left <= kl(softmax(best), log_softmax(z)) / np.arange(1, 17) + rounding(z, log_K)).all()
    even = em(np.zeros(len(z)), log_K, q, 15)
    assert (even <= np.log(len(z)) / np.arange(1, 17) + rounding(log_K)).all()


@CASES
@given(
    hnp.arrays(float, 5, elements=st.floats(-5, 5)), hnp.arrays(float, 5, elements=st.floats(-3, 0)), st.integers(1, 20)
)
def test_repeating_one_case_is_a_power_of_the_kernel(z, log_K, n):
    step = z
    for _ in range(n):
        step = em_step(step, log_K[None], np.ones(1))
    close(softmax(step), softmax(z + n * log_K), n * rounding(z, n * log_K))
    assert loss(step, log_K[None], np.ones(1)) >= -log_K.max() - rounding(z, log_K)


@pytest.mark.claim(id="A19")
def test_repeating_a_hard_case_ends_at_its_nearest_point():
    """All points left of [0, 1], the nearest at 2: h = 1 leaves 2 for the way to the edge and 1/2 for the middle of the target."""
    z, points = np.array([3.0, -3.0, 0.0]), np.array([-5.0, -2.0, -2.5])
    for _ in range(100):
        result = kde_cross_entropy(z, points, 0.0, 1.0, 1.0, bins=64)
        z = np.log(np.maximum(softmax(z) - result.grad.z, 1e-300))
    close(result.loss, 2.5, 1e-12)
    assert np.argmax(z) == 1 and np.exp(z[1]) > 1 - 1e-12


@CASES
@given(mixtures())
def test_no_weights_beat_the_best_point_of_each_place(case):
    z, log_K, q = case
    assert em(z, log_K, q, 20).min() >= -q @ log_K.max(1) - rounding(z, log_K)


# ---------------------------------------------------------------------------------------------------- gradient steps


@CASES
@given(mixtures(), st.floats(0.01, 4))
def test_gradient_step_up_to_size_4_lowers_the_loss(case, eta):
    z, log_K, q = case
    before, grad = loss(z, log_K, q), mixture_cross_entropy(z, log_K, q).grad.z
    bound = before - eta * (1 - eta / 4) * (grad @ grad)
    assert loss(z - eta * grad, log_K, q) <= bound + rounding(z, log_K)


@pytest.mark.parametrize("eta, raises", [(3.9, False), (4.0, False), (4.1, True), (10.0, True)])
def test_a_larger_gradient_step_can_raise_the_loss(eta, raises):
    """Two bins of even mass, each explained by one point; near the minimum at even weights."""
    z, log_K, q = np.array([0.01, -0.01]), np.log([[1.0, 1e-300], [1e-300, 1.0]]), np.full(2, 0.5)
    step = z - eta * mixture_cross_entropy(z, log_K, q).grad.z
    assert (loss(step, log_K, q) > loss(z, log_K, q)) == raises


# ------------------------------------------------------------------------------------------------ a wrong step breaks

MISTAKES = {
    "q[n] * K[n, j] / mix[n]": "K[n, j] / mix[n]",
    "covariance = lambda s: sp.diag(*s) - s * s.T": "covariance = lambda s: sp.diag(*s) + s * s.T",
    "middle = (M + m) / 2": "middle = (M - m) / 2",
    "2 * t * (1 - t) - half": "t * (1 - t) - half",
    "claim = -((K_i - K_k) ** 2) / (2 *": "claim = -((K_i - K_k) ** 2) / (4 *",
    "ratio = primed(S[j]) / S[j] * p[n] / primed(p[n])": "ratio = primed(S[j]) / S[j]",
    "== 1 - eta / 2": "== 1 - eta",
    "- spread)": "+ spread)",
    "best = at((1, 2, 3)), at((half, half, 0))": "best = at((1, 2, 3)), at((1, 2, 0))",
}


@pytest.mark.parametrize("right", MISTAKES)
def test_a_wrong_step_breaks_the_derivation(right):
    text = (HOME / "derivations" / "convexity_and_em.py").read_text()
    assert right in text, "the derivation has changed: change this mistake with it"
    with pytest.raises(AssertionError):
        exec(compile(text.replace(right, MISTAKES[right]), "<wrong>", "exec"), {"__name__": "wrong"})
