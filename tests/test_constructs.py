"""What a declaration may say beyond sums and maxima, each against exact arithmetic: in numpy, in CUDA on the host, in numba.

Sums of log remainders, sums with compensation, error-free splitting, constant tables, arrays that the threads of a CUDA block share.
"""

import re
from fractions import Fraction

import cuda_program
import mpmath
import numpy as np
import pytest
import sympy as sp
from languages import Languages, names

from kdeviz.codegen import build, evaluate
from kdeviz.codegen.declare import Coarse, Index, Kernel, Sum, Upper, array, remainder
from kdeviz.codegen.numba import module as numba_text
from kdeviz.kernels.cupy import launch
from kdeviz.kernels.numpy.cc_contour import TABLES

R, D, N = sp.symbols("R D N", integer=True, positive=True)
row, k, node = Index("row", R), Index("k", D), Index("node", N, short=True)
x, y, c = array("x")[row, k], array("y")[row, k], array("c")[row, node]
real, imaginary, out, table = array("real_sum")[row], array("imaginary_sum")[row], array("out"), array("t")[node]
each_real = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
EPS = {dtype: float(np.finfo(dtype).eps) for dtype in (np.float32, np.float64)}


def kernel(outputs, inputs=(x,), where=None, nest=(row, k), **options):
    options = {"threads": k} | options
    return Kernel("k1", "A test.", nest, {i: "." for i in inputs}, outputs, where or {}, **options)


# ------------------------------------------------------------------------------------------------------ log remainders
PHI = kernel(dict(zip((real, imaginary), remainder(x, y, k))), (x, y))


def phi(xi):
    """(real, imaginary) of the sum of xi - log(1 + xi), exactly enough."""
    with mpmath.workdps(60):
        total = mpmath.fsum(t - mpmath.log(1 + t) for t in (mpmath.mpc(complex(v)) for v in xi))
    return total.real, total.imag


def assert_remainder(got, xi, bound):
    """The imaginary part counts up to turns."""
    want = phi(xi)
    assert abs(got[0][0] - want[0]) <= bound, float(abs(got[0][0] - want[0]) / bound)
    off = float(got[1][0] - want[1])
    assert abs(off - 2 * np.pi * round(off / (2 * np.pi))) <= bound


def terms(xi, dtype):
    """The arrays of one row, and the terms as they are after rounding."""
    xs, ys = xi.real.astype(dtype)[None], xi.imag.astype(dtype)[None]
    return {"x": xs, "y": ys}, xs[0].astype(float) + 1j * ys[0].astype(float)


def disk(n, radius, seed=0):
    rng = np.random.default_rng(seed)
    return radius * np.sqrt(rng.uniform(size=n)) * np.exp(2j * np.pi * rng.uniform(size=n))


@each_real
@pytest.mark.parametrize("n", [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 127, 128, 129, 1000, 5000])
def test_a_sum_of_log_remainders_is_accurate_for_any_number_of_terms(run, n, dtype):
    """Groups and blocks that are full, or lack one term, or have one more.

    |1 + xi| is at least 1/2; on the contour it is at least 0.84. The product of a group must not come near 0: next test but one.
    """
    arrays, xi = terms(disk(n, 0.5), dtype)
    assert_remainder(run(PHI, **arrays), xi, 8 * EPS[dtype] * max(1, np.abs(xi).sum()))


@each_real
@pytest.mark.parametrize("radius", [1e-12, 1e-6, 1e-3])
def test_small_terms_of_a_remainder_keep_their_digits(run, radius, dtype):
    """Of 1 + xi, eps would be lost; of the product less 1, an eps of the terms themselves."""
    arrays, xi = terms(disk(300, radius), dtype)
    assert_remainder(run(PHI, **arrays), xi, 4 * EPS[dtype] * np.abs(xi).sum())


@each_real
@pytest.mark.parametrize("near", [0.3, 0.03])
def test_terms_near_minus_one_lose_what_their_square_says(run, near, dtype):
    """|1 + xi|^2 is the sum of two numbers near 1: an eps over |1 + xi|^2."""
    xi = disk(40, 0.5)
    xi[[3, 20]] = -1 + near * np.exp([1j, 2j])
    arrays, xi = terms(xi, dtype)
    assert_remainder(run(PHI, **arrays), xi, 8 * EPS[dtype] * np.abs(xi).sum() / near**2)


@each_real
@pytest.mark.parametrize("n", [1, 2, 4, 8, 16, 31, 32, 64])
def test_a_group_of_factors_finds_room(run, n, dtype):
    """The farthest node of the rule for the precision, where n equal categories have the largest product: all p are 1/sqrt(n)."""
    rule = TABLES[np.dtype(dtype).name]
    far = complex(rule["zeta_x"][-1], rule["zeta_y"][-1]) / np.sqrt(n)
    apart = np.zeros(32 * n, complex)
    apart[::32] = far  # all of them one thread's
    for xi in (np.full(n, far), apart):
        arrays, xi = terms(xi, dtype)
        assert_remainder(run(PHI, **arrays), xi, 16 * EPS[dtype] * np.abs(xi).sum())


@each_real
def test_a_remainder_of_no_terms_is_zero(run, dtype):
    got = run(PHI, x=np.empty((2, 0), dtype), y=np.empty((2, 0), dtype))
    assert all(a.dtype == dtype and np.array_equal(a, np.zeros(2)) for a in got)


def test_nan_in_a_remainder_stays_in_its_row(run):
    xs = np.tile(disk(200, 0.5).real, (3, 1))
    xs[1, 150] = np.nan
    got = run(PHI, x=xs, y=0.1 + 0 * xs)
    assert all(np.array_equal(np.isnan(a), [False, True, False]) and a[0] == a[2] for a in got)


def test_evaluation_of_a_remainder_is_the_sum_as_it_is_written():
    xi = disk(5, 0.9)
    at = {"x": xi.real[None], "y": xi.imag[None]}
    values = evaluate(PHI, at)
    with mpmath.workdps(50):
        for got, want in zip(values.values(), phi(xi)):
            assert abs(got[0] - want) < mpmath.mpf(10) ** -45
    small = evaluate(PHI, {name: 1e-12 * a for name, a in at.items()})["real_sum"][0]
    assert abs(small / phi(1e-12 * xi)[0] - 1) < 1e-15


# ------------------------------------------------------------------------------------------------------ compensated sums
TOTAL = kernel({out[row]: Sum(x, k)})
MILLION = 10**6
# n of these add up without rounding up to n = 128; adding the blocks is what loses digits.
ODD = {np.float64: 1 + 2.0**-46, np.float32: 1 + 2.0**-16}


@each_real
def test_a_million_equal_terms_lose_less_than_a_unit_in_the_last_place(run, dtype):
    (got,) = run(TOTAL, x=np.full((1, MILLION), ODD[dtype], dtype))
    want = Fraction(ODD[dtype]) * MILLION
    assert abs(Fraction(float(got[0])) - want) <= Fraction(float(np.spacing(dtype(MILLION))))


@each_real
def test_the_plain_sum_of_the_same_blocks_would_lose_many(dtype):
    """So the test above can fail."""
    total = dtype(0)
    for _ in range(MILLION // 128):
        total += dtype(128 * ODD[dtype])
    lost = Fraction(ODD[dtype]) * 128 * (MILLION // 128) - Fraction(float(total))
    assert abs(lost) > 20 * Fraction(float(np.spacing(dtype(MILLION))))


@pytest.mark.parametrize(
    "special, want",
    [
        ((np.inf,), np.inf),
        ((-np.inf,), -np.inf),
        ((np.inf, -np.inf), np.nan),
        ((np.nan,), np.nan),
        ((1e308, 1e308, 1e308), np.inf),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, 20000, 39000], ids=["first block", "middle", "last block"])
def test_infinities_stay_infinite_and_nan_stays_nan(run, special, want, place):
    """Blocks follow the one with the infinity: what rounding has taken from it must not be inf - inf."""
    terms = np.ones((3, 40000))
    for number, value in enumerate(special):
        terms[1, (place + 8192 * number) % 40000] = value  # one thread's, in blocks of their own
    (got,) = run(TOTAL, x=terms)
    np.testing.assert_array_equal(got, [40000, want, 40000])


# ------------------------------------------------------------------------------------------------------ error-free splitting
SPLIT = kernel({out[row, k]: Upper(x), array("rounded")[row, k]: Coarse(x)})
GRID = {np.float64: 2**26, np.float32: 2**12}
BITS = {np.float64: 26, np.float32: 12}


def fractions(a):
    return [Fraction(float(v)) for v in a.ravel()]


@each_real
def test_splitting_loses_nothing(run, dtype):
    """The parts add up to x exactly, products of two upper parts are exact, and coarse ones are whole multiples of the grid."""
    rng = np.random.default_rng(0)
    numbers = np.concatenate(
        [rng.uniform(-1, 1, 500), 2.0 ** rng.uniform(-30, 0, 200), [0, 1, 1 - EPS[dtype] / 2, 0.5]]
    )
    numbers = numbers.astype(dtype)[None]
    upper, coarse = run(SPLIT, x=numbers)
    assert upper.dtype == coarse.dtype == dtype
    for part, place in ((upper, "relative"), (coarse, "absolute")):
        rest = (numbers - part).astype(dtype)
        assert all(a + b == v for a, b, v in zip(fractions(part), fractions(rest), fractions(numbers)))
        unit = np.abs(numbers) if place == "relative" else 1.0
        assert (np.abs(rest) <= unit * 2.0 ** -(BITS[dtype] - (place == "relative"))).all()
    assert all(Fraction(float(dtype(v) * dtype(v))) == Fraction(float(v)) ** 2 for v in upper.ravel())
    products = zip(upper.ravel(), coarse.ravel())
    assert all(Fraction(float(a * b)) == Fraction(float(a)) * Fraction(float(b)) for a, b in products)
    assert all((v * GRID[dtype]).denominator == 1 for v in fractions(coarse))


@each_real
def test_a_sum_of_coarse_numbers_is_exact(run, dtype):
    """4000 numbers below 1 on the grid: no addition rounds, in whatever order."""
    numbers = np.random.default_rng(1).uniform(0, 1, (1, 4000)).astype(dtype)
    (got,) = run(kernel({out[row]: Sum(Coarse(x), k)}), x=numbers)
    want = sum(Fraction(round(v * GRID[dtype]), GRID[dtype]) for v in fractions(numbers))
    assert Fraction(float(got[0])) == want


def test_splitting_is_the_identity_to_exact_evaluation():
    (value,) = evaluate(kernel({out[row, k]: Upper(x) + 2 * Coarse(x)}), {"x": [[0.1]]})["out"][0]
    with mpmath.workdps(50):
        assert value == 3 * mpmath.mpf(0.1)


# ------------------------------------------------------------------------------------------------------ tables
VALUES = {
    "float64": [sp.sqrt(2) ** n / sp.pi for n in range(40)]
    + [sp.Rational(1, 3), sp.Integer(-7), sp.exp(sp.Rational(-9, 7))],
    "float32": [sp.cosh(sp.Rational(n, 12)) for n in range(5)],
}
WITH_TABLE = kernel(
    {out[row]: Sum(c * table, node)}, (c, table), nest=(row, node), threads=node, tables={table: VALUES}
)


def nearest(expression):
    """The double nearest to an exact expression, by 60 digits of mpmath alone."""
    with mpmath.workdps(60):
        return float(sp.N(expression, 60)._to_mpmath(mpmath.mp.prec))


def test_tables_hold_each_exact_expression_rounded_once_in_order():
    assert names(build(WITH_TABLE).numpy_text)["TABLES"] == {
        dtype: {"t": [nearest(v) for v in values]} for dtype, values in VALUES.items()
    }


def columns_of_rule(a, b, c, h, nodes):
    """The columns of a table, typed here from the formula: zeta(u) = c + a (1 - cosh u) + i b sinh u, w = h zeta'(u)/(i pi)."""
    a, b, c, h = (mpmath.mpf(v.numerator) / v.denominator for v in map(Fraction, (a, b, c, h)))
    places = [(j + mpmath.mpf(1) / 2) * h for j in range(nodes)]
    return {
        "zeta_x": [float(c + a * (1 - mpmath.cosh(u))) for u in places],
        "zeta_y": [float(b * mpmath.sinh(u)) for u in places],
        "w_x": [float(h / mpmath.pi * b * mpmath.cosh(u)) for u in places],
        "w_y": [float(h / mpmath.pi * a * mpmath.sinh(u)) for u in places],
    }


def test_the_rules_of_the_contour_are_rounded_once_from_their_formula():
    with mpmath.workdps(60):
        of_all = columns_of_rule("9/4", "18/5", "2/5", "7/120", 60)
        of_balanced = columns_of_rule("6", "8", "9/10", "3/50", 30)
        assert TABLES["float64"] == {name: of_all[name] + of_balanced[name] for name in of_all}
        assert TABLES["float32"] == columns_of_rule("9/4", "18/5", "2/5", "7/60", 24)


def test_a_table_is_an_argument_that_all_rows_share(run):
    rng = np.random.default_rng(0)
    rows, numbers = rng.normal(size=(3, 43)), np.array([nearest(v) for v in VALUES["float64"]])
    (got,) = run(WITH_TABLE, c=rows, t=numbers)
    np.testing.assert_allclose(got, rows @ numbers, rtol=1e-14)


# ------------------------------------------------------------------------------------------------------ arrays that threads share, order of loops
W, T, V = array("W")[row, node], array("T")[row], array("V")[row, node]
OF_SHARES = {out[row, k]: Sum(sp.exp(-V * x**2), node)}
TURNED = {"nest": (row, k, node), "cuda_nest": (row, node, k)}
SHARED = kernel(OF_SHARES, (x, c), {W: sp.exp(c), T: Sum(W, node), V: W / T}, **TURNED)
OF_ALL = kernel(OF_SHARES, (x, c), {W: sp.exp(c * Sum(x, k)), T: Sum(W, node), V: W / T}, **TURNED)


def shared_rows(R, D, N):
    rng = np.random.default_rng(0)
    return {"x": rng.uniform(0, 1, (R, D)) / D, "c": rng.normal(size=(R, N))}


@pytest.mark.parametrize("declared", [SHARED, OF_ALL], ids=["from inputs", "from a sum of all threads"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 4), (3, 70, 7)], ids=str)
def test_an_array_that_all_threads_read_has_the_right_values(run, declared, shape):
    arrays = shared_rows(*shape)
    weight = np.exp(arrays["c"] * (1 if declared is SHARED else arrays["x"].sum(1, keepdims=True)))
    share = weight / weight.sum(1, keepdims=True)
    want = np.exp(-share[:, None] * arrays["x"][..., None] ** 2).sum(2)
    (got,) = run(declared, **arrays)
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_what_all_threads_know_is_stored_by_one_behind_barriers():
    text = build(SHARED).cuda_text
    assert re.search(r"if \(threadIdx\.x == 0\) W\[node\] = ", text)
    body = text.partition("extern")[2]
    assert body.count("__syncthreads();") == 2 and "REAL *W = scratch; scratch += N;" in body


BARRIER = r"\n *__syncthreads\(\);"


def without_barrier(number):
    """The kernel's text without its first or second barrier."""

    def spoil(text):
        head, kernel_text = text.split("extern", 1)
        first, *rest = re.split(BARRIER, kernel_text)
        assert len(rest) == 2
        kept = "\n        __syncthreads();"
        return head + "extern" + first + (rest[0] + kept + rest[1] if number == 0 else kept + rest[0] + rest[1])

    return spoil


@pytest.fixture
def run_thread_sanitizer(pretend_cupy, monkeypatch):
    monkeypatch.setattr(launch, "BLOCKS", 1)  # one block does all rows, one after another
    return Languages("cuda", pretend_cupy(sanitizer="thread"), monkeypatch)


@pytest.mark.parametrize("declared", [SHARED, OF_ALL], ids=["from inputs", "from a sum of all threads"])
def test_the_thread_sanitizer_finds_nothing_in_shared_arrays(run_thread_sanitizer, declared):
    run_thread_sanitizer(declared, **shared_rows(3, 40, 4))


@pytest.mark.parametrize("number", [0, 1], ids=["behind the loop", "at the end of the row"])
def test_the_thread_sanitizer_sees_a_missing_barrier(run_thread_sanitizer, number):
    with pytest.raises(cuda_program.KernelFailed, match="data race"):
        run_thread_sanitizer(SHARED, without_barrier(number), **shared_rows(3, 40, 4))


def test_a_store_by_every_thread_is_seen(run_thread_sanitizer):
    spoil = lambda text: text.replace("if (threadIdx.x == 0) W[", "W[")
    with pytest.raises(cuda_program.KernelFailed, match="data race"):
        run_thread_sanitizer(SHARED, spoil, **shared_rows(3, 40, 4))


def test_cuda_has_loops_in_an_order_of_its_own():
    """Over nodes outside and categories inside, where the other languages have it the other way round."""
    pair = array("pair")[row, k, node]
    declared = kernel({out[row]: Sum(Sum(pair, k) ** 2, node)}, (pair,), nest=(row, k, node), cuda_nest=(row, node, k))
    innermost = lambda text: re.findall(r"\bfor (?:\(long long )?(\w+) ", text.partition("pair[row")[0])[-1]
    assert innermost(build(declared).cuda_text.partition("extern")[2]) == "k"
    assert innermost(numba_text([declared], "test").partition("def _k1")[2]) == "node"
    arrays = {"pair": np.random.default_rng(0).normal(size=(2, 5, 3))}
    assert abs(build(declared)(**arrays)[0] - (arrays["pair"].sum(1) ** 2).sum(1)).max() < 1e-14


# ------------------------------------------------------------------------------------------------------ seeded bugs in the runtimes
def million():
    (got,) = yield TOTAL, {"x": np.full((1, MILLION), ODD[np.float64])}
    assert abs(Fraction(float(got[0])) - Fraction(ODD[np.float64]) * MILLION) <= Fraction(float(np.spacing(1e6)))


def infinity():
    (got,) = yield TOTAL, {"x": np.where(np.arange(40000) == 5, np.inf, 1.0)[None]}
    assert got[0] == np.inf


def remainders(n, radius, bound):
    arrays, xi = terms(disk(n, radius), np.float64)
    got = yield PHI, arrays
    assert_remainder(got, xi, bound * EPS[np.float64] * np.abs(xi).sum())


def splitting():
    numbers = np.random.default_rng(0).uniform(0, 1, (1, 200))
    upper, coarse = yield SPLIT, {"x": numbers}
    assert all(Fraction(float(v * v)) == Fraction(float(v)) ** 2 for v in upper.ravel())
    assert all((v * GRID[np.float64]).denominator == 1 for v in fractions(coarse))
    assert (np.abs(numbers - coarse) <= 2.0**-26).all()


# Sums over the blocked index of numpy: 7813 blocks of 128.
Z = array("z")[row, k, node]
IN_BLOCKS = kernel({out[row, node]: Sum(Z, k)}, (Z,), nest=(row, k, node), cuda_nest=(row, node, k), blocked=k)


def blocks(first=1.0):
    terms = np.full((1, MILLION, 1), ODD[np.float64])
    terms[0, 0] *= first
    (got,) = yield IN_BLOCKS, {"z": terms}
    want = Fraction(ODD[np.float64]) * MILLION
    assert (
        got[0, 0] == first
        if np.isinf(first)
        else abs(Fraction(float(got[0, 0])) - want) <= Fraction(float(np.spacing(1e6)))
    )


CHECKS = {
    "blocks": blocks,
    "blocks with an infinity": lambda: blocks(np.inf),
    "odd": lambda: remainders(7, 0.5, 8),
    "million": million,
    "infinity": infinity,
    "few": lambda: remainders(40, 0.5, 8),
    "many": lambda: remainders(5000, 0.5, 8),
    "small": lambda: remainders(300, 1e-9, 4),
    "splitting": splitting,
}
# fmt: off
CUDA = {
    "sign_of_the_product": (r"x\*product_x - y\*product_y", "x*product_x + y*product_y", "few"),
    "product_without_its_last_term": (r"product_y \+= y \+ \(x\*product_y \+ y\*product_x\)", "product_y += y + x*product_y", "few"),
    "product_changed_before_it_is_read": (r"(REAL turned = .*\n)(.*\n)    product_x \+= turned;", r"\1    product_x += turned;\n\2", "few"),
    "first_terms_forgotten": (r"first_y \+= y;", "", "few"),
    "group_not_added": (r"accumulate_group\(remainder_x.*\);", "", "few"),
    "no_accumulation_of_a_part": (r"accumulate\(sum_y, .*\);", "", "few"),
    "logarithm_of_1_plus_a_product": (r"log1p\((product_x\*.*?product_y)\)", r"log(REAL(1) + (\1))", "small"),
    "logarithm_of_a_modulus_not_halved": (r"/REAL\(2\)\)", ")", "few"),
    "angle_the_wrong_way_round": (r"atan2\(product_y, REAL\(1\) \+ product_x\)", "atan2(REAL(1) + product_x, product_y)", "few"),
    "nothing_given_back": (r"\(raised - total\) - whole : REAL\(0\)", "REAL(0) : REAL(0)", "million"),
    "given_back_with_the_wrong_sign": (r"whole = part - rest", "whole = part + rest", "million"),
    "rest_of_an_infinity": (r"raised - raised == REAL\(0\) \?", "true ?", "infinity"),
    "splitter_of_too_few_digits": (r": 134217729", ": 1025", "splitting"),
    "grid_too_fine": (r": 100663296", ": 50331648", "splitting"),
    "grid_too_coarse": (r": 100663296", ": 402653184", "splitting"),
}
NUMPY = {
    "sign_of_the_product": (r"a \* x - b \* y", "a * x + b * y", "few"),
    "first_terms_of_a_pair_forgotten": (r"first_x\[: len\(x\)\] \+= x", "pass", "few"),
    "odd_term_forgotten": (r"x\[half:\], y\[half:\]", "x[: len(x) // 2], y[: len(y) // 2]", "odd"),
    "odd_term_left_out_of_a_sum": (r"paired\[0\] \+= x\[-1\]", "pass", "many"),
    "logarithm_of_1_plus_a_product": (r"np\.log1p\(modulus, out=modulus\)", "np.log(1 + modulus)", "small"),
    "logarithm_of_a_modulus_not_halved": (r"out=modulus\) / 2", "out=modulus)", "few"),
    "angle_the_wrong_way_round": (r"np\.arctan2\(product_y, product_x", "np.arctan2(product_x, product_y", "few"),
    "splitter_of_too_few_digits": (r"2\*\*27 \+ 1", "2**10 + 1", "splitting"),
    "grid_too_fine": (r"1\.5 \* 2\*\*26", "1.5 * 2**25", "splitting"),
}
NUMPY_IN_BLOCKS = {
    "nothing_given_back": (r"\(raised - total\) - whole, 0", "0, 0", "blocks"),
    "given_back_with_the_wrong_sign": (r"whole = part - rest", "whole = part + rest", "blocks"),
    "rest_of_an_infinity": (r"np\.where\(np\.isfinite\(raised\), (.*), 0\)", r"\1", "blocks with an infinity"),
}
NUMBA = {
    "sign_of_the_product": (r"x \* product_x - y \* product_y", "x * product_x + y * product_y", "few"),
    "first_terms_forgotten": (r"first_x \+ x, first_y \+ y", "first_x + x, first_y", "few"),
    "no_accumulation_of_a_part": (r"sum_y, rest_y = _accumulate\(sum_y.*\)", "pass", "few"),
    "nothing_given_back": (r"\(raised - total\) - whole", "rest - rest", "million"),
    "grid_too_fine": (r"100663296\.0", "50331648.0", "splitting"),
}
# fmt: on


def check(name, run, spoil=lambda text: text):
    steps = CHECKS[name]()
    declared, arrays = next(steps)
    try:
        steps.send(run(declared, spoil, **arrays))
    except StopIteration:
        pass


BUGS = {"cuda": CUDA, "numpy": NUMPY | NUMPY_IN_BLOCKS, "numba": NUMBA}
ALL = [(language, name) for language, mutations in BUGS.items() for name in mutations]
USED = sorted({(language, mutations[name][-1]) for language, mutations in BUGS.items() for name in mutations})


@pytest.fixture
def runner(request, monkeypatch):
    """A function from a language to what runs it."""
    return lambda language: Languages(
        language, request.getfixturevalue("pretend_cupy")() if language == "cuda" else None, monkeypatch
    )


@pytest.mark.parametrize("language, name", USED)
def test_the_unmutated_runtime_passes(runner, language, name):
    check(name, runner(language))


@pytest.mark.parametrize("language, mutation", ALL)
def test_a_bug_in_the_runtime_is_seen(runner, language, mutation):
    pattern, replacement, name = BUGS[language][mutation]
    changed = []

    def spoil(text):
        spoilt, count = re.subn(pattern, replacement, text, count=1)
        changed.append(count == 1 and spoilt != text)
        return spoilt

    with pytest.raises(AssertionError):
        check(name, runner(language), spoil)
    assert changed == [True], f"{pattern!r} changes nothing: adapt it to the generated text"
