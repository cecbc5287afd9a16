"""The contour's kernels, float64 and float32, against references that use neither a contour nor a float (cc_oracle.py), and what derivations/cc.py
says of the log-partition, the means and the covariances."""

import math
from collections import Counter
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import cc_oracle as oracle
import numpy as np
import pytest
from cc_oracle import Reference
from cuda_fixtures import forget_cupy
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from derivations import cc
from kdeviz import contour

INF = np.inf
CASES = settings(derandomize=True, deadline=None, max_examples=60)

# Relative errors. log Z: to max(1, |log Z|); means: each to itself; covariances: to sqrt(C_kk C_ll).
LOG_Z = {np.float64: 1e-15, np.float32: 1e-6}
MEAN = {np.float64: 3e-15, np.float32: 2e-6}  # up to D = 1e4
MEAN_BEYOND = {np.float64: 1e-14, np.float32: 2e-6}
COVARIANCE = {np.float64: 1e-13, np.float32: 1e-5}
DOMINANT = {np.float64: 1e-12, np.float32: 1e-5}  # the variance of a class with nearly all of the weight

each_real = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


def bound_of_means(dtype, D):
    return (MEAN if D <= 10**4 else MEAN_BEYOND)[dtype]


# ---------------------------------------------------------------------------------------------------------- backends

FUNCTIONS = ("log_partition", "log_partition_and_mean", "covariance_matvec", "variance")


@pytest.fixture(params=["numpy", "numba", "cupy on host", pytest.param("cupy", marks=pytest.mark.gpu)])
def kernels(request, monkeypatch):
    """kdeviz.contour for numpy arrays in and out, computed by each backend; `.slow` where large rows take too long."""
    if request.param.startswith("cupy"):
        xp = cupy_on_host(request) if request.param == "cupy on host" else cupy_on_device()
        through = lambda name: lambda *rows: to_host(getattr(contour, name)(*(xp.asarray(a) for a in rows)))
    else:
        pytest.importorskip(request.param, reason=f"no {request.param}: pip install 'kdeviz[{request.param}]'")
        monkeypatch.setenv("KDEVIZ_BACKEND", request.param)
        through = lambda name: getattr(contour, name)
    return SimpleNamespace(slow=request.param == "cupy on host", **{name: through(name) for name in FUNCTIONS})


def cupy_on_host(request):
    return request.getfixturevalue("pretend_cupy")()


def cupy_on_device():
    real = pytest.importorskip("cupy", reason="no cupy: pip install 'kdeviz[cupy]'")
    if not real.cuda.is_available():
        pytest.skip("no CUDA device: run `pytest -m gpu` on a machine that has one")
    forget_cupy()
    return real


def to_host(found):
    return tuple(a.get() for a in found) if isinstance(found, tuple) else found.get()


# ---------------------------------------------------------------------------------------------------------- patterns
# Each is a function of D and a seeded generator. Large D repeat few values, so that there is a reference; a kernel does not see that, and ties
# are the harder case: they round alike.


def normal(D, draw, few=2000):
    """Normal logits; of many, the ends stay single and what is between is repeated."""
    drawn = np.sort(draw.normal(size=min(D, few)))
    middle = np.resize(drawn[len(drawn) // 4 : -len(drawn) // 4], max(D - len(drawn), 0))
    return np.concatenate([drawn, middle])


def ahead(D, gap, others):
    """Logits of which the first is `gap` ahead of the largest of the others."""
    others = np.asarray(others, float)[1:]
    return np.concatenate([[others.max() + gap], others])


def tiled(D, *values):
    return np.resize(np.array(values, float), D)


def heavy_tails(D, draw):
    tails = np.sinh(4 * normal(D, draw, few=400))
    return tails * max(1e6, 30 * D) / tails.max()


def crowd(D, draw):
    """One with p = 0.95, a crowd with equal p that fill up sum p^2 = 1, and many below them, which together have half of sum m = 1."""
    several = D - 1 if D < 10 or D > 10**4 else min(D // 3, 300)
    p = np.array([0.95, (0.0975 / several) ** 0.5, np.inf])
    counts = np.array([1, several, D - 1 - several])
    sigma = (0.5 if counts[2] else 1) / (p[:2] @ counts[:2])
    return -np.repeat(np.append(1 / (p[:2] * sigma), 2 * counts[2]), counts)


PATTERNS = {
    "all equal": lambda D, draw: np.full(D, 0.3),
    "pairs 1e-15 apart": lambda D, draw: np.sort(normal(D, draw))[np.arange(D) // 2] + 1e-15 * (np.arange(D) % 2),
    "spread 1e-12": lambda D, draw: 1e-12 * normal(D, draw),
    "spread 1": normal,
    "spread 30": lambda D, draw: 30 * normal(D, draw, few=400),
    "spread 1e6": lambda D, draw: 1e6 * normal(D, draw),
    "clusters at several scales": lambda D, draw: tiled(D, 0, -1e-9, -1e-8, -1, -1 - 1e-9, -100),
    "clusters far apart": lambda D, draw: tiled(D, 0, -1e-9, -50, -1000),
    "ladder down": lambda D, draw: -(2.0 ** (np.arange(D) % 48 - 40)),
    "ladder up": lambda D, draw: np.concatenate(
        [2.0 ** np.arange(22, 22 - min(D, 12), -1), normal(D - min(D, 12), draw)]
    ),
    "one far down": lambda D, draw: -ahead(D, 1e6 if D <= 40 else 1e5, tiled(D, 0, 1e-3, 0.1)),
    "one ahead by D/2": lambda D, draw: ahead(D, D / 2, normal(D, draw)),
    "one ahead by D": lambda D, draw: ahead(D, D, np.zeros(D)),
    "one ahead by D + sqrt D": lambda D, draw: ahead(D, D + D**0.5, normal(D, draw)),
    "one ahead by 2 D": lambda D, draw: ahead(D, 2 * D, np.zeros(D)),
    "one ahead by 30 D": lambda D, draw: ahead(D, 30 * D, normal(D, draw)),
    "one ahead by 1e6": lambda D, draw: ahead(D, 1e6, normal(D, draw)),
    "ten ahead by 2 D": lambda D, draw: np.where(np.arange(D) < 10, 2 * D, np.zeros(D)),
    "sqrt D ahead by D": lambda D, draw: np.where(np.arange(D) < D**0.5, D, np.zeros(D)),
    "half far down": lambda D, draw: np.where(np.arange(D) < D // 2, 0.0, -D),
    "a crowd behind one": crowd,
    "heavy tails": heavy_tails,
    "heavy tails below": lambda D, draw: -np.exp(1.3 * normal(D, draw, few=400)),
}
SIZES = (2, 3, 10, 33, 100, 1000, 10**4, 10**5, 10**6)
SIZES_OF = {np.float64: SIZES, np.float32: (2, 10, 1000, 10**5)}
# Where every thread of a GPU is one of the host's, a call takes a quarter of a second:
FEW = ("all equal", "spread 1", "clusters at several scales", "one ahead by 2 D")


def logits(name, D, dtype):
    return PATTERNS[name](D, np.random.default_rng(D)).astype(dtype)


@cache
def reference(name, D, dtype):
    return Reference(logits(name, D, dtype))


def some(eta):
    """Some of the logits: the extremes and what is between."""
    values = np.unique(eta)
    return values[np.unique(np.linspace(0, len(values) - 1, 5).astype(int).tolist() + [max(0, len(values) - 2)])]


def relative(got, want, scale=None):
    with mp.workdps(50):
        return float(abs(mp.mpf(float(got)) - want) / (abs(want) if scale is None else scale))


each_pattern = pytest.mark.parametrize("name", PATTERNS)


# ------------------------------------------------------------------------------------------------- the references


SMALL_ROWS = {
    "two": [0.3, -0.7],
    "normal": list(np.random.default_rng(0).normal(size=7)),
    "tied": [0.0] * 4 + [3.0] * 3 + [-2.0] * 2,
    "two groups": [50.0, 50.5, 50.5, 0.0, -1.0, -1.0, -1.25],
    "far groups": [0.0] * 3 + [-9.0] * 2 + [-80.0] * 3,
    "one up": [400.0, *np.random.default_rng(1).normal(size=6)],
    "pairs": [0.0, 1e-15, 1.0, 1.0 + 1e-15, 0.0],
}


@pytest.mark.parametrize("method", [None, oracle.residues, oracle.two_groups, oracle.levels])
@pytest.mark.parametrize("eta", SMALL_ROWS.values(), ids=SMALL_ROWS)
def test_references_agree_with_those_of_the_derivation(eta, method):
    found, close = Reference(eta, method), mp.mpf(10) ** -30
    with mp.workdps(50):
        assert abs(found.log_Z() - (cc.log_partition_exact(eta, 40) - mp.mpf(max(eta)))) < close
        mean, covariance = cc.mean_exact(eta, 40), cc.covariance_exact(eta, 32)
        for k, value in enumerate(eta):
            assert abs(found.mean(value) / mean[k] - 1) < close
            for l, other in enumerate(eta):
                assert abs(found.covariance(value, other, k == l) - covariance[k, l]) < close


def as_nodes(eta):
    return dict(sorted(Counter(Fraction(v) - Fraction(max(eta)) for v in eta).items(), reverse=True))


@pytest.mark.parametrize("D, gap", [(10, 3), (1000, 700), (10**4, 2 * 10**4), (10**6, 10**6)])
def test_references_of_one_ahead_are_an_incomplete_gamma_function(D, gap):
    """Z = gap^(1-D) P(D - 1, gap), the regularized one: cc-one-hot."""
    found = Reference(ahead(D, gap, np.zeros(D))).log_Z()
    with mp.workdps(60):
        n = D - 1
        if gap > n:  # the other end of the integral: its series has a common ratio below n/gap
            term = total = mp.exp(-gap + (n - 1) * mp.log(gap) - mp.loggamma(n))
            for k in range(n - 1, 0, -1):
                term *= mp.mpf(k) / gap
                total += term
                if term < mp.mpf(10) ** -60:
                    break
            kept = 1 - total
        else:
            term = total = mp.exp(-gap + n * mp.log(gap) - mp.loggamma(n + 1))
            k = n
            while term > mp.mpf(10) ** -60:
                k += 1
                term *= mp.mpf(gap) / k
                total += term
            kept = total
        assert abs(found - (mp.log(kept) - n * mp.log(gap))) < mp.mpf(10) ** -28


@pytest.mark.parametrize("D, h", [(8, 20.0), (30, 0.5), (2000, 2.0**-6), (10**4, 2.0**-12)])
def test_references_of_equal_steps_are_elementary(D, h):
    """Z = ((e^h - 1)/h)^(D-1)/(D-1)! for the steps 0, h, 2 h, ...: cc-grid."""
    found = Reference(h * np.arange(D)).log_Z()
    with mp.workdps(50):
        h = mp.mpf(h)
        assert abs(found - ((D - 1) * (mp.log(mp.expm1(h) / h) - h) - mp.loggamma(D))) < mp.mpf(10) ** -28


@pytest.mark.parametrize(
    "name, D", [("one ahead by D", 10**5), ("half far down", 10**4), ("clusters far apart", 10**6)]
)
def test_reference_means_sum_to_1_and_their_covariances_to_0(name, D):
    values, counts = np.unique(logits(name, D, np.float64), return_counts=True)
    found = reference(name, D, np.float64)
    with mp.workdps(50):
        assert abs(mp.fsum(int(n) * found.mean(v) for v, n in zip(values, counts)) - 1) < mp.mpf(10) ** -28
        for v in values:
            others = mp.fsum((int(n) - (u == v)) * found.covariance(v, u) for u, n in zip(values, counts))
            assert abs(others + found.covariance(v, v, same=True)) < mp.mpf(10) ** -28 * found.mean(v)


@pytest.mark.parametrize("name, D", [("spread 1", 33), ("one ahead by D + sqrt D", 1000), ("clusters far apart", 1000)])
def test_reference_means_are_derivatives_of_the_reference_log_partition(name, D):
    """Central differences over 2^-30, by moving one category: their error is of order 1e-18 of the third derivative."""
    eta, step = logits(name, D, np.float64), 2.0**-30
    k = int(np.argmax(eta))
    eta = eta - eta[k] + 1  # the largest at 1, so that it moves by exact steps
    moved = [np.where(np.arange(D) == k, 1 + sign * step, eta) for sign in (1, -1)]
    with mp.workdps(50):
        up, down = (Reference(row).log_Z() + mp.mpf(row.max()) for row in moved)
        assert abs((up - down) / (2 * mp.mpf(step)) - Reference(eta).mean(1.0)) < 1e-17


# ------------------------------------------------------------------------------------------------------- accuracy


ON_HOST = {"test_variance_of_a_dominant_class_keeps_its_digits": 10, "test_a_batch_equals_its_rows_bit_for_bit": 7}


def left_out(test, kernels=None, name=None, D=None, method=None, eta=None, **_):
    """A host's threads are slow: they get few patterns and small rows. A reference for two groups needs two groups."""
    if method is oracle.two_groups:
        return max(oracle.split(as_nodes(eta))[:2]) > oracle.CLOSE
    return kernels == "cupy on host" and (name not in (None, *FEW) or D != ON_HOST.get(test, D))


def sizes(kernels, on_host):
    """The few sizes that a host takes for a GPU; None elsewhere."""
    return on_host if kernels.slow else None


def assert_meets(kernels, name, D, dtype):
    """log Z and means are right, equal logits have equal means bit for bit, and the means sum to 1."""
    eta = logits(name, D, dtype)
    top, log_Z, mean = (a[0] for a in kernels.log_partition_and_mean(eta[None]))
    assert (top.dtype, log_Z.dtype, mean.dtype) == 3 * (dtype,) and top == eta.max()
    want, bound = reference(name, D, dtype), bound_of_means(dtype, D)
    assert relative(log_Z, want.log_Z(), max(1, abs(want.log_Z()))) <= LOG_Z[dtype], D
    values, first, of_value = np.unique(eta, return_index=True, return_inverse=True)
    assert np.array_equal(mean, mean[first][of_value]), D
    for value in some(eta):
        assert relative(mean[first][values == value][0], want.mean(value)) <= bound, (D, value)
    assert abs(math.fsum(mean.astype(float)) - 1) <= bound, D


@each_pattern
@each_real
def test_log_partition_and_means_meet_the_references(kernels, name, dtype):
    for D in sizes(kernels, (2, 10, 33)) or SIZES_OF[dtype]:
        assert_meets(kernels, name, D, dtype)


def test_rows_of_any_size_meet_the_references(kernels):
    draw = np.random.default_rng(7)
    for _ in range(5 if kernels.slow else 60):
        D, name = int(10 ** draw.uniform(np.log10(2), 1 if kernels.slow else 3.7)), draw.choice(list(PATTERNS))
        assert_meets(kernels, str(name), D, np.float64)


@each_pattern
@each_real
def test_covariances_meet_the_references(kernels, name, dtype):
    """By products with unit vectors; each column sums to 0, and the diagonal is what variance() gives."""
    for D in sizes(kernels, (2, 10)) or (2, 3, 10, 33, 1000, 10**4):
        eta, want = logits(name, D, dtype), reference(name, D, dtype)
        chosen = np.array([np.flatnonzero(eta == value)[-1] for value in some(eta)[-4:]])
        units = (np.arange(D) == chosen[:, None]).astype(dtype)
        columns = kernels.covariance_matvec(np.tile(eta, (len(chosen), 1)), units)
        variances = kernels.variance(eta[None])[0]
        assert columns.dtype == variances.dtype == dtype
        scale = {k: mp.sqrt(want.covariance(eta[k], eta[k], same=True)) for k in chosen}
        for k in chosen:
            assert relative(variances[k], scale[k] ** 2) <= COVARIANCE[dtype], (D, k)
            for l, column in zip(chosen, columns):
                wanted = want.covariance(eta[k], eta[l], same=k == l)
                assert relative(column[k], wanted, scale[k] * scale[l]) <= COVARIANCE[dtype], (D, k, l)
        room = COVARIANCE[dtype] * np.sqrt(variances.astype(float)).sum() * np.sqrt(variances[chosen])
        assert np.all(abs(columns.sum(1, dtype=float)) <= room), D


@each_real
@pytest.mark.parametrize("D", [2, 3, 10, 33, 1000])
@pytest.mark.parametrize("gap", [30.0, 200.0, 1e4, 1e6])
def test_variance_of_a_dominant_class_keeps_its_digits(kernels, D, gap, dtype):
    """It is next to nothing beside the square of the mean: at a gap of 1e6 of two, 1e-12."""
    eta = ahead(D, D * gap, normal(D, np.random.default_rng(D))).astype(dtype)
    want = Reference(eta).covariance(eta.max(), eta.max(), same=True)
    k = int(np.argmax(eta))
    unit = (np.arange(D) == k).astype(dtype)
    assert relative(kernels.variance(eta[None])[0, k], want) <= DOMINANT[dtype]
    assert relative(kernels.covariance_matvec(eta[None], unit[None])[0, k], want) <= DOMINANT[dtype]


@CASES
@given(eta=st.lists(st.floats(-20, 20), min_size=2, max_size=5))
def test_covariance_is_the_derivative_of_the_exact_mean(eta):
    """Central differences of exact means over 1e-12, an error of order 1e-24."""
    step, eta = Fraction(1, 10**12), np.array(eta)
    unit = np.eye(len(eta))[:1]
    column, spread = contour.covariance_matvec(eta[None], unit)[0], np.sqrt(contour.variance(eta[None])[0])
    up, down = (
        cc.mean_exact([Fraction(e) + sign * step * (k == 0) for k, e in enumerate(eta)], 45) for sign in (1, -1)
    )
    with mp.workdps(50):
        slopes = [(a - b) * 10**12 / 2 for a, b in zip(up, down)]
        assert all(abs(mp.mpf(c) - slope) <= 1e-13 * s * spread[0] for c, slope, s in zip(column, slopes, spread))


# ----------------------------------------------------------------------------------------------------- properties

numbers = st.floats(allow_nan=False, allow_infinity=False)
extreme = st.sampled_from([0.0, 1e308, -1e308, 1.7e308, 5e-324, -5e-324, 1e-310, -2.2e-308, 1.0, 1e16])
any_finite = st.lists(st.one_of(numbers, extreme), min_size=1, max_size=12)
rows = st.lists(st.floats(-200, 200), min_size=2, max_size=12)
seeds = st.integers(0, 10**6)


def moments(eta):
    """(top, log Z, mean) of one row."""
    return tuple(a[0] for a in contour.log_partition_and_mean(np.asarray(eta)[None]))


@settings(CASES, max_examples=200)
@given(any_finite, st.sampled_from([np.float64, np.float32]))
def test_finite_logits_never_give_nan(eta, dtype):
    """Also where a gap overflows, or is subnormal."""
    with np.errstate(over="ignore"):
        eta = np.clip(np.array(eta), np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype)
    top, log_Z, mean = moments(eta)
    assert top == eta.max() and not np.isnan(log_Z) and log_Z < np.inf
    assert np.all(mean >= 0) and np.all(mean <= 1 + MEAN[dtype]) and abs(math.fsum(mean) - 1) <= MEAN[dtype]
    for found in (contour.variance(eta[None]), contour.covariance_matvec(eta[None], np.eye(len(eta), dtype=dtype)[:1])):
        assert np.isfinite(found).all()


@CASES
@given(rows, st.randoms(use_true_random=False))
def test_order_of_the_categories_does_not_matter(eta, random):
    order = random.sample(range(len(eta)), len(eta))
    eta = np.array(eta)
    (_, log_Z, mean), (_, moved_log_Z, moved) = moments(eta), moments(eta[order])
    assert abs(log_Z - moved_log_Z) <= 2 * LOG_Z[np.float64] * max(1, abs(log_Z))
    assert np.all(abs(mean[order] - moved) <= 2 * MEAN[np.float64] * moved)


@CASES
@given(st.lists(st.integers(-(2**20), 2**20), min_size=2, max_size=12), st.integers(-(2**30), 2**30))
def test_common_shift_moves_the_top_alone(eta, shift):
    """Bit for bit, where the logits take it without rounding."""
    eta = np.array(eta) / 2**10
    (top, log_Z, mean), (moved_top, moved_log_Z, moved) = moments(eta), moments(eta + shift)
    assert moved_top == top + shift and moved_log_Z == log_Z and np.array_equal(moved, mean)


@CASES
@given(rows, st.floats(1e-3, 10), seeds)
def test_means_grow_with_their_logit_and_fall_with_those_of_others(eta, rise, seed):
    eta, k = np.array(eta), seed % len(eta)
    mean = moments(eta)[2]
    assert np.all(np.diff(mean[np.argsort(eta)]) >= -2 * MEAN[np.float64] * mean.max())
    raised = moments(np.where(np.arange(len(eta)) == k, eta + rise, eta))[2]
    slack = 2 * MEAN[np.float64] * mean
    assert raised[k] >= mean[k] - slack[k] and np.all(np.delete(raised - mean - slack, k) <= 0)


@CASES
@given(rows, seeds)
def test_covariance_is_positive_semidefinite_and_its_rows_sum_to_zero(eta, seed):
    eta = np.array(eta)
    D, v = len(eta), np.random.default_rng(seed).normal(size=len(eta))
    matrix = contour.covariance_matvec(np.tile(eta, (D, 1)), np.eye(D))
    spread = np.sqrt(contour.variance(eta[None])[0])
    room = COVARIANCE[np.float64] * spread * spread.sum()
    assert np.all(abs(matrix.sum(1)) <= room) and np.all(abs(matrix.sum(0)) <= room)
    assert v @ contour.covariance_matvec(eta[None], v[None])[0] >= -COVARIANCE[np.float64] * (abs(v) @ spread) ** 2
    assert np.all(abs(contour.covariance_matvec(eta[None], np.ones((1, D)))[0]) <= room)


@CASES
@given(rows, st.integers(1, 5), seeds)
def test_a_category_of_weight_zero_changes_nothing(eta, absent, seed):
    eta, draw = np.array(eta), np.random.default_rng(seed)
    present = draw.permutation(np.arange(len(eta) + absent) < len(eta))
    wide = np.full(len(present), -INF)
    wide[present] = eta
    (top, log_Z, mean), expected = moments(wide), moments(eta)
    assert top == expected[0] and log_Z == -INF and np.all(mean[~present] == 0)
    assert np.all(abs(mean[present] - expected[2]) <= 2 * MEAN[np.float64] * expected[2])
    variance, of_present = contour.variance(wide[None])[0], contour.variance(eta[None])[0]
    assert np.all(variance[~present] == 0)
    assert np.all(abs(variance[present] - of_present) <= 2 * COVARIANCE[np.float64] * of_present)


def mixed(D, dtype):
    """Rows that different kernels serve: flat ones, dominated ones, ties, a weight of zero, none but infinities, NaN."""
    draw = np.random.default_rng(D)
    some_rows = [PATTERNS[name](D, draw) for name in PATTERNS]
    bad = [np.where(np.arange(D) == 0, value, draw.normal(size=D)) for value in (-INF, INF, np.nan)]
    return np.array([*some_rows[:9], *bad, np.full(D, -INF), *some_rows[9:]]).astype(dtype)


@each_real
@pytest.mark.parametrize("D", [1, 2, 7, 33, 600, 5000])
def test_a_batch_equals_its_rows_bit_for_bit(kernels, D, dtype):
    eta = mixed(max(D, 2), dtype)[:: 7 if kernels.slow else 1, :D].copy()
    v = np.random.default_rng(1).normal(size=eta.shape).astype(dtype)
    every = lambda eta, v: [
        *kernels.log_partition_and_mean(eta),
        *kernels.log_partition(eta),
        kernels.covariance_matvec(eta, v),
        kernels.variance(eta),
    ]
    together = every(eta, v)
    for i in range(len(eta)):
        for whole, alone in zip(together, every(eta[i : i + 1], v[i : i + 1])):
            np.testing.assert_array_equal(whole[i], alone[0])


@each_real
def test_log_partition_is_that_which_comes_with_the_mean(kernels, dtype):
    eta = mixed(7 if kernels.slow else 33, dtype)[:: 9 if kernels.slow else 1].copy()
    top, log_Z = kernels.log_partition(eta)
    with_mean = kernels.log_partition_and_mean(eta)
    np.testing.assert_array_equal(top, with_mean[0])
    finite = np.isfinite(with_mean[1])
    np.testing.assert_array_equal(np.isnan(log_Z), np.isnan(with_mean[1]))
    np.testing.assert_allclose(log_Z[finite], with_mean[1][finite], rtol=2 * LOG_Z[dtype])


@each_real
@pytest.mark.parametrize("bad", [[np.nan, 0.0, 1.0], [INF, 0.0, 1.0], [-INF, -INF, -INF], [np.nan, INF, -INF]])
def test_a_bad_row_is_nan_and_no_other(kernels, bad, dtype):
    eta = np.array([[0.0, 1.0, 2.0], bad, [0.0, -INF, 0.0]], dtype)
    v = np.ones_like(eta)
    _, log_Z, mean = kernels.log_partition_and_mean(eta)
    for found in (log_Z[:, None], mean, kernels.covariance_matvec(eta, v), kernels.variance(eta)):
        assert np.isnan(found[1]).all() and not np.isnan(found[[0, 2]]).any()
    assert np.all(abs(mean[2] - [0.5, 0, 0.5]) <= MEAN[dtype] * mean[2])


@each_real
def test_one_category_has_all_the_weight(kernels, dtype):
    eta = np.array([[3.0], [-1e30], [0.0]], dtype)
    top, log_Z, mean = kernels.log_partition_and_mean(eta)
    assert np.array_equal(top, eta[:, 0])
    assert np.all(abs(log_Z) <= LOG_Z[dtype]) and np.all(abs(mean - 1) <= MEAN[dtype])
    assert np.array_equal(kernels.variance(eta), np.zeros((3, 1)))
    assert np.array_equal(kernels.covariance_matvec(eta, np.ones((3, 1), dtype)), np.zeros((3, 1)))


@each_real
def test_no_rows_give_empty_results(kernels, dtype):
    eta = np.empty((0, 3), dtype)
    shapes = [a.shape for a in kernels.log_partition_and_mean(eta)]
    assert shapes == [(0,), (0,), (0, 3)] and kernels.variance(eta).shape == (0, 3)
    assert kernels.covariance_matvec(eta, eta).shape == (0, 3)
