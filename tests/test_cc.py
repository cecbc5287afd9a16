"""derivations/cc.py in numbers: the continuous categorical, its log-partition, and why the closed form loses its digits."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from derivations import cc

DIGITS = 40  # of the references here; differences are asked to stay below 10^-38
CLOSE = mp.mpf(10) ** -38
CASES = settings(derandomize=True, deadline=None, max_examples=40)

logits = st.lists(st.floats(-20, 20), min_size=2, max_size=6)
labels = st.lists(st.integers(1, 50), min_size=2, max_size=6).map(lambda n: [Fraction(k, sum(n)) for k in n])
rng = np.random.default_rng(20)
PATTERNS = {
    "two": [0.3, -0.7],
    "all equal": [1.5] * 9,
    "tied in pairs": [0, 0, 1, 1, 2, 2],
    "pairs 1e-15 apart": [0, 1e-15, 1, 1 + 2e-15],
    "spread 1e-12": list(1e-12 * rng.normal(size=8)),
    "clusters at several scales": [0, 1e-9, 1e-8, 1, 1 + 1e-9, 100],
    "geometric ladder": [0, *(2.0**k for k in range(-10, 8))],
    "one far up": [200.0, *rng.normal(size=7)],
    "one far down": [-200.0, *rng.normal(size=7)],
    "normal": list(rng.normal(size=30)),
}
patterns = pytest.mark.parametrize("eta", PATTERNS.values(), ids=PATTERNS)


@pytest.fixture(autouse=True)
def fifty_digits():
    with mp.workdps(50):
        yield


def A(eta):
    return cc.log_partition_exact(eta, DIGITS)


def dot(eta, y):
    return mp.fsum(mp.mpf(e) * v for e, v in zip(eta, y, strict=True))


def log_sum_exp(eta):
    return mp.log(mp.fsum(mp.exp(e) for e in eta))


def loss(eta, y):
    return A(eta) - dot(eta, y)


def in_mp(y):
    return [mp.mpf(v.numerator) / v.denominator for v in y]


# -------------------------------------------------------------------------------------------------- the slow proofs


def test_series_is_cut_late_enough_for_every_spread_and_number_of_digits():
    cc.prove_series_is_cut_late_enough()


@pytest.mark.claim(id="B6")
def test_integral_over_the_simplex_of_four_categories_is_the_divided_difference():
    cc.prove_integral_of_four()


# ------------------------------------------------------------------------------------------------- the log-partition


@pytest.mark.claim(id="B6")
@pytest.mark.parametrize("lam", [(0.7, 0.3), (0.5, 0.3, 0.2)])
def test_poster_formula_is_one_over_the_integral(lam):
    log_lam = [mp.log(v) for v in lam]
    density = lambda *y: mp.exp(dot(log_lam, [*y, 1 - sum(y)]))
    with mp.workdps(20):
        if len(lam) == 2:
            integral = mp.quad(density, [0, 1])
        else:
            integral = mp.quad(lambda y: mp.quad(lambda v: density(y, v), [0, 1 - y]), [0, 1])
    assert abs(poster(log_lam) - integral) < 1e-18


def poster(log_lam, sign=1):
    """The printed formula; sign -1 turns the ratios in its logarithms round."""
    D = len(log_lam)
    factors = lambda k: mp.fprod(sign * (mp.mpf(log_lam[i]) - log_lam[k]) for i in range(D) if i != k)
    return (-1) ** (D + 1) * mp.fsum(mp.exp(log_lam[k]) / factors(k) for k in range(D))


@pytest.mark.claim(id="B6")
@pytest.mark.parametrize("D", range(2, 10))
def test_turning_the_ratio_round_turns_the_sign_for_even_D_only(D):
    eta = [k**2 / 4 for k in range(D)]
    Z = mp.exp(A(eta))
    assert abs(poster(eta) / Z - 1) < CLOSE
    assert abs(poster(eta, sign=-1) / Z - (-1) ** (D - 1)) < CLOSE


@patterns
def test_positive_series_agrees_with_the_closed_form_ties_included(eta):
    assert abs(cc.log_partition_series(eta, DIGITS) - cc.log_partition_closed(eta, DIGITS)) < CLOSE


@patterns
def test_references_are_right_to_the_digits_asked_for(eta):
    for method in (cc.log_partition_series, cc.log_partition_closed):
        with mp.workdps(80):
            assert abs(method(eta, 20) - method(eta, 60)) < mp.mpf(10) ** -19


@pytest.mark.parametrize("D", [1, 2, 3, 10, 1000])
def test_log_partition_of_equal_logits_is_that_of_the_size_of_the_simplex(D):
    assert abs(A([0.25] * D) - (mp.mpf("0.25") - mp.loggamma(D))) < CLOSE


@pytest.mark.parametrize("D, h", [(2, 8.0), (5, 0.5), (40, 2.0**-10), (200, 0.125), (12, 1000.0)])
def test_log_partition_of_equal_steps_is_elementary(D, h):
    grid = [k * h for k in range(D)]
    assert abs(A(grid) - ((D - 1) * mp.log(mp.expm1(h) / h) - mp.loggamma(D))) < CLOSE * max(1, D * h)


@CASES
@given(logits, st.floats(-1e6, 1e6))
def test_common_shift_adds_to_the_log_partition(eta, c):
    shifted = [Fraction(e) + Fraction(c) for e in eta]
    assert abs(A(shifted) - A(eta) - mp.mpf(c)) < CLOSE


@CASES
@given(logits, st.randoms(use_true_random=False))
def test_order_of_the_categories_does_not_matter(eta, random):
    assert abs(A(random.sample(eta, len(eta))) - A(eta)) < CLOSE


@CASES
@given(logits, st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_log_partition_moves_by_no_more_than_its_logits(eta, moves):
    moves = moves[: len(eta)]
    moved = [Fraction(e) + Fraction(m) for e, m in zip(eta, moves, strict=True)]
    assert min(moves) - CLOSE <= A(moved) - A(eta) <= max(moves) + CLOSE


def test_log_partition_is_smooth_where_two_etas_meet():
    """Third differences over a step of 1e-6 through a tie are of order 1e-18."""
    step = Fraction(1, 10**6)
    values = [A([n * step, 0, 1]) for n in (-1, 0, 1, 2)]
    assert abs(values[3] - 3 * values[2] + 3 * values[1] - values[0]) < 1e-18


def test_minus_infinity_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="`eta` must hold finite numbers; got .*Leave out"):
        A([0.0, -np.inf])


# --------------------------------------------------------------------------------------------- how large C is


@pytest.mark.claim(id="B4")
@CASES
@given(logits)
def test_log_partition_lies_between_jensen_and_weighted_am_gm(eta):
    D = len(eta)
    assert mp.fsum(eta) / D - mp.loggamma(D) - CLOSE <= A(eta) <= log_sum_exp(eta) - mp.loggamma(D + 1) + CLOSE


@pytest.mark.claim(id="B4")
@pytest.mark.parametrize("D", [2, 3, 7, 100])
def test_C_is_D_factorial_for_equal_weights_and_more_otherwise(D):
    log_C = lambda eta: log_sum_exp(eta) - A(eta)
    assert abs(log_C([0] * D) - mp.loggamma(D + 1)) < CLOSE
    assert log_C([0.1] + [0] * (D - 1)) > mp.loggamma(D + 1) + mp.mpf("1e-6")


@CASES
@given(logits)
def test_with_the_largest_weight_1_the_bound_is_the_factorial_of_D_minus_1(eta):
    assert max(eta) - A(eta) >= mp.loggamma(len(eta)) - CLOSE


# ------------------------------------------------------------------------------------------ mean and covariance


@pytest.mark.claim(id="B27")
@patterns
def test_mean_is_gradient_of_log_partition(eta):
    """Central differences over 1e-12: their error is of order 1e-24."""
    step = Fraction(1, 10**12)
    for k in {0, len(eta) // 2, len(eta) - 1}:
        up, down = ([Fraction(e) + sign * step * (i == k) for i, e in enumerate(eta)] for sign in (1, -1))
        assert abs((A(up) - A(down)) * 10**12 / 2 - cc.mean_exact(eta, DIGITS, [k])[0]) < 1e-23


@patterns
def test_means_are_positive_and_sum_to_1_and_tied_ones_are_equal(eta):
    mu = cc.mean_exact(eta, DIGITS)
    assert min(mu) > 0 and abs(mp.fsum(mu) - 1) < CLOSE
    assert all(mu[i] == mu[k] for i, k in itertools.combinations(range(len(eta)), 2) if eta[i] == eta[k])


@pytest.mark.claim(id="B27")
@pytest.mark.parametrize("eta", [[0, 0, 0], [0.5, -1, 3, 3], [0, 40, -3], [1e-12, 0, 1]])
def test_covariance_is_the_hessian_of_the_log_partition(eta):
    step = Fraction(1, 10**9)
    covariance = cc.covariance_exact(eta, 30)
    for k, l in itertools.product(range(len(eta)), repeat=2):
        moved = lambda s, t: A([Fraction(e) + step * (s * (i == k) + t * (i == l)) for i, e in enumerate(eta)])  # noqa: B023
        mixed = (moved(1, 1) - moved(1, -1) - moved(-1, 1) + moved(-1, -1)) * 10**18 / 4
        assert abs(mixed - covariance[k, l]) < 1e-17


@pytest.mark.parametrize("eta", [[0, 0, 0], [0.5, -1, 3, 3], [0, 40, -3], [200, 0, 1, -1]])
def test_covariance_is_semidefinite_its_rows_sum_to_zero_and_categories_compete(eta):
    covariance, D = cc.covariance_exact(eta, 30), len(eta)
    assert all(abs(mp.fsum(covariance[k, :])) < 1e-28 for k in range(D))
    assert min(mp.eigsy(covariance, eigvals_only=True)) > -1e-28
    assert all(covariance[k, l] < 0 for k, l in itertools.combinations(range(D), 2))


@pytest.mark.claim(id="B11")
@pytest.mark.parametrize("D", [2, 3, 6])
def test_variance_at_equal_weights_is_that_of_the_categorical_divided_by_D_plus_1(D):
    categorical = mp.mpf(D - 1) / D**2
    assert abs(cc.covariance_exact([0] * D, 30)[0, 0] - categorical / (D + 1)) < 1e-28


@pytest.mark.parametrize("far", [10.0**3, 10.0**6])
def test_a_category_far_below_leaves_the_means_of_the_others(far):
    others = cc.mean_exact([0.5, 0, 2], DIGITS)
    mu = cc.mean_exact([0.5, 0, 2, -far], DIGITS)
    assert all(abs(mu[k] - others[k]) < 1 / far for k in range(3)) and mu[3] < 1.01 / far


# -------------------------------------------------------------------------------------------------------- the loss


@pytest.mark.claim(id="B10")
@CASES
@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3), st.tuples(*3 * [st.integers(1, 50)]))
def test_gradient_of_the_loss_is_mean_minus_label(eta, counts):
    y = in_mp([Fraction(n, sum(counts)) for n in counts])
    step, mu = Fraction(1, 10**12), cc.mean_exact(eta, DIGITS)
    for k in range(3):
        up, down = ([Fraction(e) + sign * step * (i == k) for i, e in enumerate(eta)] for sign in (1, -1))
        slope = (A(up) - A(down)) * 10**12 / 2 - y[k]
        assert abs(slope - (mu[k] - y[k])) < 1e-23


@pytest.mark.claim(id="B12")
@pytest.mark.claim(id="B25")
@CASES
@given(labels, st.data())
def test_soft_label_has_a_least_loss(y, data):
    eta = data.draw(st.lists(st.floats(-50, 50), min_size=len(y), max_size=len(y)))
    D, shares = len(y), in_mp(y)
    assert loss(eta, shares) >= (D - 1) * mp.log(D * min(shares)) - mp.loggamma(D) - CLOSE


def test_least_loss_is_attained_for_the_uniform_label():
    for D in (2, 3, 8):
        assert abs(loss([0] * D, [mp.mpf(1) / D] * D) + mp.loggamma(D)) < CLOSE


@pytest.mark.claim(id="B12")
@pytest.mark.parametrize("a, expected", [(10, -21.1), (100, -41.4), (1000, -62.2)])
def test_loss_of_a_hard_label_falls_like_the_logarithm_of_the_gap(a, expected):
    D = 10
    hard = loss([a] + [0] * (D - 1), [1] + [0] * (D - 1))
    kept = mp.gammainc(D - 1, 0, a, regularized=True)
    assert abs(hard - (mp.log(kept) - (D - 1) * mp.log(a))) < CLOSE * a
    assert hard <= -(D - 1) * mp.log(a) + CLOSE * a
    assert round(float(hard), 1) == expected


@pytest.mark.claim(id="B12")
@pytest.mark.claim(id="B25")
def test_loss_is_unbounded_below_for_a_label_with_one_zero_only():
    y = [mp.mpf("0.5"), mp.mpf("0.5"), 0]
    losses = [loss([0, 0, -a], y) for a in (1, 10**2, 10**4, 10**6)]
    assert all(later < earlier - 3 for earlier, later in itertools.pairwise(losses))


@pytest.mark.claim(id="B20")
def test_minimising_the_log_density_as_transcribed_runs_away():
    """Equation (10) as transcribed, +log C + sum y log pi, at (-a, 0, 0)."""
    y = [mp.mpf("0.8"), mp.mpf("0.1"), mp.mpf("0.1")]
    transcribed = [-loss([-a, 0, 0], y) for a in (5, 50, 500)]
    assert transcribed[0] > transcribed[1] > transcribed[2] and round(float(transcribed[1])) == -36


@pytest.mark.claim(id="B14")
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_smoothed_label_asks_for_a_gap_of_D_over_alpha(alpha):
    D = 10
    mu = cc.mean_exact([D / alpha] + [0] * (D - 1), 15)
    assert abs(float(mu[1]) / (alpha / D) - 1) < 1e-8 and abs(float(mu[0]) - (1 - alpha + alpha / D)) < 1e-8


# ------------------------------------------------------------------------------------------- entropy and divergence


def entropy(eta):
    return A(eta) - dot(eta, cc.mean_exact(eta, DIGITS))


@CASES
@given(logits)
def test_entropy_is_largest_for_equal_weights(eta):
    assert entropy(eta) <= -mp.loggamma(len(eta)) + CLOSE


@CASES
@given(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_entropy_and_divergence_are_those_of_the_density_of_two_categories(eta, other):
    mu, log_Z, other_log_Z = cc.mean_exact(eta, DIGITS), A(eta), A(other)
    p = lambda y: dot(eta, [y, 1 - y]) - log_Z
    q = lambda y: dot(other, [y, 1 - y]) - other_log_Z
    mean_of = lambda f: mp.quad(lambda y: mp.exp(p(y)) * f(y), [0, 1])
    divergence = other_log_Z - log_Z - (dot(other, mu) - dot(eta, mu))
    with mp.workdps(20):
        assert abs(mean_of(lambda y: -p(y)) - entropy(eta)) < 1e-16
        assert abs(mean_of(lambda y: p(y) - q(y)) - divergence) < 1e-16
    assert divergence >= -CLOSE


# ---------------------------------------------------------------------------------------- the continuous Bernoulli


@pytest.mark.claim(id="B28")
@pytest.mark.parametrize("logit", [1e-9, -1e-9, 1e-3, -5.0, 1.0, 30.0])
def test_two_categories_are_the_continuous_bernoulli(logit):
    lam = 1 / (1 + mp.exp(-mp.mpf(logit)))
    artanh = 2 * mp.atanh(1 - 2 * lam)
    assert abs(mp.exp(log_sum_exp([logit, 0]) - A([logit, 0])) / (artanh / (1 - 2 * lam)) - 1) < 1e-35
    assert abs(cc.mean_exact([logit, 0], DIGITS)[0] - (lam / (2 * lam - 1) + 1 / artanh)) < 1e-30


# ------------------------------------------------------------------------------------- the digits of the closed form


def condition(eta):
    nodes = in_mp(map(Fraction, eta))
    gaps = lambda k: mp.fprod(abs(nodes[k] - other) for i, other in enumerate(nodes) if i != k)
    return mp.fsum(mp.exp(node) / gaps(k) for k, node in enumerate(nodes)) / mp.exp(A(eta))


@pytest.mark.parametrize("D", range(2, 13))
@pytest.mark.parametrize("h", [0.01, 0.5, 4.0])
def test_condition_of_equal_steps_is_a_power_of_coth(D, h):
    assert abs(condition([k * Fraction(h) for k in range(D)]) * mp.tanh(mp.mpf(h) / 2) ** (D - 1) - 1) < 1e-30


@CASES
@given(st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True), st.floats(0.1, 10))
def test_no_choice_of_logits_is_better_conditioned_than_the_bound(positions, w):
    eta = [w * p for p in positions]
    if len(set(eta)) == len(eta):
        bound = cc.least_condition(len(eta), w).evalf(30)
        assert condition(eta) >= mp.mpf(str(bound)) * (1 - mp.mpf(10) ** -25)


@pytest.mark.parametrize("D", [2, 3, 5, 9])
def test_bound_is_attained_by_chebyshev_points_as_the_spread_goes_to_zero(D):
    eta = 1e-6 * np.cos(np.pi * np.arange(D) / (D - 1)) / 2
    assert 1 <= condition(eta) / mp.mpf(str(cc.least_condition(D, 1e-6).evalf(30))) < 1 + 2e-6
