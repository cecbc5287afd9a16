"""derivations/one_hot.py in numbers: one match, several, none, and the three policies for a bin without a match."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdeviz import kde_cross_entropy, mixture_cross_entropy, smooth_labels, softmax_cross_entropy

# An exponent of at most 60 (logits in +-30) is rounded by at most 30 eps. That is the relative error of each term of the two softmaxes
# behind a gradient, which is at most 1 in size, and of each density; two computations are compared: 2 * 2 * 30 eps, and a few for sums.
ROUNDING = 128 * np.finfo(float).eps
UNMATCHED = -np.inf
CASES = settings(derandomize=True, deadline=None, max_examples=60)

logits = st.integers(1, 6).flatmap(lambda J: hnp.arrays(float, J, elements=st.floats(-30, 30)))


def softmax(z):
    weights = np.exp(z - z.max())
    return weights / weights.sum()


def one_bin(z, log_K, **policy):
    return mixture_cross_entropy(z, np.asarray(log_K)[None], np.ones(1), **policy)


def as_log_K(matches):
    return np.where(matches, 0.0, UNMATCHED)


@st.composite
def one_match(draw):
    """Logits and the point that matches."""
    z = draw(logits)
    return z, draw(st.integers(0, len(z) - 1))


@st.composite
def some_matches(draw, least=1):
    """Logits and which points match, at least `least`."""
    J = draw(st.integers(max(least, 1), 6))
    matches = draw(hnp.arrays(bool, J).filter(lambda m: m.sum() >= least))
    return draw(hnp.arrays(float, J, elements=st.floats(-30, 30))), matches


@st.composite
def many_bins(draw, lost=(False, True)):
    """Logits, kernel values, masses; `lost` says whether bins may be without a match, with K = 0 for all points."""
    J, B = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    z = draw(hnp.arrays(float, J, elements=st.floats(-10, 10)))
    K = draw(hnp.arrays(float, (B, J), elements=st.floats(1e-4, 1)))
    K *= ~draw(hnp.arrays(bool, (B, 1), elements=st.sampled_from(lost)))
    masses = draw(hnp.arrays(float, B, elements=st.floats(0.05, 1)))
    return z, K, masses / masses.sum()


def log(K):
    with np.errstate(divide="ignore"):
        return np.log(K)


def close(actual, wanted, scale=1.0):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=ROUNDING * scale)


# ------------------------------------------------------------------------------------------------------- one match


@pytest.mark.claim(id="A7")
@CASES
@given(one_match())
def test_one_hot_K_gives_softmax_cross_entropy(case):
    z, label = case
    mixture, softmax_ce = one_bin(z, as_log_K(np.arange(len(z)) == label)), softmax_cross_entropy(z, label)
    close(mixture.loss, softmax_ce.loss, max(1, softmax_ce.loss))
    close(mixture.grad.z, softmax_ce.grad.z)


@CASES
@given(one_match(), st.integers(1, 5), st.integers(0, 1000))
def test_one_match_in_each_bin_gives_softmax_cross_entropy_of_soft_labels(case, B, seed):
    z, _ = case
    matching = np.random.default_rng(seed).integers(0, len(z), B)
    q = np.full(B, 1 / B)
    labels = q @ smooth_labels(matching, len(z), 0.0)
    mixture = mixture_cross_entropy(z, as_log_K(matching[:, None] == np.arange(len(z))), q)
    softmax_ce = softmax_cross_entropy(z, labels)
    close(mixture.loss, softmax_ce.loss, max(1, softmax_ce.loss))
    close(mixture.grad.z, softmax_ce.grad.z)


# ------------------------------------------------------------------------------------------------- several matches


@pytest.mark.claim(id="A7")
@CASES
@given(some_matches())
def test_several_matches_give_the_partial_label_loss(case):
    z, matches = case
    S = softmax(z)
    S_M = S[matches].sum()
    result = one_bin(z, as_log_K(matches))
    close(result.loss, -np.log(S_M), max(1, -np.log(S_M)))
    close(result.grad.z, S - matches * S / S_M)


@pytest.mark.claim(id="A7")
@CASES
@given(some_matches(least=2))
def test_several_matches_do_not_give_S_minus_1_each(case):
    """The wording is off by n - 1 in the 1-norm: each of n matches takes a whole unit where they share one."""
    z, matches = case
    n = matches.sum()
    worded = softmax(z) - matches
    result = one_bin(z, as_log_K(matches))
    close(worded.sum(), 1 - n, n)
    close(result.grad.z.sum(), 0)
    close(abs(result.grad.z - worded).sum(), n - 1, n)


@CASES
@given(logits)
def test_if_all_match_there_is_nothing_to_learn(z):
    result = one_bin(z, np.zeros(len(z)))
    close(result.loss, 0)
    close(result.grad.z, 0)


def test_the_wording_pushes_all_logits_up_where_all_match():
    z = np.array([0.3, -1.0, 0.7])
    assert (softmax(z) - 1 < -0.4).all()
    close(one_bin(z, np.zeros(3)).grad.z, 0)


@CASES
@given(some_matches(least=2))
def test_a_label_spread_over_the_matches_costs_at_least_log_n_more(case):
    """Jensen: the mean of -log S_i over the matches is at least -log of the mean."""
    z, matches = case
    n = matches.sum()
    spread = softmax_cross_entropy(z, matches / n).loss
    assert spread - one_bin(z, as_log_K(matches)).loss >= np.log(n) - ROUNDING * max(1, spread)


def test_partial_label_pulls_the_heavy_match_and_spread_label_the_light_one():
    z, matches = np.log([1.0, 2.0, 3.0]), np.array([True, True, False])
    close(one_bin(z, as_log_K(matches)).grad.z, [-1 / 6, -1 / 3, 1 / 2])
    close(softmax_cross_entropy(z, matches / 2).grad.z, [-1 / 3, -1 / 6, 1 / 2])


@CASES
@given(some_matches(least=2))
def test_descent_widens_the_lead_among_matches_and_expectation_maximisation_keeps_it(case):
    """g_i - g_k = -(S_i - S_k)(1/S_M - 1), and R_i S_k = R_k S_i: the first two matches."""
    z, matches = case
    i, k = np.flatnonzero(matches)[:2]
    S = softmax(z)
    result = one_bin(z, as_log_K(matches))
    R = -result.grad.log_K[0]
    close(result.grad.z[i] - result.grad.z[k], -(S[i] - S[k]) * (1 / S[matches].sum() - 1))
    close(R[i] * S[k], R[k] * S[i])


@CASES
@given(some_matches())
def test_gradient_is_twice_the_missing_weight_in_the_1_norm(case):
    z, matches = case
    close(abs(one_bin(z, as_log_K(matches)).grad.z).sum(), 2 * softmax(z)[~matches].sum(), 2)


@pytest.mark.claim(id="A8")
@CASES
@given(some_matches(), st.floats(0.1, 10))
def test_box_kernel_gives_the_partial_label_loss_whatever_its_width(case, h):
    z, matches = case
    points = np.where(matches, 0.9 * h, 1.1 * h)
    box = kde_cross_entropy(z, points, None, None, h, kernel="box", bins=(np.zeros(1), np.ones(1)))
    partial = one_bin(z, as_log_K(matches))
    close(box.loss, partial.loss, max(1, partial.loss))
    close(box.grad.z, partial.grad.z)


# -------------------------------------------------------------------------------------------------------- no match

z_of_three = np.log([1.0, 2.0, 3.0])
S_of_three = np.array([1.0, 2.0, 3.0]) / 6
WAYS = {
    "nearest only": ([1.0, 0.0, 0.0], [-5 / 6, 1 / 3, 1 / 2]),
    "fixed ratios": ([1.0, 1 / 2, 1 / 4], [-13 / 66, -1 / 33, 5 / 22]),
    "all alike": ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]),
}


@pytest.mark.claim(id="A7")
def test_no_match_costs_infinitely_much():
    assert one_bin(z_of_three, np.full(3, UNMATCHED)).loss == np.inf


@pytest.mark.claim(id="A7")
@pytest.mark.parametrize("depth", [10.0, 100.0, 700.0, 1e6])
def test_no_match_has_no_limit(depth):
    """K = e^-depth k: on each way to 0 the gradient stays the same, and on each it is another one."""
    found = []
    for k, limit in WAYS.values():
        result = one_bin(z_of_three, log(k) - depth)
        np.testing.assert_allclose(result.grad.z, limit, rtol=0, atol=ROUNDING + np.finfo(float).eps * depth)
        assert result.loss > depth - 0.01
        found.append(result.grad.z)
    assert min(abs(found[i] - found[n]).sum() for i in range(3) for n in range(i)) > 0.4


@CASES
@given(some_matches())
def test_every_probability_vector_is_the_responsibility_of_some_way_to_no_match(case):
    """K = e^-500 r/S, with r a softmax of the logits' reverse where a point takes part and 0 elsewhere."""
    z, takes_part = case
    r = softmax(np.where(takes_part, z[::-1], -np.inf))
    grad = one_bin(z, log(r) - np.log(softmax(z)) - 500).grad.z
    np.testing.assert_allclose(grad, softmax(z) - r, rtol=0, atol=ROUNDING + 4 * 500 * np.finfo(float).eps)


@pytest.mark.parametrize(
    "kernel, distance, way, tolerance",
    [
        ("gaussian", 1e3, "nearest only", ROUNDING),
        ("laplace", 300.0, "fixed ratios", 4 * 300 * np.finfo(float).eps),  # of the exponents
        ("cauchy", 1e9, "all alike", 1e-8),  # the ratios of kernels differ from 1 by 2 log(4)/distance
    ],
)
def test_points_that_recede_have_a_limit_that_depends_on_the_kernel(kernel, distance, way, tolerance):
    points = distance + np.log([1.0, 2.0, 4.0])
    result = kde_cross_entropy(z_of_three, points, None, None, 1.0, kernel=kernel, bins=(np.zeros(1), np.ones(1)))
    np.testing.assert_allclose(result.grad.z, WAYS[way][1], rtol=0, atol=tolerance)


@pytest.mark.claim(id="A19")
def test_a_case_out_of_reach_teaches_only_a_kernel_with_a_tail():
    case = dict(z=z_of_three, points=np.array([5.0, 6.0, 7.0]), a=0.0, b=1.0, h=1.0, bins=8)
    assert abs(kde_cross_entropy(**case, kernel="laplace").grad.z).max() > 0.3
    for zero in ({"zero": "inf"}, {"zero": "skip"}, {"zero": "floor", "log_floor": -5.0}):
        close(kde_cross_entropy(**case, kernel="box", **zero).grad.z, 0)


# --------------------------------------------------------------------------------------- the policy for such a bin


def by_definition(z, K, q, floor=0.0):
    """p, and the gradient: the sum over explained bins of q s (S - R), s = p/(p + floor)."""
    S = softmax(z)
    p = K @ S
    E = p > 0
    R = S * K[E] / p[E, None]
    return p, (q[E] * p[E] / (p[E] + floor)) @ (S - R)


@CASES
@given(many_bins())
def test_inf_makes_the_loss_infinite_and_lets_the_bin_add_nothing(case):
    z, K, q = case
    p, grad = by_definition(z, K, q)
    result = mixture_cross_entropy(z, log(K), q)
    close(result.loss, -(q @ log(p)), 10)
    assert (result.loss == np.inf) == (p == 0).any()
    close(result.grad.z, grad)


@CASES
@given(many_bins())
def test_gradient_in_log_K_is_nan_at_a_lost_bin_and_nowhere_else(case):
    z, K, q = case
    result = mixture_cross_entropy(z, log(K), q)
    np.testing.assert_array_equal(np.isnan(result.grad.log_K), np.broadcast_to(K == 0, K.shape))


@CASES
@given(many_bins(lost=(False,)))
def test_a_lost_bin_of_mass_0_costs_nothing(case):
    z, K, q = case
    with_lost = mixture_cross_entropy(z, log(np.vstack([K, 0 * K[:1]])), np.append(q, 0.0))
    without = mixture_cross_entropy(z, log(K), q)
    close(with_lost.loss, without.loss, 10)
    close(with_lost.grad.z, without.grad.z)


@CASES
@given(many_bins())
def test_skip_equals_dropping_the_bin(case):
    z, K, q = case
    kept = (K > 0).any(1)
    skipped = mixture_cross_entropy(z, log(K), q, zero="skip")
    if not kept.any():
        assert skipped.loss == np.inf and (skipped.grad.z == 0).all()
        return
    dropped = mixture_cross_entropy(z, log(K[kept]), q[kept] / q[kept].sum())
    close(skipped.loss, dropped.loss, 10)
    close(skipped.grad.z, dropped.grad.z)
    close(skipped.grad.log_K[kept], dropped.grad.log_K)


def test_skip_can_reward_explaining_less():
    """Why losses under "skip" are not to be compared: the second kernel explains the same bin as well, and the other not at all."""
    z, q = np.zeros(2), np.array([0.5, 0.5])
    both, one = np.array([[1.0, 1.0], [0.1, 0.1]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    assert (
        mixture_cross_entropy(z, log(one), q, zero="skip").loss
        < mixture_cross_entropy(z, log(both), q, zero="skip").loss
    )


@CASES
@given(many_bins(), st.floats(-12, 2))
def test_floor_is_the_logarithm_of_p_plus_f(case, log_floor):
    z, K, q = case
    p, grad = by_definition(z, K, q, np.exp(log_floor))
    result = mixture_cross_entropy(z, log(K), q, zero="floor", log_floor=log_floor)
    close(result.loss, -(q @ np.log(p + np.exp(log_floor))), 12)
    close(result.grad.z, grad)


@CASES
@given(many_bins(), st.floats(-12, 2))
def test_gradient_sums_to_zero_with_a_floor_too(case, log_floor):
    """The tempting S - s R, in which the background takes its share of the responsibility only, sums to 1 - s."""
    z, K, q = case
    close(mixture_cross_entropy(z, log(K), q, zero="floor", log_floor=log_floor).grad.z.sum(), 0)
    S, p = softmax(z), K @ softmax(z)
    share = p / (p + np.exp(log_floor))
    tempting = S - (q / (p + np.exp(log_floor))) @ (S * K)
    close(tempting.sum(), 1 - q @ share)


@CASES
@given(many_bins(), st.floats(-12, 2), st.floats(0.01, 0.9))
def test_floor_is_a_background_that_is_right_once_in_1_over_eta(case, log_density, eta):
    """The mixture (1 - eta) p + eta c, with the background as a further point, whose logit keeps its weight at eta."""
    z, K, q = case
    further = np.logaddexp.reduce(z) + np.log(eta / (1 - eta))
    log_K = np.column_stack([log(K), np.full(len(q), log_density)])
    mixture = mixture_cross_entropy(np.append(z, further), log_K, q)
    floor = mixture_cross_entropy(z, log(K), q, zero="floor", log_floor=log_density + np.log(eta / (1 - eta)))
    close(mixture.loss, floor.loss - np.log1p(-eta), 30)
    close(mixture.grad.z[:-1] + mixture.grad.z[-1] * softmax(z), floor.grad.z, 2)


@pytest.mark.parametrize("depth", [0.0, 5.0, 20.0, 700.0])
@pytest.mark.parametrize("k, _", WAYS.values(), ids=WAYS)
def test_with_a_floor_no_match_has_a_limit(depth, k, _):
    """|gradient| <= 2 p/(p + f), on every way; at the end the loss is -log f and the gradient 0."""
    log_floor = -3.0
    result = one_bin(z_of_three, log(k) - depth, zero="floor", log_floor=log_floor)
    p = np.exp(-depth) * (S_of_three @ k)
    assert abs(result.grad.z).sum() <= 2 * p / (p + np.exp(log_floor)) + ROUNDING
    at_0 = one_bin(z_of_three, np.full(3, UNMATCHED), zero="floor", log_floor=log_floor)
    assert abs(result.loss - at_0.loss) <= p / np.exp(log_floor) + ROUNDING
    assert at_0.loss == -log_floor and (at_0.grad.z == 0).all()


@CASES
@given(many_bins(lost=(False,)))
def test_the_policies_agree_where_every_bin_is_explained(case):
    z, K, q = case
    inf, skip = mixture_cross_entropy(z, log(K), q), mixture_cross_entropy(z, log(K), q, zero="skip")
    floor = mixture_cross_entropy(z, log(K), q, zero="floor", log_floor=-1e300)
    for other in (skip, floor):
        np.testing.assert_array_equal(other.loss, inf.loss)
        np.testing.assert_array_equal(other.grad.z, inf.grad.z)


# ------------------------------------------------------------------------------ the same for bounded kernels of a KDE

BOUNDED = ("box", "triangular", "epanechnikov")
SHAPES = {"box": lambda u: 1.0 + 0 * u, "triangular": lambda u: 1 - abs(u), "epanechnikov": lambda u: 1 - u**2}
h, centres, masses = 0.6, np.array([0.0, 0.5, 4.0]), np.array([0.3, 0.5, 0.2])  # no point is within h of the last bin
points = np.array([-0.1, 0.2, 0.9])


def kde(kernel, kept=slice(None), **policy):
    q = masses[kept] / masses[kept].sum()
    return kde_cross_entropy(z_of_three, points, None, None, h, kernel=kernel, bins=(centres[kept], q), **policy)


def kernel_values(kernel):
    u = (centres[:, None] - points) / h
    return np.where(abs(u) <= 1, SHAPES[kernel](u), 0.0)


@pytest.mark.parametrize("kernel", BOUNDED)
def test_kde_with_a_bin_out_of_reach_costs_infinitely_much_and_keeps_grad_z_finite(kernel):
    result = kde(kernel)
    assert result.loss == np.inf
    close(result.grad.z, by_definition(z_of_three, kernel_values(kernel), masses)[1])
    assert np.isnan(result.grad.points).all() and np.isnan(result.grad.h)


@pytest.mark.parametrize("kernel", BOUNDED)
def test_kde_skip_equals_dropping_the_bin_out_of_reach(kernel):
    skipped, dropped = kde(kernel, zero="skip"), kde(kernel, slice(2))
    for actual, wanted in zip((skipped.loss, *skipped.grad[:3]), (dropped.loss, *dropped.grad[:3]), strict=True):
        close(actual, wanted, 10)


@pytest.mark.parametrize("kernel", BOUNDED)
def test_kde_floor_is_the_logarithm_of_p_plus_f(kernel):
    p, grad = by_definition(z_of_three, kernel_values(kernel), masses, floor=np.exp(-4.0))
    result = kde(kernel, zero="floor", log_floor=-4.0)
    close(result.loss, -(masses @ np.log(p + np.exp(-4.0))), 4)
    close(result.grad.z, grad)
    assert np.isfinite(result.grad.points).all()


def test_a_lost_row_leaves_the_other_rows_alone():
    starts = np.array([0.0, 50.0, 0.3])
    case = dict(z=z_of_three, points=points, h=h, kernel="box", bins=4)
    together = kde_cross_entropy(a=starts, b=starts + 0.2, **case)
    assert np.isfinite(together.loss).tolist() == [True, False, True]
    for row, a in enumerate(starts):
        alone = kde_cross_entropy(a=a, b=a + 0.2, **case)
        for actual, wanted in zip((together.loss, *together.grad), (alone.loss, *alone.grad), strict=True):
            np.testing.assert_array_equal(actual[row], wanted)
