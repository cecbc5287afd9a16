"""cc_cross_entropy and ContinuousCategorical against derivations/cc.py's exact references, quadrature and closed forms."""

import doctest
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from oracle import EPS, assert_close

from derivations import cc as exact
from kdeviz import ContinuousCategorical, cc_cross_entropy, smooth_labels
from kdeviz import continuous_categorical as module

INF, DIGITS = np.inf, 40
CASES = settings(derandomize=True, deadline=None, max_examples=40)
real = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
draw = np.random.default_rng(2022)
PATTERNS = {
    "one": [3.0],
    "two": [0.3, -0.7],
    "two, far apart": [0.0, -200.0],
    "two, nearly equal": [1.0, 1.0 + 2.0**-20],
    "all equal": [1.5] * 6,
    "tied in pairs": [0.0, 0.0, 1.0, 1.0, 2.0, 2.0],
    "pairs 1e-15 apart": [0.0, 1e-15, -1.0, -1.0 - 2e-15],
    "clusters at several scales": [0.0, 1e-9, 1e-8, 1.0, 1.0 + 1e-6, 100.0],
    "geometric ladder": [-(4.0**k) for k in range(8)],
    "one far up": [1e4, *draw.normal(size=6)],
    "one far down": [-1e4, *draw.normal(size=6)],
    "spread 1e6": list(1e6 * draw.normal(size=5)),
    "offset 1e4": list(1e4 + draw.normal(size=5)),
    "normal": list(draw.normal(size=16)),
}
pattern = pytest.mark.parametrize("name", PATTERNS)


def row(name, dtype=np.float64):
    return np.array(PATTERNS[name], dtype)


@cache
def references(name, dtype):
    """(A, means, covariance) of the pattern once it is rounded to the dtype."""
    eta = row(name, dtype).tolist()
    with mp.workdps(60):
        return (
            exact.log_partition_exact(eta, DIGITS),
            exact.mean_exact(eta, DIGITS),
            exact.covariance_exact(eta, DIGITS),
        )


def label(D, seed=0):
    """A point of the simplex whose entries are multiples of 2^-20 that sum to 1 exactly, in float32 too; the first is 0 if there are many."""
    counts = np.random.default_rng(seed).multinomial(2**20, np.r_[float(D < 4), np.ones(D - 1)] / (D - (D >= 4)))
    return counts / 2**20


def numbers(values):
    return np.array([float(v) for v in values])


def dot(eta, y):
    return mp.fsum(mp.mpf(float(e)) * mp.mpf(float(v)) for e, v in zip(eta, y, strict=True))


def cc(eta, dtype=np.float64):
    return ContinuousCategorical(np.asarray(eta, dtype))


# ---------------------------------------------------------------------------------------------------- exact references
# In eps. The kernels compute in float64, so float32 results are rounded once or twice; in float64 the worst seen are 2, 2 and 3. A loss adds two
# sums of about 10 terms, a mean is a sum over 60 nodes with weights of total 2, a covariance one more of those.
LOSS, MEAN, COVARIANCE = (
    {dtype: count * float(np.finfo(dtype).eps) for dtype in (np.float64, np.float32)} for count in (4, 8, 16)
)


@pytest.mark.claim(id="B8")
@real
@pattern
def test_loss_and_gradient_meet_the_exact_references(name, dtype):
    z = row(name, dtype)
    y = label(len(z)).astype(dtype)
    A, mean, _ = references(name, dtype)
    with mp.workdps(60):
        want = float(A - dot(z, y))
    loss, grad = cc_cross_entropy(z, y)
    assert_close(loss, want, LOSS[dtype], max(1, abs(float(A)), abs(z).max()))
    assert_close(grad.z, numbers(mean) - y, MEAN[dtype], np.maximum(numbers(mean), y))
    assert np.array_equal(grad.y, z.max() - z)


@pytest.mark.claim(id="B8")
@real
@pattern
def test_moments_meet_the_exact_references(name, dtype):
    eta = row(name, dtype)
    A, mean, covariance = references(name, dtype)
    found = cc(eta, dtype)
    with mp.workdps(60):
        log_C = float(mp.log(mp.fsum(mp.exp(e) for e in eta.tolist())) - A)
        entropy = float(A - mp.fsum(mp.mpf(e) * m for e, m in zip(eta.tolist(), mean)))
        centred = float(A - mp.mpf(float(eta.max())))
    matrix = np.array(covariance.tolist(), float)
    scale = np.sqrt(np.diag(matrix))
    assert_close(found.log_partition, float(A), LOSS[dtype], max(1, abs(float(A)), abs(eta).max()))
    assert_close(found.log_norm_const, log_C, LOSS[dtype], max(1, abs(centred), abs(log_C)))
    assert_close(found.entropy(), entropy, LOSS[dtype], max(1, abs(centred), len(eta)))  # both of its terms
    assert_close(found.mean, numbers(mean), MEAN[dtype], numbers(mean))
    if len(eta) > 1:
        assert_close(found.covariance_matrix, matrix, COVARIANCE[dtype], scale[:, None] * scale)
        assert_close(found.variance, scale**2, COVARIANCE[dtype], scale**2)


@pytest.mark.claim(id="B10")
@pattern
def test_gradient_is_the_derivative_of_the_exact_loss(name):
    z, h = row(name), Fraction(1, 10**15)
    y = label(len(z))
    shifted = lambda k, by: [Fraction(e) + by * (i == k) for i, e in enumerate(z.tolist())]
    with mp.workdps(60):
        slope = lambda k: (
            (exact.log_partition_exact(shifted(k, h), 50) - exact.log_partition_exact(shifted(k, -h), 50)) / 2e-15
        )
        want = np.array([float(slope(k)) - y[k] for k in range(len(z))])
    assert_close(cc_cross_entropy(z, y).grad.z, want, MEAN[np.float64], np.maximum(want + y, y))


def test_differences_of_the_label_gradient_are_those_of_the_loss():
    z, y, h = row("normal"), np.full(16, 1 / 16), 2.0**-6
    loss, grad = cc_cross_entropy(z, y)
    for k, l in ((0, 1), (5, 12), (15, 3)):
        moved = y.copy()
        moved[k], moved[l] = y[k] + h, y[l] - h
        assert_close(
            (cc_cross_entropy(z, moved).loss - loss) / h, grad.y[k] - grad.y[l], 64 * 40 * EPS[z.dtype]
        )  # log Z is about -30


@pytest.mark.claim(id="B8")
@pytest.mark.claim(id="B26")
@real
@pytest.mark.parametrize("D", [1000, 20000])
def test_many_categories_meet_the_closed_form_of_equal_steps(D, dtype):
    """A = log(((e^h - 1)/h)^(D - 1)/(D - 1)!) for the logits 0, h, ..., (D - 1) h."""
    h = 2.0**-10
    z, y = (h * np.arange(D)).astype(dtype), label(D).astype(dtype)
    with mp.workdps(40):
        A = (D - 1) * mp.log(mp.expm1(mp.mpf(h)) / h) - mp.loggamma(D)
        want = float(A - dot(z, y))
    assert_close(cc_cross_entropy(z, y).loss, want, LOSS[dtype], abs(float(A)))
    assert_close(cc(z, dtype).log_partition, float(A), LOSS[dtype], abs(float(A)))
    assert_close(cc(z, dtype).mean.sum(dtype=np.float64), 1, MEAN[dtype])


# ---------------------------------------------------------------------------------------------------- the density
NODES, WEIGHTS = (v / 2 for v in np.polynomial.legendre.leggauss(80))
NODES = NODES + 0.5


def simplex_rule(D):
    """(points (n, D), weights (n,)) of a Gauss rule on the simplex, for smooth functions; D is 2 or 3."""
    if D == 2:
        return np.stack([NODES, 1 - NODES], -1), WEIGHTS
    first, share = (v.ravel() for v in np.meshgrid(NODES, NODES))
    weights = np.outer(WEIGHTS, WEIGHTS).ravel() * (1 - first)
    return np.stack([first, (1 - first) * share, (1 - first) * (1 - share)], -1), weights


@pytest.mark.claim(id="B5")
@pytest.mark.claim(id="B25")
@pytest.mark.claim(id="B27")
@pytest.mark.parametrize("eta", [[0.0, 0.0], [3.0, -4.0], [0.0, 0.0, 0.0], [5.0, 4.0, -6.0], [-9.0, 1.0, 1.0]], ids=str)
def test_density_integrates_to_one_and_its_moments_are_the_moments(eta):
    y, weights = simplex_rule(len(eta))
    found = cc(eta)
    log_p = found.log_prob(y)
    mass = weights * np.exp(log_p)
    bound = 1e-13  # thousands of terms, each with a few eps
    assert_close(mass.sum(), 1, bound)
    assert_close(mass @ y, found.mean, bound)
    centred = y - found.mean
    assert_close((mass[:, None] * centred).T @ centred, found.covariance_matrix, bound)
    assert_close(-(mass @ log_p), found.entropy(), bound * 10)
    other = cc(np.flip(eta) + 0.5)
    assert_close(mass @ (log_p - other.log_prob(y)), found.kl_divergence(other), bound * 10)


@pytest.mark.claim(id="B28")
@pytest.mark.parametrize("logit", [0.0, 1e-9, -1e-3, 0.02, -1.0, 8.0, -30.0, 200.0])
def test_two_categories_are_the_continuous_bernoulli(logit):
    found = cc([logit, 0.0])
    with mp.workdps(250):  # 1 - lambda is e^-200
        a = mp.mpf(logit)
        lam = 1 / (1 + mp.exp(-a))
        C = mp.mpf(2) if logit == 0 else 2 * mp.atanh(1 - 2 * lam) / (1 - 2 * lam)
        mean = mp.mpf(1) / 2 if logit == 0 else lam / (2 * lam - 1) + 1 / (2 * mp.atanh(1 - 2 * lam))
    assert_close(found.log_norm_const, float(mp.log(C)), 2e-15, max(1, float(abs(mp.log(C)))))
    assert_close(found.mean, [float(mean), float(1 - mean)], 3e-15, [float(mean), float(1 - mean)])


@pytest.mark.parametrize("D", [1, 2, 3, 10, 1000])
def test_equal_logits_are_the_uniform_distribution(D):
    found = cc(np.full(D, -7.0))
    assert np.all(found.mean == found.mean[0])
    size = max(1, math.lgamma(D))
    assert_close(found.mean, np.full(D, 1 / D), 3e-15, 1 / D)
    assert_close(found.variance, np.full(D, (D - 1) / (D * D * (D + 1))), 1e-13, 1 / D**2)
    assert_close(found.log_partition, -7 - math.lgamma(D), 2e-15, size + 7)
    assert_close(found.log_norm_const, math.lgamma(D + 1), 2e-15, size)
    assert_close(found.entropy(), -math.lgamma(D), 2e-15, size)
    assert_close(found.log_prob(np.full(D, 1 / D)), math.lgamma(D), 2e-15, size)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30))
@CASES
def test_log_norm_const_is_least_and_entropy_is_largest_where_logits_are_equal(eta):
    found, D = cc(eta), len(eta)
    slack = 1e-14 * max(1, math.lgamma(D + 1))
    assert found.log_norm_const >= math.lgamma(D + 1) - slack and found.entropy() <= -math.lgamma(D) + slack


@pytest.mark.claim(id="B12")
def test_a_hard_label_has_no_least_loss_and_a_smoothed_one_has():
    losses = [cc_cross_entropy(np.array([a, 0.0, 0.0]), 0).loss for a in (1.0, 1e2, 1e4, 1e8)]
    assert np.all(np.diff(losses) < -4)
    D, alpha = 10, 0.1
    z = np.zeros(D)
    z[3] = D / alpha
    assert np.abs(cc_cross_entropy(z, smooth_labels(3, D, alpha)).grad.z).max() < 4e-16


# ---------------------------------------------------------------------------------------------------- covariance
@real
@pattern
def test_covariance_matrix_is_symmetric_with_the_variances_and_rows_that_sum_to_zero(name, dtype):
    found = cc(row(name, dtype), dtype)
    matrix, scale = found.covariance_matrix, np.sqrt(found.variance)
    assert np.array_equal(matrix, matrix.T) and np.array_equal(np.diag(matrix), found.variance)
    assert np.all(abs(matrix.sum(-1)) <= COVARIANCE[dtype] * scale * scale.sum())
    assert np.linalg.eigvalsh(matrix.astype(float)).min() >= -COVARIANCE[dtype] * matrix.max()


@pattern
def test_matvec_is_the_matrix_times_the_vector(name):
    found, v = cc(row(name)), draw.normal(size=len(PATTERNS[name]))
    scale = np.sqrt(found.variance)
    assert_close(found.covariance_matvec(v), found.covariance_matrix @ v, 1e-12, scale * (scale @ abs(v)) + 1e-300)


def test_a_constant_has_no_variance():
    found = cc(row("normal"))
    assert abs(found.covariance_matvec(np.full(16, 1e3))).max() <= 1e3 * 1e-13 * found.variance.max()


def test_columns_of_a_dominant_category_keep_their_digits():
    """cov(y_1, y_2) = -1e-12 beside the square 1 of the mean; and a vector that is large at the dominant category only."""
    found = ContinuousCategorical.from_mean([1 - 1e-6 - 1e-12, 1e-6, 1e-12])
    _, _, covariance = (exact.covariance_exact(found.eta.tolist(), DIGITS) for _ in range(3))
    with mp.workdps(60):
        want = np.array([float(mp.fsum(covariance[k, l] * v for l, v in enumerate((1e6, 0, 0)))) for k in range(3)])
    assert_close(found.covariance_matvec([1e6, 0.0, 0.0]), want, 1e-12, abs(want))


# ---------------------------------------------------------------------------------------------------- divergence
def divergence_exact(eta, other):
    with mp.workdps(60):
        mean = exact.mean_exact(eta, DIGITS)
        gap = mp.fsum((mp.mpf(b) - mp.mpf(a)) * m for a, b, m in zip(eta, other, mean))
        return exact.log_partition_exact(other, DIGITS + 5) - exact.log_partition_exact(eta, DIGITS + 5) - gap


@pytest.mark.parametrize("size", [1e-8, 1e-3, 0.3, 3.0, 30.0, 300.0])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("D", [2, 3, 12])
def test_divergence_of_close_distributions_keeps_its_digits(D, spread, size):
    local = np.random.default_rng(D)
    eta = spread * local.normal(size=D)
    other = eta + size * local.normal(size=D)
    want = float(divergence_exact(eta.tolist(), other.tolist()))
    assert_close(
        cc(eta).kl_divergence(cc(other)), want, 5e-14, want
    )  # 1e-22 for two logits that differ in the last digits


@pytest.mark.parametrize("change", [1e-9, 1e-3, 0.5, 20.0])
def test_divergence_of_many_categories_meets_the_closed_form_of_equal_steps(change):
    """A(h) = log(((e^h - 1)/h)^(D - 1)/(D - 1)!) for the logits 0, h, ..., (D - 1) h, and the mean's index is dA/dh."""
    D, h = 2000, 2.0**-12
    with mp.workdps(60):
        f = lambda x: mp.log(mp.expm1(x) / x)
        old, new = mp.mpf(h), mp.mpf(h * (1 + change))
        want = float((D - 1) * (f(new) - f(old) - (new - old) * (mp.exp(old) / mp.expm1(old) - 1 / old)))
    found = cc(h * np.arange(D)).kl_divergence(cc(h * (1 + change) * np.arange(D)))
    rounding = EPS[np.dtype(float)] / change  # of the second row of logits, relative to the step
    assert_close(found, want, 1e-13 + 2 * rounding, want)


def test_divergence_of_close_distributions_does_not_feel_their_offsets():
    """All numbers here are exact; the offset 1024 leaves 1e-13 of each step, and a difference of log Z would leave 1e-5 of the divergence."""
    eta, steps = (np.round(draw.normal(size=8) * 8) / 8 for _ in range(2))
    near = eta + steps * 2.0**-16
    want = cc(eta).kl_divergence(cc(near))
    assert_close(cc(eta).kl_divergence(cc(near + 1024)), want, 1e-7, want)


@real
def test_divergence_from_itself_is_zero_bit_for_bit(dtype):
    for name in PATTERNS:
        assert cc(row(name), dtype).kl_divergence(cc(row(name), dtype)) == 0


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=2, max_size=10))
@CASES
def test_divergence_is_not_negative(pairs):
    eta, other = np.array(pairs).T
    assert cc(eta).kl_divergence(cc(other)) >= -1e-15


def test_divergence_on_a_face_is_that_of_its_categories():
    eta, other = draw.normal(size=(2, 4, 5))
    holes = np.arange(5) == draw.integers(0, 5, 4)[:, None]
    faces = [np.where(holes, -INF, e) for e in (eta, other)]
    whole = [np.array([e[~hole] for e, hole in zip(array, holes)]) for array in (eta, other)]
    for dtype, bound in (
        (np.float64, 1e-12),
        (np.float32, 1e-4),
    ):  # the lost category's factor, e^69 and e^35, is in both and cancels
        found = cc(faces[0], dtype).kl_divergence(cc(faces[1], dtype))
        assert_close(found, cc(whole[0], dtype).kl_divergence(cc(whole[1], dtype)), bound)
    far = cc(whole[0]).kl_divergence(cc(100 * whole[1]))
    assert_close(cc(faces[0]).kl_divergence(cc(100 * faces[1])), far, 1e-13, far)


def test_divergence_is_infinite_where_only_one_has_a_category():
    full, face = cc([0.0, 1.0, 2.0]), cc([0.0, -INF, 2.0])
    assert full.kl_divergence(face) == face.kl_divergence(full) == INF
    assert np.isnan(cc([0.0, np.nan]).kl_divergence(cc([-INF, 1.0])))


def test_divergence_broadcasts():
    eta, other = draw.normal(size=(3, 1, 4)), draw.normal(size=(2, 4))
    table = cc(eta).kl_divergence(cc(other))
    assert table.shape == (3, 2) and table[2, 1] == cc(eta[2, 0]).kl_divergence(cc(other[1]))


# ---------------------------------------------------------------------------------------------------- from the mean
MEANS = {
    "one": lambda D: np.ones(1),
    "equal": lambda D: np.ones(D),
    "nearly one-hot": lambda D: np.r_[1 - 1e-12 * (D - 1), np.full(D - 1, 1e-12)],
    "one nearly gone": lambda D: np.r_[1e-12, np.ones(D - 1)],
    "half nearly gone": lambda D: np.where(np.arange(D) % 2, 1e-12, 1.0),
    "ladder": lambda D: 10.0 ** -np.linspace(0, 12, D),
    "long ladder": lambda D: 10.0 ** -np.linspace(0, 90, D),
    "one ahead of a crowd": lambda D: np.r_[0.84, np.full(D - 1, 0.16 / (D - 1))],
    "two ahead": lambda D: np.r_[1.0, 1.0, np.full(D - 1, 1e-9)],
    "random": lambda D: np.random.default_rng(D).dirichlet(np.ones(D)) + 1e-12,
    "sparse": lambda D: np.random.default_rng(D).dirichlet(np.full(D, 0.05)) + 1e-12,
}
# 12 eps of each entry, however small: a rounding of its logit, and that of the mean, whose noise is where Newton's steps end. Worst seen: 5 and 1.
INVERSE = {dtype: 12 * float(np.finfo(dtype).eps) for dtype in (np.float64, np.float32)}


def normalised(mu):
    return mu / mu.sum(-1, keepdims=True)


def left_out(test, mean=None, D=None, dtype=None, **_):
    """Means below what float32 is asked for."""
    return test == "test_from_mean_inverts_the_mean" and dtype == np.float32 and normalised(mean(D)).min() < 1e-30


@real
@pytest.mark.parametrize("D", [2, 3, 10, 100, 3000])
@pytest.mark.parametrize("mean", MEANS.values(), ids=MEANS)
def test_from_mean_inverts_the_mean(mean, D, dtype):
    mu = normalised(mean(D)).astype(dtype)
    found = ContinuousCategorical.from_mean(mu)
    assert found.eta.dtype == dtype and found.eta.max() == 0
    assert_close(found.mean, normalised(mu.astype(float)), INVERSE[dtype], normalised(mu.astype(float)))


@given(st.lists(st.floats(-12, 0), min_size=2, max_size=40), st.integers(0, 10))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_from_mean_inverts_the_mean_whatever_it_is(exponents, ties):
    mu = normalised(10.0 ** np.array(exponents + exponents[:1] * ties))
    found = ContinuousCategorical.from_mean(mu)
    assert_close(found.mean, mu, INVERSE[np.float64], mu)
    assert np.all(found.eta[len(exponents) :] == found.eta[0])


@pytest.mark.parametrize("mean", MEANS.values(), ids=MEANS)
def test_from_mean_inverts_the_exact_mean(mean):
    mu = normalised(mean(5))
    found = numbers(exact.mean_exact(ContinuousCategorical.from_mean(mu).eta.tolist(), 30))
    assert_close(found, mu, INVERSE[np.float64], mu)


def test_from_mean_inverts_the_mean_of_ten_thousand_categories():
    mu = normalised(np.random.default_rng(3).dirichlet(np.full(10**4, 0.3)) + 1e-12)
    assert_close(ContinuousCategorical.from_mean(mu).mean, mu, INVERSE[np.float64], mu)


@pytest.mark.parametrize(
    "name", ["two", "all equal", "clusters at several scales", "geometric ladder", "one far up", "normal"]
)
def test_from_mean_finds_the_logits(name):
    """Up to their offset, with an error eps/mean: that is how far they may move without a visible change of the mean."""
    eta = row(name)
    found = cc(eta)
    assert_close(
        ContinuousCategorical.from_mean(found.mean).eta, eta - eta.max(), 1e-14, 1 / found.mean + 1 / found.mean.max()
    )


@pytest.mark.claim(id="B25")
def test_from_mean_is_the_maximum_of_the_likelihood():
    y = draw.dirichlet([2.0, 1.0, 0.5, 3.0], 50)
    best = ContinuousCategorical.from_mean(y.mean(0))
    for step in 0.01 * draw.normal(size=(20, 4)):
        assert cc(best.eta + step).log_prob(y).sum() < best.log_prob(y).sum()


def test_from_mean_of_a_batch_equals_its_rows_bit_for_bit():
    mu = np.stack([normalised(mean(10)) for name, mean in MEANS.items() if name not in ("one", "two ahead")])
    batch = ContinuousCategorical.from_mean(mu.reshape(3, 3, 10)).eta.reshape(9, 10)
    for one, of_many in zip(mu, batch):
        assert np.array_equal(ContinuousCategorical.from_mean(one).eta, of_many)


def test_from_mean_permutes_with_its_argument():
    mu, order = normalised(MEANS["sparse"](30)), draw.permutation(30)
    assert_close(
        ContinuousCategorical.from_mean(mu[order]).eta,
        ContinuousCategorical.from_mean(mu).eta[order],
        1e-13,
        1 / mu[order],
    )


def test_from_mean_keeps_nan_in_its_row_and_takes_no_rows():
    mu = np.array([[0.2, 0.3, 0.5], [0.2, np.nan, 0.5]])
    eta = ContinuousCategorical.from_mean(mu).eta
    assert np.isnan(eta[1]).all() and np.array_equal(eta[0], ContinuousCategorical.from_mean(mu[0]).eta)
    assert ContinuousCategorical.from_mean(np.empty((0, 3))).eta.shape == (0, 3)


@pytest.mark.parametrize("factor", [1.6, 3.0, 5.0])
def test_from_mean_shortens_a_step_that_leads_away(monkeypatch, factor):
    """Newton's full steps have not been seen to fail; here they are made too long. What one row needs is not done to others."""
    mu = np.stack([normalised(MEANS[name](10)) for name in ("random", "sparse", "one ahead of a crowd")])
    newton_step = module.newton_step
    monkeypatch.setattr(module, "newton_step", lambda *args: factor * newton_step(*args))
    found = ContinuousCategorical.from_mean(mu)
    assert_close(found.mean, mu, 1e-9, mu)
    for row, eta in zip(mu, found.eta):
        assert np.array_equal(ContinuousCategorical.from_mean(row).eta, eta)


# ---------------------------------------------------------------------------------------------------- invariances
def everything(eta, y):
    found = cc(eta)
    loss, grad = cc_cross_entropy(eta, y)
    return dict(
        loss=loss, grad_z=grad.z, grad_y=grad.y, log_partition=found.log_partition, log_norm_const=found.log_norm_const,
        mean=found.mean, variance=found.variance, covariance=found.covariance_matrix, log_prob=found.log_prob(y),
        entropy=found.entropy(), matvec=found.covariance_matvec(y), divergence=found.kl_divergence(cc(np.flip(eta, -1))),
    )  # fmt: skip


def same(found, want):
    assert found.keys() == want.keys()
    for name in found:
        np.testing.assert_array_equal(found[name], want[name], name)


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 30))
@settings(derandomize=True, deadline=None, max_examples=20)
def test_a_batch_equals_its_rows_bit_for_bit(seed, R, D):
    local = np.random.default_rng(seed)
    eta, y = local.normal(size=(R, D)) * 10.0 ** local.uniform(-3, 3, (R, 1)), local.dirichlet(np.ones(D), R)
    batch = everything(eta, y)
    same({name: value[-1] for name, value in batch.items()}, everything(eta[-1], y[-1]))


def test_an_exact_shift_changes_nothing():
    eta, y = np.round(draw.normal(size=(3, 6)) * 8) / 8, draw.dirichlet(np.ones(6), 3)
    moved, still = everything(eta + 2.0**30, y), everything(eta, y)
    assert_close(moved.pop("log_partition"), still.pop("log_partition") + 2.0**30, EPS[eta.dtype], 2.0**31)
    same(moved, still)
    assert np.all(cc(eta).kl_divergence(cc(eta + 2.0**30)) == 0)


def test_a_shift_of_float32_logits_by_1e4_costs_no_digits():
    eta = (1e4 + np.round(draw.normal(size=6) * 8) / 8).astype(np.float32)
    y = draw.dirichlet(np.ones(6)).astype(np.float32)
    assert cc_cross_entropy(eta, y).loss == cc_cross_entropy(eta - np.float32(1e4), y).loss


def test_categories_may_be_permuted():
    eta, y, order = draw.normal(size=8), draw.dirichlet(np.ones(8)), draw.permutation(8)
    moved, still = cc_cross_entropy(eta[order], y[order]), cc_cross_entropy(eta, y)
    assert_close(moved.loss, still.loss, 2e-15, 10)
    assert_close(moved.grad.z, still.grad.z[order], 1e-15)
    assert_close(cc(eta[order]).covariance_matrix, cc(eta).covariance_matrix[order][:, order], 1e-15)


@real
def test_a_category_of_weight_zero_changes_nothing_for_the_others(dtype):
    eta = draw.normal(size=(4, 6)).astype(dtype)
    hole = np.insert(eta, 3, -INF, axis=-1)
    found, want = cc(hole, dtype), cc(eta, dtype)
    assert np.all(np.isneginf(found.log_partition)) and np.all(np.isposinf(found.log_norm_const))
    assert np.all(np.isneginf(found.entropy()))
    close = lambda a, b, bound: assert_close(np.delete(a, 3, -1), b, bound, abs(b).max())
    close(found.mean, want.mean, MEAN[dtype])
    close(found.variance, want.variance, COVARIANCE[dtype])
    v = draw.normal(size=7).astype(dtype)
    close(found.covariance_matvec(v), want.covariance_matvec(np.delete(v, 3)), COVARIANCE[dtype])
    for zero in (found.mean, found.variance, found.covariance_matvec(v)):
        assert np.all(zero[:, 3] == 0)


def test_a_label_beside_a_lost_category_is_infinitely_likely_and_on_it_impossible():
    z = np.array([0.0, -INF, 1.0])
    beside, on = cc_cross_entropy(z, [0.5, 0.0, 0.5]), cc_cross_entropy(z, [0.5, 0.5, 0.0])
    assert beside.loss == -INF and on.loss == INF
    mean = np.insert(cc([0.0, 1.0]).mean, 1, 0)
    assert_close(beside.grad.z, mean - [0.5, 0.0, 0.5], 4e-16)
    assert_close(on.grad.z, mean - [0.5, 0.5, 0.0], 4e-16)
    assert np.array_equal(on.grad.y, [1, INF, 0])
    assert cc(z).log_prob([0.5, 0.0, 0.5]) == INF and cc(z).log_prob([0.5, 0.5, 0.0]) == -INF


@pytest.mark.parametrize("bad", [np.nan, INF])
def test_nan_and_infinity_stay_in_their_row(bad):
    eta, y = draw.normal(size=(3, 5)), draw.dirichlet(np.ones(5), 3)
    clean = everything(eta, y)
    eta[1, 2] = bad
    for name, value in everything(eta, y).items():
        assert np.isnan(value[1]).all(), name
        np.testing.assert_array_equal(value[[0, 2]], clean[name][[0, 2]], name)


def test_nan_in_a_label_stays_in_its_row():
    z, y = draw.normal(size=(3, 5)), draw.dirichlet(np.ones(5), 3)
    clean = cc_cross_entropy(z, y)
    y[1, 2] = np.nan
    spoilt = cc_cross_entropy(z, y)
    for before, after in ((clean.loss, spoilt.loss), (clean.grad.z, spoilt.grad.z), (clean.grad.y, spoilt.grad.y)):
        assert np.isnan(after[1]).all() and np.array_equal(after[[0, 2]], before[[0, 2]])


def test_a_row_without_a_finite_logit_is_nan():
    result = everything(np.full((1, 3), -INF), np.full((1, 3), 1 / 3))
    assert all(np.isnan(value).all() for value in result.values())


# ---------------------------------------------------------------------------------------------------- shapes and dtypes
def test_class_labels_are_one_hot():
    z, labels = draw.normal(size=(3, 5)), np.array([4, 0, 2])
    hard, soft = cc_cross_entropy(z, labels), cc_cross_entropy(z, np.eye(5)[labels])
    assert np.array_equal(hard.loss, soft.loss) and np.array_equal(hard.grad.z, soft.grad.z)
    assert hard.grad.y is None and soft.grad.y.shape == z.shape


def test_leading_axes_broadcast():
    z, y = draw.normal(size=(2, 1, 4)), draw.dirichlet(np.ones(4), 3)
    loss, grad = cc_cross_entropy(z, y)
    assert loss.shape == (2, 3) and grad.z.shape == grad.y.shape == (2, 3, 4)
    assert loss[1, 2] == cc_cross_entropy(z[1, 0], y[2]).loss
    found = cc(z)
    assert_close(-found.log_prob(y), loss, 0)
    assert found.log_prob(draw.dirichlet(np.ones(4), (7, 1, 1))).shape == (7, 2, 1)
    assert found.covariance_matvec(y).shape == (2, 3, 4)
    assert np.array_equal(found.covariance_matvec(y)[1, 2], cc(z[1, 0]).covariance_matvec(y[2]))


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0, 1)])
def test_no_rows_give_empty_results(shape):
    empty = everything(np.zeros(shape), np.zeros(shape))
    leading, D = shape[:-1], shape[-1]
    for name, value in empty.items():
        core = {"covariance": (D, D)} | dict.fromkeys(("mean", "variance", "matvec", "grad_z", "grad_y"), (D,))
        assert value.shape == leading + core.get(name, ())
    assert cc(np.zeros(shape)).sample(4).shape == (4, *shape)


def test_one_category_is_the_point_one():
    found = everything(np.array([3.0]), np.ones(1))
    assert found.pop("log_partition") == 3 and found.pop("mean") == 1
    assert all(np.all(value == 0) for value in found.values())
    assert ContinuousCategorical.from_mean([1.0]).eta == 0 and np.all(cc([5.0]).sample(3, 0) == 1)


def test_results_have_the_type_of_all_arguments():
    z, y = draw.normal(size=5), draw.dirichlet(np.ones(5))
    z_32, y_32 = z.astype(np.float32), y.astype(np.float32)
    found = cc(z_32, np.float32)
    loss, grad = cc_cross_entropy(z_32, y_32)
    moments = (
        found.log_partition,
        found.log_norm_const,
        found.mean,
        found.variance,
        found.covariance_matrix,
        found.entropy(),
    )
    for value in (
        loss,
        *grad,
        *moments,
        found.log_prob(y_32),
        found.covariance_matvec(y_32),
        found.kl_divergence(found),
    ):
        assert value.dtype == np.float32
    for value in (
        cc_cross_entropy(z_32, y).loss,
        found.log_prob(y),
        found.covariance_matvec(y),
        found.kl_divergence(cc(z)),
    ):
        assert value.dtype == np.float64
    assert found.log_prob(y) == cc(z_32).log_prob(y)  # in float64, not float32 written longer
    assert ContinuousCategorical([1, 2, 3]).mean.dtype == np.float64


def test_a_label_may_be_a_millionth_outside_the_simplex():
    assert np.isfinite(cc_cross_entropy(np.zeros(3), [0.5, 0.5 + 5e-7, -5e-7]).loss)
    assert np.isfinite(cc(np.zeros(3)).log_prob([0.5, 0.5, 5e-7]))


def test_later_changes_of_the_argument_change_nothing():
    eta = np.zeros(3)
    found = cc(eta)
    eta[0] = 9
    assert np.array_equal(found.eta, np.zeros(3)) and found.mean[0] == found.mean[1]


def test_it_introduces_itself():
    assert repr(cc(np.zeros((2, 3)), np.float32)) == "ContinuousCategorical(eta of shape (2, 3), float32)"


def test_examples_of_the_docstrings_give_what_they_show():
    tried = doctest.testmod(module)
    assert tried.failed == 0 and tried.attempted > 0


# ---------------------------------------------------------------------------------------------------- samples
@pytest.mark.claim(id="B27")
def test_samples_have_the_mean_and_covariance():
    """Averages of n draws, in standard errors: 18 normal variables stay below 5 with probability 1 - 1e-5; and the seed is fixed."""
    eta, n = np.array([[0.0, 1.0, -2.0], [20.0, 0.0, 0.0], [5.0, 5.0, 5.0]]), 20000
    found = cc(eta)
    draws = found.sample(n, rng=5)
    assert draws.shape == (n, 3, 3) and draws.min() >= 0
    assert_close(draws.sum(-1), np.ones((n, 3)), 4e-16 * 3)
    z = (draws.mean(0) - found.mean) / np.sqrt(found.variance / n)
    assert abs(z).max() < 5
    products = (draws - found.mean)[..., :, None] * (draws - found.mean)[..., None, :]
    errors = (products.mean(0) - found.covariance_matrix) / (products.std(0) / np.sqrt(n))
    assert abs(errors).max() < 5


def test_samples_come_in_the_shape_asked_for_and_again_from_the_seed():
    found = cc(np.zeros((2, 4)), np.float32)
    assert found.sample(rng=1).shape == (2, 4) and found.sample((3, 5), rng=1).shape == (3, 5, 2, 4)
    assert found.sample(3, rng=1).shape == (3, 2, 4) and found.sample((), rng=1).dtype == np.float32
    assert np.array_equal(found.sample(3, rng=1), found.sample(3, rng=np.random.default_rng(1)))
    assert not np.array_equal(found.sample(3), found.sample(3))
    assert found.sample(0).shape == (0, 2, 4)


def test_samples_stay_on_the_face():
    draws = cc([0.0, -INF, 1.0]).sample(50, rng=2)
    assert np.all(draws[:, 1] == 0) and np.all(draws[:, [0, 2]] > 0)


# ---------------------------------------------------------------------------------------------------- cupy
@pytest.mark.slow
def test_cupy_arrays_in_cupy_arrays_out(cupy, monkeypatch):
    few = module.gauss_rule()[::5]  # each node is a dozen launches
    monkeypatch.setattr(module, "gauss_rule", lambda: few)
    eta, y = draw.normal(size=(2, 3)), draw.dirichlet(np.ones(3), 2)
    eta[1, 1] = -INF
    want = everything(eta, y)
    eta, y, other = (cupy.asarray(v) for v in (eta, y, np.flip(eta, -1).copy()))
    found = ContinuousCategorical(eta)
    loss, grad = cc_cross_entropy(eta, y)
    got = dict(
        loss=loss, grad_z=grad.z, grad_y=grad.y, log_partition=found.log_partition, log_norm_const=found.log_norm_const,
        mean=found.mean, variance=found.variance, covariance=found.covariance_matrix, log_prob=found.log_prob(y),
        entropy=found.entropy(), matvec=found.covariance_matvec(y), divergence=found.kl_divergence(ContinuousCategorical(other)),
    )  # fmt: skip
    for name, value in got.items():
        size = np.maximum(1, abs(np.nan_to_num(want[name], posinf=0, neginf=0)))
        assert_close(value.get(), want[name], 1e-14, size)  # about 50 eps, as in test_cuda_on_host.py
    assert type(found.sample(3, rng=0)) is cupy.ndarray


@pytest.mark.slow
def test_from_mean_of_cupy_arrays(cupy):
    mu = np.array([[0.7, 0.3 - 1e-6, 1e-6], [0.5, 0.5, 0.0]])
    eta = ContinuousCategorical.from_mean(cupy.asarray(mu)).eta.get()
    assert_close(eta[0], ContinuousCategorical.from_mean(mu[0]).eta, 1e-14, 1 / mu[0])
    assert np.isnan(eta[1]).all()  # not inspected on a device, and not answered
