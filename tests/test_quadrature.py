"""Quadrature of the KDE cross-entropy against integrals in mpmath, whose panels are graded around every place known to be hard."""

import warnings
from functools import cache
from itertools import combinations

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from mpmath.calculus.quadrature import GaussLegendre
from oracle import assert_close

from derivations import kde_ce as bins
from derivations import quadrature as derivation
from kdeviz import quadrature
from kdeviz.losses import kernels
from kdeviz.quadrature import quadrature_rows

INF = np.inf
DIGITS = 30
KERNELS = [("gaussian", None), ("cauchy", None), ("gaussian", 3.0), ("cauchy", 3.0), ("von_mises", 3.0)]
FIELDS = ("loss", "z", "points", "h", "a", "b")


def ids(kernel):
    return kernel[0] + ("_on_circle" if kernel[1] else "")


def bins_kernel(name, circular):
    return getattr(kernels(np, "kde_ce"), ids((name, circular)))


def as_rows(z, points, a, b, h, period=None, dtype=float):
    """Rows of a bins kernel without its bins."""
    z, points = np.array(z, dtype, ndmin=2), np.array(points, dtype, ndmin=2)
    line = dict(a=a, b=b, h=h, log_floor=-INF) | ({} if period is None else dict(period=period))
    return dict(z=z, points=points) | {name: np.full(len(z), v, dtype) for name, v in line.items()}


def random_rows(seed, R, J, h, period=None, spread=2.0):
    draw = np.random.default_rng(seed)
    return as_rows(spread * draw.normal(size=(R, J)), draw.uniform(-1, 2, (R, J)), 0.0, 1.0, h, period)


def integrated(name, rows, **options):
    """quadrature_rows as {field: array}, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = quadrature_rows(np, bins_kernel(name, "period" in rows), rows, name, **options)
    return dict(zip(FIELDS, out, strict=True))


def take(rows, which):
    return {name: np.ascontiguousarray(a[which]) for name, a in rows.items()}


# ---------------------------------------------------------------------------------------------------- the oracle
@cache
def formulas(name, circular):
    """log K(u, rho), its derivative in u, and u k_u + rho k_rho, in mpmath, from the derivation."""
    k = (bins.circular_kernels if circular else bins.line_kernels)[name]
    by_u, by_scale = sp.diff(k, bins.u), bins.u * sp.diff(k, bins.u) + bins.turn * sp.diff(k, bins.turn)
    u, rho = sp.symbols("u rho", real=True)
    return [
        sp.lambdify((u, rho), f.xreplace({bins.u: u, bins.turn: rho}).doit(), "mpmath") for f in (k, by_u, by_scale)
    ]


@cache
def gauss_nodes(degree):
    with mp.workdps(DIGITS + 5):
        return GaussLegendre(mp.mp).calc_nodes(degree, mp.mp.prec)


def log_sum(terms):
    return mp.log(sum(mp.exp(v - max(terms)) for v in terms)) + max(terms)


class Oracle:
    """Loss and gradients of one row as integrals in mpmath; gradients in a and b from the integral's ends."""

    def __init__(self, name, z, points, a, b, h, log_floor=None, period=None):
        self.name, self.period = name, mp.mpf(period) if period else None
        self.a, self.b, self.h = map(mp.mpf, (a, b, h))
        self.z = [mp.mpf(v) for v in z if v > -INF]
        self.points = [mp.fmod(mp.mpf(x), self.period) if period else mp.mpf(x) for x, v in zip(points, z) if v > -INF]
        self.formulas = formulas(name, period is not None)
        self.log_total = log_sum(self.z)

    def distances(self, x):
        return [x - y - (self.period * mp.nint((x - y) / self.period) if self.period else 0) for y in self.points]

    def log_joint(self, x):
        rho = self.period / self.h if self.period else None
        return [v + self.formulas[0](d / self.h, rho) for v, d in zip(self.z, self.distances(x))]

    def log_p(self, x):
        return log_sum(self.log_joint(x)) - self.log_total

    def integrands(self, x):
        """log p, h dlog p/dh, responsibilities, and responsibilities times k'."""
        log_joint, rho = self.log_joint(x), self.period / self.h if self.period else None
        log_sum_joint = log_sum(log_joint)
        R = [mp.exp(v - log_sum_joint) for v in log_joint]
        slopes, stretches = ([f(d / self.h, rho) for d in self.distances(x)] for f in self.formulas[1:])
        return [log_sum_joint - self.log_total, mp.fdot(R, stretches), *R, *(r * s for r, s in zip(R, slopes))]

    def hard_places(self):
        """(place, width): cusps and poles at the points, and where the two largest components are equally large."""
        if self.name in ("cauchy", "laplace"):
            yield from ((x, self.h) for x in self.images())
        for place, width in self.crossings() if self.name != "cauchy" and len(self.z) > 1 else ():
            second, first = sorted(self.log_joint(place))[-2:]
            if first - second < 80 and 2 * self.a - self.b < place < 2 * self.b - self.a:
                yield place, width

    def images(self):
        return [x + n * self.period for x in self.points for n in (-1, 0, 1)] if self.period else self.points

    def crossings(self):
        if self.name == "von_mises":
            yield from self.crossings_of_cosines()
            return
        every = [(v, x) for v, x in zip(np.repeat(self.z, 3 if self.period else 1), self.images())]
        for (v, x), (w, y) in combinations(sorted(every, key=lambda pair: pair[1]), 2):
            if y > x:  # the slopes of the two exponents differ by 2/h, or by (y - x)/h^2
                width = self.h / 2 if self.name == "laplace" else self.h**2 / (y - x)
                yield (x + y) / 2 + width * (v - w), width

    def crossings_of_cosines(self):
        """cos(s - x) - cos(s - y) = 2 sin((x - y)/2) sin(s - (x + y)/2) in units of the turn; and where it is largest, or nearly a crossing."""
        turn = self.period / (2 * mp.pi)
        for (v, x), (w, y) in combinations(zip(self.z, self.points), 2):
            height = 2 * (turn / self.h) ** 2 * mp.sin((x - y) / (2 * turn))
            found = [(mp.pi / 2, 1 / mp.sqrt(abs(height))), (-mp.pi / 2, 1 / mp.sqrt(abs(height)))] if height else []
            if abs(height) > abs(w - v):
                angle = mp.asin((w - v) / height)
                found += [(angle, 1 / abs(height)), (mp.pi - angle, 1 / abs(height))]
            for angle, width in found:
                yield from (((x + y) / 2 + turn * angle + n * self.period, turn * width) for n in (-2, -1, 0, 1, 2))

    def edges(self):
        """Ends of panels: at kinks, and at doubling distances from every hard place."""
        ends = {self.a, self.b}
        if self.period:
            ends |= {x + n * self.period / 2 for x in self.images() for n in (-1, 1)}
        for place, width in self.hard_places():
            while width < max(abs(self.a - place), abs(self.b - place)):
                ends |= {place - width, place + width}
                width *= 2
            ends.add(place)
        return sorted(x for x in ends if self.a <= x <= self.b)

    def integrals(self, degree=4):
        total, edges = 0, self.edges()
        for left, right in zip(edges[:-1], edges[1:]):
            for x, w in gauss_nodes(degree):
                place = (left + right + (right - left) * x) / 2
                total = total + w * (right - left) / 2 * np.array(self.integrands(place))
        return total / (self.b - self.a)

    def answer(self, degree=4):
        """{field: float64}"""
        log_p, stretch, *others = self.integrals(degree)
        R, pulls = np.split(np.array(others), 2)
        S = np.array([mp.exp(v - self.log_total) for v in self.z])
        ends = [self.log_p(x) for x in (self.a, self.b)]
        width = self.b - self.a
        values = (-log_p, S - R, pulls / self.h, stretch / self.h, (ends[0] - log_p) / width, (log_p - ends[1]) / width)
        return dict(zip(FIELDS, (np.array(v).astype(float) for v in values), strict=True))


def oracles(name, rows, degree=4):
    with mp.workdps(DIGITS):
        found = []
        for i in range(len(rows["z"])):
            row = {key: a[i].tolist() for key, a in rows.items()}
            answer = Oracle(name, **row).answer(degree)
            for field in ("z", "points"):  # a removed point has gradients 0
                whole = np.zeros(len(row["z"]))
                whole[rows["z"][i] > -INF] = answer[field]
                answer[field] = whole
            found.append(answer)
    return {field: np.array([answer[field] for answer in found]) for field in FIELDS}


def worst(got, want, h):
    """The largest error of all fields, relative to the scales that quadrature_rows names."""
    H = np.maximum(1, abs(h * want["h"]))
    scale = dict(
        loss=np.maximum(1, abs(want["loss"])),
        z=1.0,
        points=(np.sqrt(H) / h)[:, None],
        h=H / h,
        a=np.sqrt(H) / h,
        b=np.sqrt(H) / h,
    )
    return {field: np.max(abs(got[field] - want[field]) / scale[field]) for field in FIELDS}


def assert_meets_oracle(name, rows, bound=1e-12):
    errors = worst(integrated(name, rows), oracles(name, rows), rows["h"].astype(float))
    assert max(errors.values()) <= bound, errors


# ---------------------------------------------------------------------------------------------------- accuracy
@pytest.mark.parametrize("h", [3e-3, 0.3, 10.0])
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_quadrature_meets_the_oracle(kernel, h):
    assert_meets_oracle(kernel[0], random_rows(1, 1, 4, h, kernel[1]), 2e-14)


HOSTILE = {
    "one point": ([0.3], [0.4], 0.0, 1.0, 0.5),
    "one point, narrow": ([0.3], [0.4], 0.0, 1.0, 1e-6),
    "ties": ([0.0, 1.0, 2.0, -1.0], [0.5, 0.5, 0.5, 0.2], 0.0, 1.0, 0.1),
    "points on the edges": ([0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], 0.0, 1.0, 0.25),
    "logits around 1e4": ([1e4, 1e4 + 1, 1e4 - 2], [0.1, 0.5, 2.0], 0.0, 1.0, 0.5),
    "logits 1e4 apart": ([1e4, 0.0, -1e4], [5.0, 0.5, 0.6], 0.0, 1.0, 1e-3),
    "padding": ([0.3, -INF, 0.1, -INF], [0.1, 0.0, 2.0, 1e6], 0.0, 1.0, 0.5),
    "narrow": ([0.3, 1.0, 0.1], [0.1, 0.5, 2.0], 0.0, 1.0, 1e-6),
    "wide": ([0.3, 1.0, 0.1], [0.1, 0.5, 2.0], 0.0, 1.0, 1e6),
    "target of width 1e-9": ([0.3, 1.0, 0.1], [0.1, 0.5, 2.0], 0.2, 0.2 + 1e-9, 0.5),
    "point in a target of width 1e-9": ([0.3, 1.0], [0.2 + 3e-10, 0.5], 0.2, 0.2 + 1e-9, 1e-9),
    "narrow and weak": ([0.0, -40.0], [0.7, 0.71], 0.0, 1.0, 1e-3),
    "three lines that nearly meet": ([0.0, -4999.7, 0.0], [-1.0, 0.0, 1.0], -0.3, 0.4, 0.01),
}
FAR = {
    "origin at 1e6": ([0.3, 1.0, 0.1], [1e6, 1e6 + 0.5, 1e6 + 2.0], 1e6, 1e6 + 1, 1e-3),
    "a thousand bandwidths away": ([0.3, 1.0, 0.1], [-500.0, 700.0, 600.0], 0.0, 1.0, 0.5),
    "1e9 bandwidths away": ([0.3, 1.0, 0.1], [-5e8, 7e8, 6e8], 0.0, 1.0, 0.5),
    "clusters on both sides": ([0.0, 0.2, 0.1], [-299.5, 300.5, 300.6], 0.0, 1.0, 0.3),
    "point and clusters": ([0.0, -20.0, 0.0], [-3.0, 0.512345, 4.0], 0.0, 1.0, 1e-6),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_hostile_input_meets_the_oracle_without_a_warning(kernel, case):
    assert_meets_oracle(kernel[0], as_rows(*case, kernel[1]), 1e-13)


@pytest.mark.parametrize("case", FAR.values(), ids=FAR)
@pytest.mark.parametrize("name", ["gaussian", "cauchy"])
def test_far_points_meet_the_oracle(name, case):
    assert_meets_oracle(name, as_rows(*case), 1e-13)


def test_a_crossing_far_away_is_known_to_the_rounding_of_its_exponents():
    """Exponents of 5e17 at the crossing in the middle of the target: by DESIGN's rule eps times that, and in fact much less."""
    rows = as_rows([0.3, 0.0], [-5e8, 5e8 + 1], 0.0, 1.0, 0.5)
    errors = worst(integrated("gaussian", rows), oracles("gaussian", rows), rows["h"])
    assert 1e-12 < max(errors.values()) < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_a_sharp_crossing_is_found_wherever_it_lies(seed):
    """Two points far apart: one step of width 1e-9 somewhere, and right beside an end."""
    place = [0.5, 2.0**-40, 0.3 + 1e-7, 1 - 1e-11][seed]
    rows = as_rows([0.0, 0.0], [place - 50.0, place + 50.0], 0.0, 1.0, 3e-4)
    got, h = integrated("gaussian", rows), rows["h"]
    assert max(worst(got, oracles("gaussian", rows), h).values()) < 1e-12
    assert seed % 2 or abs(got["z"][0, 0] - (0.5 - place)) < 1e-13


def test_a_bump_on_a_circle_is_found_where_no_point_is():
    """prop-bump: the far point wins on a short arc, a quarter turn away from both."""
    kappa = 2e4
    h = 1 / np.sqrt(kappa)
    height = 2 * kappa * np.sin(0.5)
    rows = as_rows([0.0, 3.0 - height], [0.0, 1.0], 1.0, 4.0, h, 2 * np.pi)
    got, want = integrated("von_mises", rows), oracles("von_mises", rows)
    assert max(worst(got, want, rows["h"]).values()) < 1e-12
    S = np.exp(3.0 - height)
    assert got["z"][0, 1] < S - 1e-3


@pytest.mark.parametrize("z", [[82.8038505, 1066.05925822], [82.8038505, 1063.0], [82.8038505, 1068.0]])
def test_a_bump_between_the_ends_of_a_panel_is_no_rounding(z):
    """One point has everything at the ends of a panel, and another inside: cosines come back."""
    assert_meets_oracle("von_mises", as_rows(z, [1.15410299, 2.22109815], 0.0, 1.0, 0.0202, 3.0))


@pytest.mark.parametrize("name", ["gaussian", "cauchy"])
def test_a_kink_opposite_to_a_point_ends_a_panel(name):
    rows = as_rows([0.0, 1.0, 0.3], [0.1, 2.2, 1.0], 0.3, 3.1, 2.0, 3.0)
    assert_meets_oracle(name, rows, 1e-13)


@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_float32_is_computed_in_double(kernel):
    rows = as_rows(*HOSTILE["ties"], kernel[1], np.float32)
    got = integrated(kernel[0], rows)
    assert {a.dtype for a in got.values()} == {np.dtype(np.float32)}
    wide = {name: a.astype(float) for name, a in rows.items()}
    assert max(worst(got, oracles(kernel[0], wide), wide["h"]).values()) < 2e-6


@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_gradients_are_differences_of_the_oracle(kernel):
    """Central differences of the loss at 30 digits, in each argument."""
    rows = random_rows(5, 1, 2, 0.4, kernel[1])
    row = {key: a[0].tolist() for key, a in rows.items()}
    got, step = integrated(kernel[0], rows), mp.mpf(2) ** -30

    def loss(field, move):
        value = [row[field][0] + move, row[field][1]] if field in ("z", "points") else row[field] + move
        return -Oracle(kernel[0], **row | {field: value}).integrals()[0]

    with mp.workdps(DIGITS):
        for field in FIELDS[1:]:
            slope = (loss(field, step) - loss(field, -step)) / (2 * step)
            assert abs(np.ravel(got[field])[0] - float(slope)) < 1e-12


# ---------------------------------------------------------------------------------------------------- rows
@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_a_batch_equals_its_rows_bit_for_bit(kernel, backend, monkeypatch):
    monkeypatch.setenv("KDEVIZ_BACKEND", backend)
    rows = random_rows(3, 7, 5, 0.05, kernel[1])
    rows["h"][:] = np.geomspace(1e-3, 3, 7)
    batch = integrated(kernel[0], rows)
    for i in range(7):
        for field, value in integrated(kernel[0], take(rows, slice(i, i + 1))).items():
            assert np.array_equal(value[0], batch[field][i])


def test_small_blocks_change_nothing(monkeypatch):
    rows = random_rows(3, 5, 6, 0.01)
    whole = integrated("gaussian", rows)
    monkeypatch.setattr(quadrature, "AT_ONCE", 100)
    assert all(np.array_equal(value, whole[field]) for field, value in integrated("gaussian", rows).items())


@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_padding_with_removed_points_changes_nothing(kernel):
    rows = random_rows(4, 2, 5, 0.05, kernel[1])
    padded = rows | dict(
        z=np.pad(rows["z"], ((0, 0), (0, 3)), constant_values=-INF), points=np.pad(rows["points"], ((0, 0), (0, 3)))
    )
    got, more = integrated(kernel[0], rows), integrated(kernel[0], padded)
    starts = [quadrature.starting_panels(some, kernel[0]) for some in (rows, padded)]
    assert all(np.array_equal(*parts) for parts in zip(*starts))
    assert np.array_equal(more["z"][:, 5:], np.zeros((2, 3)))
    assert_close(more["loss"], got["loss"], 1e-15)
    assert_close(more["points"][:, :5], got["points"], 1e-14 / 0.05)


@pytest.mark.parametrize("name", ["z", "points"])
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_nan_stays_in_its_row(kernel, name):
    rows = random_rows(6, 3, 4, 0.1, kernel[1])
    clean = integrated(kernel[0], rows)
    rows[name][1, 2] = np.nan
    got = integrated(kernel[0], rows)
    assert np.isnan(got["loss"][1])
    assert all(np.array_equal(got[field][::2], clean[field][::2]) for field in FIELDS)


def test_no_rows_give_no_results():
    got = integrated("gaussian", take(random_rows(6, 2, 4, 0.1), slice(0)))
    assert got["loss"].shape == (0,) and got["z"].shape == (0, 4)


def test_a_target_without_width_on_a_circle_is_the_density_there():
    rows = as_rows([0.0, 1.0], [0.1, 2.0], 0.5, 0.5, 0.4, 3.0)
    with mp.workdps(DIGITS):
        want = -Oracle("von_mises", **{key: a[0].tolist() for key, a in rows.items()}).log_p(mp.mpf(0.5))
    assert abs(integrated("von_mises", rows)["loss"][0] - float(want)) < 1e-15


def test_device_arrays_meet_host_arrays(cupy):
    rows = random_rows(3, 2, 3, 0.7)
    rows["h"][0] = 3.0
    compute = kernels(cupy, "kde_ce").gaussian
    out = quadrature_rows(cupy, compute, {name: cupy.asarray(a) for name, a in rows.items()}, "gaussian")
    assert all(isinstance(a, cupy.ndarray) for a in out)
    got = dict(zip(FIELDS, (a.get() for a in out), strict=True))
    assert max(worst(got, integrated("gaussian", rows), rows["h"]).values()) < 1e-13


# ---------------------------------------------------------------------------------------------------- errors
def test_a_limit_that_is_too_small_raises_with_the_error_that_is_left():
    rows = random_rows(1, 3, 8, 1e-3)
    rows["h"][:2] = 1.0
    with pytest.raises(
        ValueError, match=r"more than 640 nodes in row 2: its error is still about \de[-+]\d\d.*Pass `bins`"
    ):
        integrated("gaussian", rows, limit=640)
    with pytest.raises(ValueError, match="more than 160 nodes in row 2"):
        integrated("cauchy", rows, limit=160)


def test_more_kinks_than_the_limit_has_nodes_raise_before_any_work():
    rows = random_rows(1, 1, 100, 1.0, 3.0)
    with pytest.raises(ValueError, match="more than 100 nodes in row 0"):
        quadrature_rows(np, None, rows, "gaussian", limit=100)


def noisy(**rows):
    """A kernel that is as good as float32."""
    return tuple(
        a.astype(float)
        for a in bins_kernel("gaussian", None)(**{name: a.astype(np.float32) for name, a in rows.items()})
    )


def test_a_kernel_that_is_noisy_is_not_believed():
    rows = random_rows(2, 1, 4, 0.3)
    with pytest.raises(ValueError, match="in row 0: its error is still about"):
        quadrature_rows(np, noisy, rows, None, limit=2**12)
    with pytest.raises(ValueError, match=r"an error of about \de-\d\d in row 0, relative to .* at most 1e-12"):
        quadrature_rows(np, noisy, rows, "gaussian")


# ---------------------------------------------------------------------------------------------------- other kernels
@pytest.mark.parametrize("period", [None, 3.0])
@pytest.mark.parametrize("h", [0.01, 0.2, 2.0])
def test_a_kernel_with_a_cusp_may_be_ones_own(period, h):
    rows = random_rows(7, 1, 4, h, period)
    got = dict(zip(FIELDS, quadrature_rows(np, bins_kernel("laplace", period), rows, None), strict=True))
    assert max(worst(got, oracles("laplace", rows), rows["h"]).values()) < 1e-12


def test_a_kernel_of_bounded_support_may_be_ones_own():
    """Triangular: one point covers the target, one ends within it."""
    rows = as_rows([0.0, 1.0], [0.5, 0.1], 0.0, 1.0, 0.7)
    loss, grad_z, *_ = quadrature_rows(np, bins_kernel("triangular", None), rows, None)
    with mp.workdps(DIGITS):
        S = mp.exp(1) / (1 + mp.exp(1))
        parts = [lambda x, y=y: max(mp.mpf(0), 1 - abs(x - mp.mpf(y)) / mp.mpf(0.7)) for y in (0.5, 0.1)]
        p = lambda x: (1 - S) * parts[0](x) + S * parts[1](x)
        places = [0, mp.mpf(0.1), mp.mpf(0.5), mp.mpf(0.1) + mp.mpf(0.7), 1]
        want = -mp.quad(lambda x: mp.log(p(x)), places)
        share = mp.quad(lambda x: S * parts[1](x) / p(x), places)
    assert abs(loss[0] - float(want)) < 1e-12 and abs(grad_z[0, 1] - float(S - share)) < 1e-12


def test_a_place_without_density_is_left_to_the_kernel():
    rows = as_rows([0.0, 1.0], [0.2, 0.3], 0.0, 1.0, 0.3)
    loss, grad_z, *_ = quadrature_rows(np, bins_kernel("triangular", None), rows, None)
    assert loss[0] == INF and np.isfinite(grad_z).all()


# ---------------------------------------------------------------------------------------------------- theorems
def test_rules_are_those_of_the_derivation():
    assert quadrature.NODES == derivation.nodes and len(quadrature.LOBATTO[0]) == derivation.nodes + 1


@pytest.mark.parametrize("rule, degree", [(quadrature.GAUSS, 31), (quadrature.LOBATTO, 31), (quadrature.COARSE, 5)])
def test_rules_are_exact_to_their_degree(rule, degree):
    moments = np.array([rule[1] @ rule[0] ** k for k in range(degree + 2)])
    error = abs(moments * np.arange(1, degree + 3) - 1)
    assert error[:-1].max() < 1e-14 and rule[1].min() > 0


@pytest.mark.parametrize("n", [4, 5, 6])
def test_derivation_proves_the_bracket(n):
    assert derivation.prove_bracket(n)


@pytest.mark.parametrize("seed", range(20))
def test_responsibilities_that_agree_at_the_ends_agree_inside(seed):
    """thm-monotone and its bound, for Gaussian mixtures on a line; on a circle of cosines it fails."""
    draw = np.random.default_rng(seed)
    points, z, h = np.sort(draw.normal(size=6)), draw.normal(size=6) * 5, 10 ** draw.uniform(-1.5, 0.5)
    log_joint = z - (np.linspace(-1, 1, 200)[:, None] - points) ** 2 / (2 * h**2)
    R = np.exp(log_joint - log_joint.max(1, keepdims=True))
    F = np.pad((R / R.sum(1, keepdims=True)).cumsum(1), ((0, 0), (1, 0)))
    assert (np.diff(F, axis=0) < 1e-14).all()
    slack = F[0] - F[-1]
    assert (abs(np.diff(F - F[0], axis=1)) <= slack[1:] + slack[:-1] + 1e-14).all()


@pytest.mark.parametrize("seed", range(20))
def test_cauchy_mixtures_have_no_zero_nearer_than_the_theorem_says(seed):
    """thm-cauchy-zeros: the zeros of the numerator polynomial."""
    draw = np.random.default_rng(seed)
    J, h = 4, 10 ** draw.uniform(-1, 1)
    points, S = draw.normal(size=J), draw.dirichlet(np.ones(J))
    factor = [np.polynomial.Polynomial([x**2 + h**2, -2 * x, 1]) for x in points]
    numerator = sum(s * np.prod(factor[:j] + factor[j + 1 :]) for j, s in enumerate(S))
    for zero in numerator.roots():
        assert zero.imag**2 > (h**2 + np.min((zero.real - points) ** 2)) * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_gaussian_mixtures_have_no_zero_where_one_point_has_more_than_half(seed):
    """thm-gaussian-zeros: |phi| against its three bounds."""
    draw = np.random.default_rng(seed)
    points, z, h = draw.normal(size=5), draw.normal(size=5), 10 ** draw.uniform(-1, 1)
    x, y = draw.normal(), np.linspace(0, 5 * h**2, 400)[:, None]
    R = np.exp(z - (x - points) ** 2 / (2 * h**2))
    R /= R.sum()
    phi = abs((R * np.exp(1j * y * points / h**2)).sum(1))
    angle, variance = y[:, 0] * np.ptp(points) / h**2, R @ (points - R @ points) ** 2
    assert (phi >= np.where(angle < np.pi, np.cos(angle / 2), 0) - 1e-14).all()
    assert (phi >= 2 * R.max() - 1 - 1e-14).all()
    assert (phi >= 1 - y[:, 0] ** 2 * variance / (2 * h**4) - 1e-14).all()
