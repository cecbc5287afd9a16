"""The public functions without bins: loss, gradients, EM steps and Hessian products of every kernel against the integral as it is declared.

The oracle takes log K(u) from derivations/kde_ce.py and integrates by tanh-sinh at 20 digits between all places where a kernel has a kink.
"""

from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath.calculus.quadrature import TanhSinh

from derivations.kde_ce import circular_kernels, line_kernels, turn, u
from kdeviz import em_step, kde, kde_cross_entropy, kde_hessian_vector_product

LINE, CIRCLE = [(name, None) for name in line_kernels], [(name, 2.5) for name in circular_kernels]
EXACT = [(name, period) for name in kde.EXACT for period in (None, 2.5)]
BOUND = {np.float64: (1e-12, 1e-12), np.float32: (2e-6, 2e-6)}  # of the loss, of the gradients
each_kernel = pytest.mark.parametrize("kernel, period", LINE + CIRCLE)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


@cache
def log_kernel(name, on_circle):
    """(log K, its slopes in u and in the period over h), as functions of mpmath numbers u and turn."""
    expression = (circular_kernels if on_circle else line_kernels)[name]
    place, scale = sp.symbols("u turn", real=True)
    parts = [expression, sp.diff(expression, u), sp.diff(expression, turn)]
    plain = [sp.sympify(part).xreplace({u: place, turn: scale}) for part in parts]
    return [sp.lambdify((place, scale), part, "mpmath") for part in plain]


class Integral:
    """One row. `nodes`: (place, weight), the weights sum to 1; `log_K`, `r`: of each node and point."""

    def __init__(self, kernel, z, points, a, b, h, period=None):
        exactly = lambda v: [mpmath.mpf(float(x)) for x in np.ravel(v)]
        self.z, self.points, (self.a, self.b, self.h) = exactly(z), exactly(points), exactly([a, b, h])
        self.period, self.kernel = mpmath.mpf(period) if period else None, log_kernel(kernel, bool(period))
        total = mpmath.fsum(map(mpmath.exp, self.z))
        self.S = [mpmath.exp(z) / total for z in self.z]
        self.nodes = [(x, w / (self.b - self.a)) for piece in self.pieces() for x, w in piece]
        self.log_p, self.r, self.slopes = zip(*(self.mixture(x) for x, _ in self.nodes))

    def distance(self, x, point):
        d = x - point
        return d - self.period * mpmath.floor(d / self.period + 0.5) if self.period else d

    def pieces(self):
        """Nodes of tanh-sinh between kinks, on pieces no wider than h."""
        shifts = [i * self.h for i in (-1, 0, 1)] + ([self.period / 2] if self.period else [])
        turns = [i * self.period for i in range(-3, 4)] if self.period else [0]
        kinks = {x + s + t for x in self.points for s in shifts for t in turns}
        cuts = sorted({self.a, self.b} | {k for k in kinks if self.a < k < self.b})
        for low, high in zip(cuts, cuts[1:]):
            count = int(mpmath.ceil((high - low) / self.h))
            for i in range(count):
                ends = (low + (high - low) * (i + k) / count for k in (0, 1))
                nodes = TanhSinh(mpmath.mp).get_nodes(*ends, 5, mpmath.mp.prec)
                whole = mpmath.fsum(w for _, w in nodes)  # the rule's step is not in its weights
                yield [(x, w * (high - low) / count / whole) for x, w in nodes]

    def mixture(self, x):
        """(log p, responsibilities, slopes of log K in u and turn) at x; a node that rounding puts on a kink is the limit of its neighbours."""
        rho = self.period / self.h if self.period else mpmath.mpf(1)
        us = [self.distance(x, point) / self.h for point in self.points]
        joint = [S * mpmath.exp(self.kernel[0](u, rho)) for S, u in zip(self.S, us)]
        p = mpmath.fsum(joint)
        slopes = [
            (self.kernel[1](u, rho), u, rho * self.kernel[2](u, rho)) if k else (0, 0, 0) for k, u in zip(joint, us)
        ]
        return mpmath.log(p), [k / p for k in joint], slopes

    def mean(self, values):
        return mpmath.fsum(w * v for (_, w), v in zip(self.nodes, values) if w)

    def results(self):
        """{name: number or list}: the loss and its gradients."""
        J = range(len(self.z))
        loss, R = -self.mean(self.log_p), self.responsibilities()
        pull = [mpmath.fsum(r * s[0] for r, s in zip(*of)) for of in zip(self.r, self.slopes)]
        along = [mpmath.fsum(r * (s[0] * s[1] + s[2]) for r, s in zip(*of)) for of in zip(self.r, self.slopes)]
        share = [(x - self.a) / (self.b - self.a) for x, _ in self.nodes]
        return {
            "loss": loss,
            "z": [self.S[j] - R[j] for j in J],
            "points": [self.mean([r[j] * s[j][0] for r, s in zip(self.r, self.slopes)]) / self.h for j in J],
            "h": self.mean(along) / self.h,
            "a": -self.mean([p * (1 - t) for p, t in zip(pull, share)]) / self.h,
            "b": -self.mean([p * t for p, t in zip(pull, share)]) / self.h,
        }

    def responsibilities(self):
        return [self.mean([r[j] for r in self.r]) for j in range(len(self.z))]

    def hessian_product(self, v):
        v = [mpmath.mpf(float(x)) for x in v]
        mean_of = lambda weights: mpmath.fsum(w * x for w, x in zip(weights, v))
        prior, own = mean_of(self.S), [mean_of(r) for r in self.r]
        second = [self.mean([r[j] * (v[j] - m) for r, m in zip(self.r, own)]) for j in range(len(v))]
        return [self.S[j] * (v[j] - prior) - second[j] for j in range(len(v))]


def case(kernel, dtype=np.float64, seed=1, J=5, h=0.5):
    """One row that every kernel explains: two of the points lie near the middle of the target. float32 holds it exactly."""
    draw = np.random.default_rng(seed)
    points = draw.uniform(-0.5, 1.4, J)
    points[:2] = 0.3, 0.75
    row = draw.normal(size=J), points, draw.uniform(0, 0.1), draw.uniform(0.9, 1), h
    return tuple(np.asarray(v, np.float32).astype(dtype) for v in row)


@cache
def oracle(kernel, period):
    """(the integral, the loss and its gradients) of the row of a kernel."""
    with mpmath.workdps(20):
        integral = Integral(kernel, *case(kernel), period)
        return integral, integral.results()


def assert_near(got, want, bound, scale=1):
    want = np.array(want, float)
    assert np.shape(got) == want.shape
    error = np.max(np.abs(np.asarray(got, float) - want), initial=0) / float(scale)
    assert error <= bound, f"{error:.1e} exceeds {bound:.1e}"


METHODS = [(kernel, period, "quadrature") for kernel, period in LINE + CIRCLE if kernel != "box"]
METHODS += [(kernel, period, "exact") for kernel, period in EXACT]


@each_dtype
@pytest.mark.parametrize("kernel, period, method", METHODS)
def test_loss_and_gradients_meet_the_integral(kernel, period, method, dtype):
    row = case(kernel, dtype)
    loss, grad = kde_cross_entropy(*row, kernel=kernel, period=period, method=method)
    _, want = oracle(kernel, period)
    by_loss, by_grad = BOUND[dtype]
    assert loss.dtype == grad.z.dtype == dtype
    assert_near(loss, want["loss"], by_loss, max(1, abs(want["loss"])))
    assert_near(grad.z, want["z"], by_grad)
    if kernel != "box":  # whose slope is no function: its gradients are the jumps of log p, test_box_integral.py
        for name in ("points", "h", "a", "b"):
            assert_near(getattr(grad, name), want[name], by_grad, 1 / float(row[-1]))


@pytest.mark.claim(id="A5")
@pytest.mark.parametrize("kernel, period", EXACT)
def test_exact_integrals_are_exact_to_the_last_digits(kernel, period):
    row = case(kernel)
    loss, grad = kde_cross_entropy(*row, kernel=kernel, period=period)
    _, want = oracle(kernel, period)
    assert_near(loss, want["loss"], 1e-14)
    assert_near(grad.z, want["z"], 1e-14)


@each_dtype
@each_kernel
def test_em_step_meets_the_oracle(kernel, period, dtype):
    row = case(kernel, dtype)
    integral, _ = oracle(kernel, period)
    with mpmath.workdps(20):
        R = integral.responsibilities()
        want = np.array([float(mpmath.log(share)) if share else -np.inf for share in R])
    got = em_step(*row, kernel=kernel, period=period)
    seen = np.isfinite(want)
    assert got.dtype == dtype and np.array_equal(np.isfinite(got), seen)
    assert_near(got[seen], want[seen], BOUND[dtype][0] * 5)


@each_dtype
@each_kernel
def test_hessian_product_meets_the_oracle(kernel, period, dtype):
    row, v = case(kernel, dtype), np.array([1, -2, 0.5, 3, 0.25], dtype)
    integral, _ = oracle(kernel, period)
    with mpmath.workdps(20):
        want = integral.hessian_product(v)
    got = kde_hessian_vector_product(*row, v, kernel=kernel, period=period)
    assert got.dtype == dtype
    assert_near(got, want, BOUND[dtype][1] * 5)


@pytest.mark.parametrize("kernel, period", [("laplace", None), ("gaussian", None), ("laplace", 2.5), ("box", None)])
def test_em_step_knows_the_smallest_responsibilities(kernel, period):
    """A logit of -1e4 has a responsibility of e^-1e4, which no difference of weights holds."""
    z, points, *rest = case(kernel, seed=5)
    z = np.where(np.arange(5) == 1, -1e4, z)
    new = em_step(z, points, *rest, kernel=kernel, period=period)
    nearly = em_step(np.where(np.arange(5) == 1, -30, z), points, *rest, kernel=kernel, period=period)
    assert abs((new[1] + 1e4) - (nearly[1] + 30)) < 1e-9


# ------------------------------------------------------------------------------------------------------ one method against another
@pytest.mark.parametrize("kernel, period", [pair for pair in EXACT if pair[0] != "box"])
def test_the_closed_form_is_what_quadrature_finds(kernel, period):
    draw = np.random.default_rng(6)
    z, v = draw.normal(size=(2, 20, 7))
    points = draw.permuted(np.linspace(-0.7, 1, 7) + draw.uniform(-0.1, 0.1, (20, 7)), axis=1)
    arguments = z, points, -0.4, 0.7, 0.6
    exact, nodes = (
        kde_cross_entropy(*arguments, kernel=kernel, period=period, method=m, zero="skip")
        for m in ("exact", "quadrature")
    )
    for got, want in zip((exact.loss, *exact.grad), (nodes.loss, *nodes.grad)):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-11, equal_nan=True)
    for function in (em_step, lambda *a, **k: kde_hessian_vector_product(*a, v, **k)):
        got, want = (function(*arguments, kernel=kernel, period=period, method=m) for m in ("exact", "quadrature"))
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-11)


@each_kernel
def test_many_bins_come_near_to_it(kernel, period):
    z, points, a, b, h = case(kernel, seed=7)
    without = kde_cross_entropy(z, points, a, b, h, kernel=kernel, period=period)
    bins = kde_cross_entropy(z, points, a, b, h, kernel=kernel, period=period, bins=20000)
    assert abs(without.loss - bins.loss) < 1e-3 and np.abs(without.grad.z - bins.grad.z).max() < 1e-3


# ------------------------------------------------------------------------------------------------------ meanings
def test_auto_is_bins_where_they_are_given_and_exact_where_it_can_be():
    row = case("laplace")
    of = lambda **options: kde_cross_entropy(*row, **options)
    assert of().loss == of(method="exact").loss != of(bins=9).loss == of(method="bins", bins=9).loss
    assert of(kernel="cauchy").loss == of(kernel="cauchy", method="quadrature").loss


@pytest.mark.parametrize(
    "kernel, period", [("laplace", None), ("triangular", None), ("gaussian", None), ("laplace", 4.0)]
)
def test_leading_axes_broadcast_and_a_batch_equals_its_rows(kernel, period):
    draw = np.random.default_rng(9)
    z, points, h, v = (
        draw.normal(size=(2, 1, 6)),
        draw.uniform(0, 1, (3, 6)),
        draw.uniform(0.5, 1, (2, 1)),
        draw.normal(size=6),
    )
    options = {"kernel": kernel, "period": period, "zero": "skip"}
    loss, grad = kde_cross_entropy(z, points, 0.0, 1.0, h, **options)
    new, product = (
        em_step(z, points, 0.0, 1.0, h, **options),
        kde_hessian_vector_product(z, points, 0.0, 1.0, h, v, **options),
    )
    assert loss.shape == grad.h.shape == (2, 3) and grad.z.shape == new.shape == product.shape == (2, 3, 6)
    for i, j in np.ndindex(2, 3):
        row = z[i, 0], points[j], 0.0, 1.0, h[i, 0]
        alone = kde_cross_entropy(*row, **options)
        for whole, one in zip((loss, *grad), (alone.loss, *alone.grad)):
            assert np.array_equal(whole[i, j], one)
        assert np.array_equal(new[i, j], em_step(*row, **options))
        assert np.array_equal(product[i, j], kde_hessian_vector_product(*row, v, **options))


@each_kernel
@pytest.mark.parametrize("where", ["z", "points"])
def test_nan_makes_its_row_nan_and_no_other(kernel, period, where):
    z, points, *rest = (np.stack([v, v, v]) for v in case(kernel, seed=10))
    clean = kde_cross_entropy(z, points, *rest, kernel=kernel, period=period)
    {"z": z, "points": points}[where][1, 2] = np.nan
    loss, grad = kde_cross_entropy(z, points, *rest, kernel=kernel, period=period)
    new = em_step(z, points, *rest, kernel=kernel, period=period)
    product = kde_hessian_vector_product(z, points, *rest, np.ones(5), kernel=kernel, period=period)
    for value, was in zip((loss, *grad), (clean.loss, *clean.grad)):
        assert np.isnan(value[1]).all() and np.array_equal(value[[0, 2]], was[[0, 2]])
    assert np.isnan(new[1]).all() and np.isnan(product[1]).all() and not np.isnan(new[0]).any()


@pytest.mark.parametrize("kernel", ["box", "triangular", "epanechnikov"])
def test_a_place_without_density_costs_infinitely_much_or_is_skipped(kernel):
    z, points = np.zeros(2), np.array([0.1, 0.9])
    loss, grad = kde_cross_entropy(z, points, 0.0, 1.0, 0.2, kernel=kernel)
    assert loss == np.inf and np.isfinite(grad.z).all() and np.isnan([grad.h, grad.a, grad.b, *grad.points]).all()
    skipped = kde_cross_entropy(z, points, 0.0, 1.0, 0.2, kernel=kernel, zero="skip")
    bins = kde_cross_entropy(z, points, 0.0, 1.0, 0.2, kernel=kernel, zero="skip", bins=20000)
    assert abs(skipped.loss - bins.loss) < 1e-3 and np.abs(skipped.grad.z - bins.grad.z).max() < 1e-3


def test_quadrature_gives_no_number_for_a_gap_that_it_cannot_integrate():
    """The gradients grow without bound towards the edge of a support."""
    points = np.array([1.375, -0.25, 1, 1.375, 1.375])
    with pytest.raises(ValueError, match="quadrature needs more than .* Pass `bins`"):
        kde_cross_entropy(np.zeros(5), points, 0, 1, 0.5, kernel="triangular", zero="skip", method="quadrature")


def test_an_interval_for_a_point_explains_what_it_holds():
    lo, hi = np.array([-0.5, 0.25, 0.2]), np.array([0.5, 2.0, 0.75])
    loss, grad = kde_cross_entropy(np.log([1.0, 2.0, 5.0]), (lo, hi), 0.0, 1.0, None, kernel="box")
    pieces = np.array([0.2, 0.05, 0.25, 0.25, 0.25]), np.array([1, 6, 8, 7, 2]) / 8
    assert abs(loss + (pieces[0] * np.log(pieces[1])).sum()) < 1e-15
    jumps = np.log(
        [1 / 6, 6 / 8, 8 / 7, 7 / 2]
    )  # at 0.2, 0.25, 0.5, 0.75: a border that moves up lengthens the piece below
    np.testing.assert_allclose(grad.points[0], [0, -jumps[1], -jumps[0]], atol=1e-14)
    np.testing.assert_allclose(grad.points[1], [-jumps[2], 0, -jumps[3]], atol=1e-14)
    assert grad.h is None


@pytest.mark.parametrize("period", [None, 2.0])
def test_em_step_and_hessian_of_intervals_are_those_of_many_bins(period):
    draw = np.random.default_rng(13)
    z, v, lo, length = draw.normal(size=(4, 3, 6)) / 2
    points = np.append(lo, [[-1.0]] * 3, 1), np.append(lo + abs(length), [[0.9]] * 3, 1)
    z, v = np.append(z, [[0.0]] * 3, 1), np.append(v, [[1.0]] * 3, 1)
    options = {"kernel": "box", "period": period}
    exact, bins = (em_step(z, points, 0.0, 0.9, None, **options, **more) for more in ({}, {"bins": 30000}))
    np.testing.assert_allclose(np.exp(exact), np.exp(bins), atol=1e-3)
    assert abs(np.exp(exact).sum(-1) - 1).max() < 1e-14
    product = lambda **more: kde_hessian_vector_product(z, points, 0.0, 0.9, None, v, **options, **more)
    np.testing.assert_allclose(product(), product(bins=30000), atol=1e-3)


@pytest.mark.parametrize("kernel", ["box", "triangular", "epanechnikov"])
def test_em_step_and_hessian_are_of_what_is_explained(kernel):
    z, points, v = np.array([0.0, 1.0, 0.5]), np.array([0.1, 0.2, 0.9]), np.array([1.0, -1.0, 2.0])
    arguments, options = (points, 0.0, 1.0, 0.2), {"kernel": kernel}
    assert kde_cross_entropy(z, *arguments, **options).loss == np.inf
    exact, bins = (em_step(z, *arguments, **options, **more) for more in ({}, {"bins": 30000}))
    np.testing.assert_allclose(exact, bins, atol=2e-3)
    exact, bins = (kde_hessian_vector_product(z, *arguments, v, **options, **more) for more in ({}, {"bins": 30000}))
    np.testing.assert_allclose(exact, bins, atol=2e-3)


@pytest.mark.parametrize(
    "kernel, period", [("laplace", None), ("gaussian", None), ("von_mises", 2.5), ("epanechnikov", None)]
)
def test_a_target_of_almost_no_width_is_a_place(kernel, period):
    z, points, a, _, h = case(kernel, seed=11)
    narrow = kde_cross_entropy(z, points, a, a + 1e-9, h, kernel=kernel, period=period)
    place = kde_cross_entropy(z, points, None, None, h, kernel=kernel, period=period, bins=(np.array([a]), np.ones(1)))
    assert abs(narrow.loss - place.loss) < 1e-8 and np.abs(narrow.grad.z - place.grad.z).max() < 1e-8


@pytest.mark.parametrize("kernel", [name for name, _ in CIRCLE])
def test_on_a_circle_a_target_may_be_one_place(kernel):
    z, points, a, _, h = case(kernel, seed=12)
    one = kde_cross_entropy(z, points, a, a, h, kernel=kernel, period=2.5)
    place = kde_cross_entropy(z, points, a, a, h, kernel=kernel, period=2.5, bins=1)
    np.testing.assert_allclose(one.loss, place.loss, rtol=1e-13)
    np.testing.assert_allclose(one.grad.z, place.grad.z, atol=1e-13)


@pytest.mark.parametrize(
    "kernel, period", [(name, None) for name in kde.EXACT] + [("laplace", 2.5), ("box", 2.5), ("gaussian", 2.5)]
)
def test_cupy_arrays_give_what_numpy_arrays_give(cupy, kernel, period):
    z, points, *rest = (np.stack([v, v[::-1] if v.ndim else v]) for v in case(kernel))
    v, options = np.arange(10.0).reshape(2, 5), {"kernel": kernel, "period": period}
    on_device = [cupy.asarray(a) for a in (z, points, *rest)]
    for function, more in ((kde_cross_entropy, []), (em_step, []), (kde_hessian_vector_product, [v])):
        want = function(z, points, *rest, *more, **options)
        got = function(*on_device, *map(cupy.asarray, more), **options)
        pairs = zip((got.loss, *got.grad), (want.loss, *want.grad)) if function is kde_cross_entropy else [(got, want)]
        for ours, theirs in pairs:
            np.testing.assert_allclose(ours.get(), theirs, rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ properties
rows_of_4 = st.lists(st.floats(-3, 3), min_size=4, max_size=4).map(np.array)


@settings(max_examples=50, deadline=None)
@given(rows_of_4, rows_of_4, st.floats(0.3, 3))
def test_em_step_lowers_the_loss_by_the_divergence_at_least(z, points, h):
    before, new = kde_cross_entropy(z, points, 0.0, 1.0, h).loss, em_step(z, points, 0.0, 1.0, h)
    R, S = np.exp(new), np.exp(z - np.logaddexp.reduce(z))
    divergence = np.where(R > 0, R * np.log(R / S), 0).sum()
    assert abs(R.sum() - 1) < 1e-13
    assert kde_cross_entropy(new, points, 0.0, 1.0, h).loss <= before - divergence + 1e-13


@settings(max_examples=50, deadline=None)
@given(rows_of_4, rows_of_4, rows_of_4, st.floats(0.3, 3))
def test_the_curvature_lies_between_minus_a_half_and_a_half(z, points, v, h):
    product = kde_hessian_vector_product(z, points, 0.0, 1.0, h, v)
    assert abs(product.sum()) < 1e-13 and abs(v @ product) <= v @ v / 2 + 1e-13
