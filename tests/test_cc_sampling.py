"""Draws from the continuous categorical, against its exact law.

Rates of false alarms: every statistical assertion spends ALARM, and fewer than 1000 are made, so that on a correct sampler a run of this
file fails with a probability below 10^-6, whatever the seeds (Bonferroni; KDEVIZ_SEED=n draws other ones). The bounds on the alarms of one
assertion hold for every number of draws: the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant for distribution
functions, Hoeffding's and Bernstein's for means. Seeded mistakes show what they still see.
"""

import inspect
import itertools
import math
import os
import types
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import sympy as sp
from cc_oracle import Reference
from mpmath import mp

from derivations import cc, cc_sampling
from kdeviz import sampling

ALARM = 1e-9
SEED = int(os.environ.get("KDEVIZ_SEED", "0"))
EPS = np.finfo(float).eps
INF = np.inf
fixed = np.random.default_rng(7)
PATTERNS = {
    "two": [0.3, -0.7],
    "two equal": [1.0, 1.0],
    "two far apart": [40.0, 0.0],
    "three": [2.0, 0.0, -5.0],
    "tied at the top": [3.0, 3.0, 0.0, 0.0, -2.0],
    "five equal": [0.5] * 5,
    "pairs 1e-15 apart": [0, 1e-15, 1, 1 + 2e-15],
    "spread 1e-12": list(1e-12 * fixed.normal(size=6)),
    "clusters at several scales": [0, 1e-9, 1, 1 + 1e-9, 100],
    "a ladder": [-(2.0**k) for k in range(8)],
    "one far up": [200.0, *fixed.normal(size=6)],
    "one a million up": [1e6, 0.0, 1.0],
    "one far down": [-200.0, *fixed.normal(size=6)],
    "ten": list(3 * fixed.normal(size=10)),
    "a group between one and all": [-56.0] * 30 + [-4.0, -2.0, 0.0],
}
patterns = pytest.mark.parametrize("name", PATTERNS)


def generator(*key):
    return np.random.default_rng([SEED, *(sum(map(ord, str(part))) for part in key)])


@cache
def A(eta):
    return cc.log_partition_exact(eta, 20)


def drawn(name, count=20_000, sampler=sampling):
    return sampler.draw(np.array([PATTERNS[name]], float), count, generator(name))[:, 0]


# ------------------------------------------------------------------------------------------------------ the exact law


def tail(eta, c):
    """P(y >= c), equation (cc-tails) in exact numbers."""
    c = [Fraction(v) for v in c]
    rho, eta = 1 - sum(c), [Fraction(e) for e in eta]
    exponent = sum(e * v for e, v in zip(eta, c))
    with mp.workdps(30):
        scaled = A(tuple(rho * e for e in eta)) - A(tuple(eta))
        return float(
            mp.exp(mp.mpf(exponent.numerator) / exponent.denominator + scaled) * mp.mpf(float(rho)) ** (len(eta) - 1)
        )


def at(k, t, D):
    return [t if i == k else 0 for i in range(D)]


def grid_of(values, points=15):
    """Thresholds at quantiles of the draws, where the law has its mass; a difference at fixed points is at most the largest anywhere."""
    return np.quantile(values, np.linspace(0.02, 0.98, points)).tolist()


def dkw(count):
    """How far an empirical distribution function may be from the true one, anywhere, but for probability ALARM."""
    return math.sqrt(math.log(2 / ALARM) / (2 * count))


def hoeffding(count):
    """How far the mean of values from [0, 1] may be from its expectation, but for probability ALARM."""
    return math.sqrt(math.log(2 / ALARM) / (2 * count))


def bernstein(count, variance, scale=1.0):
    """The same for values within `scale` of their mean, with a given variance."""
    log = math.log(2 / ALARM)
    return math.sqrt(2 * variance * log / count) + 2 * scale * log / (3 * count)


def marginal_distance(eta, y, k):
    """The largest difference of the two distribution functions of y_k on a grid: at most that anywhere."""
    return max(abs(np.mean(y[:, k] >= t) - tail(eta, at(k, t, len(eta)))) for t in grid_of(y[:, k]))


def pair_distance(eta, y, k, l):
    """Of the share u = y_k/(y_k + y_l) given the sum: P(share <= u) by (cc-pairs) must be uniform."""
    total = y[:, k] + y[:, l]
    a = (eta[k] - eta[l]) * total
    u = y[:, k] / total
    with np.errstate(over="ignore", invalid="ignore"):
        level = np.where(a > 0, np.exp(a * (u - 1)) * np.expm1(-a * u) / np.expm1(-a), np.expm1(a * u) / np.expm1(a))
    level = np.sort(np.where(abs(a) < 1e-9, u, level))
    steps = np.arange(len(level) + 1) / len(level)
    return max((steps[1:] - level).max(), (level - steps[:-1]).max())


@patterns
def test_marginals_follow_the_law(name):
    assert_marginals_follow_the_law(PATTERNS[name], drawn(name))


def assert_marginals_follow_the_law(eta, y):
    for k in {0, 1, len(eta) // 2, len(eta) - 2, len(eta) - 1}:
        assert marginal_distance(eta, y, k) < dkw(len(y))


@patterns
def test_shares_of_pairs_follow_the_law(name):
    assert_pairs_follow_the_law(PATTERNS[name], drawn(name))


def assert_pairs_follow_the_law(eta, y):
    for k, l in {(0, 1), (0, len(eta) - 1), (len(eta) - 2, len(eta) - 1)}:
        assert pair_distance(eta, y, k, l) < dkw(len(y))


@patterns
def test_corners_of_two_and_of_all_classes_have_their_probability(name):
    eta, y = PATTERNS[name], drawn(name)
    D = len(eta)
    low = np.quantile(y, 0.2, axis=0)
    corners = [[low[i] if i in pair else 0 for i in range(D)] for pair in itertools.combinations(range(min(D, 4)), 2)]
    for c in [*corners, [v / D for v in low]]:
        p = tail(eta, c)
        assert abs(np.mean((y >= c).all(1)) - p) < bernstein(len(y), p * (1 - p))


@pytest.mark.parametrize(
    "name", [name for name in PATTERNS if len(PATTERNS[name]) <= 10 and name != "one a million up"]
)
def test_means_and_covariances_are_those_of_the_law(name):
    """Products of deviations lie in [-1, 1], their mean in [-1/4, 1/4], their variance below that of either class."""
    eta, y = PATTERNS[name], drawn(name)
    mu = np.array([float(m) for m in cc.mean_exact(eta, 20)])
    covariance = np.array(cc.covariance_exact(eta, 15).tolist(), float)
    deviation = y - mu
    for k in range(len(eta)):
        assert abs(deviation[:, k].mean()) < bernstein(len(y), covariance[k, k])
    for k, l in itertools.combinations(range(min(4, len(eta))), 2):
        variance = min(covariance[k, k], covariance[l, l])
        assert abs((deviation[:, k] * deviation[:, l]).mean() - covariance[k, l]) < bernstein(len(y), variance, 1.25)


# ------------------------------------------------------------------------------------------------- many categories


def large(pattern, D):
    """Logits with two or three values, for which there are references at any D."""
    few, half = int(D**0.5), D // 2
    return {
        "equal": np.zeros(D),
        "two levels": np.r_[np.zeros(half), np.full(D - half, -float(D))],
        "one far up": np.r_[1e6, np.zeros(D - 1)],
        "one ahead by D": np.r_[float(D), np.zeros(D - 1)],
        "one far down": np.r_[np.zeros(D - 1), -1e6],
        "a few ahead": np.r_[np.zeros(few), np.full(D - few, -float(D))],
    }[pattern]


large_patterns = pytest.mark.parametrize(
    "pattern", ["equal", "two levels", "one far up", "one ahead by D", "one far down", "a few ahead"]
)
reference = cache(lambda pattern, D: Reference(large(pattern, D)))


@pytest.mark.parametrize("D", [1000, 100_000])
@large_patterns
def test_totals_of_groups_have_their_mean_for_many_categories(pattern, D):
    """The total of a group has a log-concave density, as have means of draws: P(|mean - mu| > t sd) <= e^(1 - t)."""
    eta, of = large(pattern, D), reference(pattern, D)
    first, count = eta[0], int((eta == eta[0]).sum() + 1) // 2  # half of the tied, so that the total varies
    variance = count * of.covariance(first, first, same=True)
    if count > 1:
        variance += count * (count - 1) * of.covariance(first, first)
    y = sampling.draw(eta[None], max(20, 2_000_000 // D), generator(pattern, D))[:, 0]
    width = (1 + math.log(1 / ALARM)) * math.sqrt(variance / len(y))
    assert abs(y[:, :count].sum(1).mean() - float(count * of.mean(first))) < width + D * EPS


# ---------------------------------------------------------------------------------------------------- acceptance


def log_acceptance(plan, eta, log_Z):
    """(cc-group-acceptance) for a plan of one row, and log Z(eta - max eta)."""
    rate, n, D = plan.rate[0], int(plan.group.sum()), len(eta)
    log_rates = np.log(rate).sum() - (0 if n == D else math.log(rate[plan.group[0]].max()))
    s = rate.min()  # the largest logit is at 0
    j = n if n == D else n - 1
    log_a = math.lgamma(j + 1) + j - (j * math.log(j) if j else 0) - (math.log(D) if n == D else 0)
    return log_a + log_Z - s + log_rates


def plan_of(eta):
    eta = np.asarray(eta, float)
    return sampling.planned((eta.max() - eta)[None])


def log_Z_of(eta):
    return float(A(tuple(Fraction(e) - Fraction(max(eta)) for e in eta)))


def share_accepted(plan, proposals, rng):
    return sampling.propose(plan, np.zeros(proposals, int), rng)[1].mean()


def test_acceptance_of_these_tests_is_that_of_the_derivation():
    eta = PATTERNS["tied at the top"]
    plan = plan_of(eta)
    rates = sorted(map(sp.Float, plan.rate[0]))
    exact = cc_sampling.acceptance(int(plan.group.sum()), len(eta), rates, sp.exp(log_Z_of(eta)), rates[0])
    assert abs(float(exact) / math.exp(log_acceptance(plan, eta, log_Z_of(eta))) - 1) < 1e-12


@patterns
def test_share_of_accepted_proposals_is_the_derived_one(name):
    eta = PATTERNS[name]
    plan, count = plan_of(eta), 20_000
    p = math.exp(log_acceptance(plan, eta, log_Z_of(eta)))
    assert p <= 1 + 1e-12
    assert abs(share_accepted(plan, count, generator(name, "share")) - p) < bernstein(count, max(p * (1 - p), 0))


@pytest.mark.parametrize("D", [1000, 100_000])
@large_patterns
def test_share_of_accepted_proposals_is_the_derived_one_for_many_categories(pattern, D):
    eta = large(pattern, D)
    plan, count = plan_of(eta), max(40, 2_000_000 // D)
    p = math.exp(log_acceptance(plan, eta, float(reference(pattern, D).log_Z())))
    assert float(cc_sampling.least_acceptance(D)) * SLACK <= p <= 1 + 1e-9
    assert abs(share_accepted(plan, count, generator(pattern, D, "share")) - p) < hoeffding(count)


SLACK = 1 - 2e-3  # s is found to a hundredth of the width 1/sigma, and stays 2^-10 above the logits


def hostile(D, rng):
    """Logits of which no group is much better than the others, m_k near 1/a_(k-1), and random ones at all scales."""
    a = np.exp(sampling.log_stirling(np.arange(D)))
    yield -a * a.sum()  # s = 0 is the saddle: the means are proportional to 1/a
    yield -np.sqrt(np.arange(1, D + 1) * D * 4.0)
    for _ in range(4):
        yield rng.normal(size=D) * 10 ** rng.uniform(-3, 3)
        yield -(rng.exponential(size=D) ** rng.uniform(1, 6)) * D
        yield -(2.0 ** rng.integers(0, 12, D))


@pytest.mark.parametrize("D", [2, 3, 5, 10, 30])
def test_acceptance_is_never_below_the_derived_bound(D):
    for eta in hostile(D, np.random.default_rng(D)):
        p = math.exp(log_acceptance(plan_of(eta), eta, log_Z_of(eta.tolist())))
        assert float(cc_sampling.least_acceptance(D)) * SLACK <= p <= 1 + 1e-9


@pytest.mark.parametrize("D", [2, 10, 1000])
def test_every_proposal_is_accepted_for_equal_logits(D):
    assert share_accepted(plan_of(np.full(D, 3.0)), 200, generator(D)) == 1


@pytest.mark.parametrize("D", [2, 10, 1000])
def test_one_class_absorbs_at_least_1_over_e_root_D(D):
    """The simple sampler, a group of the top class alone, at the saddle: F max p."""
    for eta in (np.zeros(D), np.r_[float(D), np.zeros(D - 1)]):
        gap = np.sort(eta.max() - eta)
        rate = gap + sampling.saddle(gap[None])
        log_Z = float(Reference(eta).log_Z())
        p = math.exp(log_Z - rate[0] + np.log(rate[1:]).sum())
        assert (1 - 1e-3) / (math.e * math.sqrt(D)) <= p < 0.4406
        alone = sampling.Plan(rate[None], (np.arange(D) == 0)[None], np.zeros(1), 1 / rate[:1])
        assert abs(share_accepted(alone, 2000, generator(D, "alone")) - p) < hoeffding(2000)


# ------------------------------------------------------------------------------------------------- a single proposal


class Given:
    """A generator of given exponentials: first those of the proposal, then the one that decides."""

    def __init__(self, unit, decide):
        self.queue = [np.array([unit]), np.array([decide])]

    def standard_exponential(self, shape):
        return self.queue.pop(0)


@pytest.mark.parametrize("eta", [[0.0, -1.0, -3.0], [0.0, -9.0, -9.5], [9.0, 0.0, 0.0], [1.0, 0.5, -40.0, -50.0]])
def test_proposal_and_its_weight_are_those_of_the_derivation(eta):
    unit = np.array([0.7, 1.3, 0.4, 0.9])[: len(eta)] / 4
    plan = plan_of(eta)
    rate, n = plan.rate[0], int(plan.group.sum())
    free = unit / rate
    left = 1 - free[n:].sum()
    expected = np.r_[left * free[:n] / free[:n].sum(), free[n:]]
    weight = float(cc_sampling.weight(n, len(eta), float((rate * expected)[:n].sum()), left, rate[n - 1]))
    assert 0 < weight < 1
    for factor, decision in ((1 + 1e-9, True), (1 - 1e-9, False)):
        y, accepted = sampling.propose(plan, np.zeros(1, int), Given(unit, -math.log(weight) * factor))
        assert accepted[0] == decision and np.allclose(y[0], expected, rtol=1e-14, atol=0)


def test_groups_of_one_of_some_and_of_all_occur():
    sizes = {name: int(plan_of(eta).group.sum()) for name, eta in PATTERNS.items()}
    assert sizes["one far up"] == 1 and sizes["ten"] == 10 and sizes["a group between one and all"] == 3


# ------------------------------------------------------------------------------------------------------- conventions


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("D", [1, 2, 3, 10, 1000, 100_000])
def test_draws_lie_on_the_simplex(D, dtype):
    rng = generator(D, dtype.__name__)
    scales = 10.0 ** np.array([[-12], [0], [2], [6]])
    eta = np.concatenate([rng.normal(size=(4, D)) * scales, np.r_[1e6, np.zeros(D - 1)][None]]).astype(dtype)
    y = sampling.draw(eta, 3, rng)
    assert y.shape == (3, 5, D) and y.dtype == dtype
    assert y.min() >= 0 and abs(y.sum(-1, dtype=float) - 1).max() <= 8 * np.finfo(dtype).eps


def test_float32_logits_have_the_law_of_the_numbers_that_they_are():
    eta = np.array([0.3, -0.7, 4.1], np.float32)
    y = sampling.draw(eta[None], 20_000, generator("float32"))[:, 0]
    assert_marginals_follow_the_law(eta.tolist(), y.astype(float))


def test_rows_of_a_batch_have_each_its_own_law():
    rows = [PATTERNS["three"], [0.0, -300.0, 2.0], [5.0, 5.0, 5.0]]
    y = sampling.draw(np.array(rows, float), 20_000, generator("batch"))
    for row, eta in enumerate(rows):
        assert_marginals_follow_the_law(eta, y[:, row])


def test_a_category_of_weight_zero_is_exactly_0_and_leaves_the_law_of_the_others():
    y = sampling.draw(np.array([[0.5, -INF, 2.0, -INF, 2.0]]), 20_000, generator("zero"))[:, 0]
    assert (y[:, [1, 3]] == 0).all()
    assert_marginals_follow_the_law([0.5, 2.0, 2.0], y[:, [0, 2, 4]])


def test_bad_rows_are_nan_and_no_other_row_is():
    eta = np.array([[0.0, 1.0], [np.nan, 1.0], [INF, 0.0], [-INF, -INF], [-INF, 3.0], [np.nan, INF]])
    y = sampling.draw(eta, 4, generator("bad"))
    assert np.isnan(y[:, [1, 2, 3, 5]]).all()
    assert np.isfinite(y[:, 0]).all() and (y[:, 4] == [0, 1]).all()
    assert np.isnan(sampling.draw(eta[1:4], 2)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_at_the_end_of_the_format_give_draws(dtype):
    huge = np.finfo(dtype).max
    y = sampling.draw(np.array([[huge, -huge], [huge, huge], [-huge, -huge]], dtype), 5, generator("huge"))
    assert np.isfinite(y).all() and (y[:, 0, 0] == 1).all() and y[:, 0, 1].max() < 1e-36


def test_one_category_is_always_1():
    assert (sampling.draw(np.array([[5.0], [-3.0]]), 7) == 1).all()


def test_no_draws_and_no_rows_are_empty():
    assert sampling.draw(np.zeros((2, 3)), 0).shape == (0, 2, 3)
    assert sampling.draw(np.zeros((0, 3)), 4).shape == (4, 0, 3)


def test_same_generator_gives_the_same_draws_and_another_gives_others():
    eta = np.array([PATTERNS["ten"], np.zeros(10)])
    first, again, other = (sampling.draw(eta, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).all()
    assert (sampling.draw(eta, 5) != sampling.draw(eta, 5)).all()


def test_a_common_shift_changes_no_draw():
    eta = np.array([[0.0, 0.5, -3.0]])
    draws = [sampling.draw(eta + shift, 5, np.random.default_rng(1)) for shift in (0, 2**20)]
    assert (draws[0] == draws[1]).all()


class Broken:
    def standard_exponential(self, shape):
        return np.zeros(shape)


class Interrupted:
    def standard_exponential(self, shape):
        raise KeyboardInterrupt


def test_a_generator_that_only_gives_zeros_is_an_error_and_no_endless_loop():
    with pytest.raises(RuntimeError, match="`rng` must be a working numpy.random.Generator; got .*Broken"):
        sampling.draw(np.zeros((1, 2)), 1, Broken())


def test_a_draw_can_be_interrupted():
    with pytest.raises(KeyboardInterrupt):
        sampling.draw(np.zeros((1, 2)), 1, Interrupted())


# ---------------------------------------------------------------------------------------------------- seeded mistakes

WRONG_STEPS = {
    "sum of rates": ("theta[D - 1] * (before[rate] - own[rate])", "theta[D - 1] * (before[rate] + own[rate])"),
    "power of rescaled": ("dot(rates, shares) ** n", "dot(rates, shares) ** (n - 1)"),
    "peak": ("peak = n if n == D else n - 1", "peak = n"),
    "acceptance": ("stirling(D) / D if", "stirling(D) if"),
    "class left out": ("if k != n - 1 or n == D", "if k != n or n == D"),
    "size of a corner": ("scaled_terms(1 - sum(c), logits)", "scaled_terms(1, logits)"),
}


@pytest.mark.parametrize("step", WRONG_STEPS)
def test_a_wrong_step_breaks_the_derivation(step):
    right, wrong = WRONG_STEPS[step]
    source = inspect.getsource(cc_sampling)
    assert source.count(right) == 1, "the derivation has changed: change this mistake with it"
    with pytest.raises(AssertionError):
        exec(compile(source.replace(right, wrong), f"<wrong {step}>", "exec"), {"__name__": "wrong_cc_sampling"})


MISTAKES = {
    "rates too steep": ("Plan(gap + offset", "Plan(1.1 * gap + offset"),
    "all is accepted": (" & (rng.standard_exponential(len(row)) > -log_weight)", ""),
    "rejected as if squared": ("> -log_weight", "> -2 * log_weight"),
    "the rescaled mean of the rates is forgotten": ("np.log(mean_rate * least_mean))", "0)"),
    "the mass that is left is forgotten": ("v = left * mean_rate", "v = mean_rate"),
    "the peak is at n": ("np.where(whole, n, n - 1), least", "n, least"),
    "the peak of all is at D - 1": ("np.where(whole, n, n - 1), least", "n - 1, least"),
    "the group lacks its last class": ("gap <= edge", "gap <= np.nextafter(edge, -1)"),
    "the first classes are the group": ("gap <= edge", "np.arange(gap.shape[1]) < n[:, None]"),
    "not rescaled": ("y / total[:, None] * left[:, None]", "y"),
    "divided by the sum": ("y = unit / rate", "y = unit / rate; y /= y.sum(1)[:, None]"),
    "uniform for exponential": ("unit = rng.standard_exponential(rate.shape)", "unit = 2 * rng.random(rate.shape)"),
}


def assert_sampler_is_right(sampler):
    for name in ("two", "three", "tied at the top", "ten", "one far up", "a group between one and all"):
        eta, y = PATTERNS[name], drawn(name, sampler=sampler)
        assert abs(y.sum(1) - 1).max() < 8 * EPS
        assert_marginals_follow_the_law(eta, y)
        assert_pairs_follow_the_law(eta, y)


def test_what_catches_mistakes_passes_the_sampler_as_it_is():
    assert_sampler_is_right(sampling)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_sampler_is_caught(mistake):
    right, wrong = MISTAKES[mistake]
    source = inspect.getsource(sampling)
    assert source.count(right) == 1, "the sampler has changed: change this mistake with it"
    sampler = types.ModuleType("wrong_sampling")
    exec(compile(source.replace(right, wrong), f"<{mistake}>", "exec"), sampler.__dict__)
    with pytest.raises((AssertionError, RuntimeError)), np.errstate(all="ignore"):
        assert_sampler_is_right(sampler)
