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

from kdeviz import quadrature
from kdeviz.losses import kernels
from kdeviz.quadrature import quadrature_rows

INF = np.inf
DIGITS = 30
KERNELS = [("gaussian", None), ("cauchy", None), ("gaussian", 3.0), ("cauchy", 3.0), ("von_mises", 3.0)]
FIELDS = ("loss", "z", "points", "h", "a", "b")


def ids(kernel):
    return kernel[0] + ("_on_circle" if kernel[1] else "")


def bins_kernel(name, period):
    return getattr(kernels(np, "kde_ce"), ids((name, period)))


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
        out = quadrature_rows(np, bins_kernel(name, rows.get("period")), rows, name, **options)
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
    return [sp.lambdify((u, rho), f.xreplace({bins.u: u, bins.turn: rho}).doit(), "mpmath") for f in (k, by_u, by_scale)]


@cache
def gauss_nodes(degree):
    with mp.workdps(DIGITS + 5):
        return GaussLegendre(mp.mp).calc_nodes(degree, mp.mp.prec)


class Oracle:
    """Loss and gradients of one row as integrals in mpmath; gradients in a and b from the integral's ends."""

    def __init__(self, name, z, points, a, b, h, log_floor=None, period=None):
        self.name, self.period = name, mp.mpf(period) if period else None
        self.a, self.b, self.h = map(mp.mpf, (a, b, h))
        self.z = [mp.mpf(v) for v in z if v > -INF]
        self.points = [mp.fmod(mp.mpf(x), self.period) if period else mp.mpf(x) for x, v in zip(points, z) if v > -INF]
        self.formulas = formulas(name, period is not None)
        self.log_total = mp.log(sum(mp.exp(v - max(self.z)) for v in self.z)) + max(self.z)

    def distances(self, x):
        return [x - y - (self.period * mp.nint((x - y) / self.period) if self.period else 0) for y in self.points]

    def log_joint(self, x):
        rho = self.period / self.h if self.period else None
        return [v + self.formulas[0](d / self.h, rho) for v, d in zip(self.z, self.distances(x))]

    def log_p(self, x):
        log_joint = self.log_joint(x)
        return mp.log(sum(mp.exp(v - max(log_joint)) for v in log_joint)) + max(log_joint) - self.log_total

    def integrands(self, x):
        """log p, h grad_h, then responsibilities, then responsibilities times k'."""
        log_p, rho = self.log_p(x), self.period / self.h if self.period else None
        R = [mp.exp(v - log_p - self.log_total) for v in self.log_joint(x)]
        slopes, stretches = ([f(d / self.h, rho) for d in self.distances(x)] for f in self.formulas[1:])
        return [log_p, mp.fdot(R, stretches), *R, *(r * s for r, s in zip(R, slopes))]

    def hard_places(self):
        """(place, width): the points, and where the two largest components are equally large."""
        yield from ((x, self.h) for x in self.images())
        for place, width in self.crossings() if self.name != "cauchy" and len(self.z) > 1 else ():
            second, first = sorted(self.log_joint(place))[-2:]
            if first - second < 80 and 2 * self.a - self.b < place < 2 * self.b - self.a:
                yield place, width

    def images(self):
        return [x + n * self.period for x in self.points for n in (-1, 0, 1)] if self.period else self.points

    def crossings(self):
        if self.name == "von_mises":
            return self.crossings_of_cosines()
        every = [(v, x) for v, x in zip(np.repeat(self.z, 3 if self.period else 1), self.images())]
        pairs = [pair for pair in combinations(every, 2) if pair[0][1] != pair[1][1]]
        return [((x + y) / 2 + self.h**2 * (v - w) / (y - x), self.h**2 / abs(x - y)) for (v, x), (w, y) in pairs]

    def crossings_of_cosines(self):
        """cos(s - x) - cos(s - y) = 2 sin((x - y)/2) sin(s - (x + y)/2) in units of the turn."""
        turn = self.period / (2 * mp.pi)
        for (v, x), (w, y) in combinations(zip(self.z, self.points), 2):
            height = 2 * (turn / self.h) ** 2 * mp.sin((x - y) / (2 * turn))
            if abs(height) > abs(w - v):
                angle = mp.asin((w - v) / height)
                for place in ((x + y) / 2 + turn * angle, (x + y) / 2 + turn * (mp.pi - angle)):
                    yield from ((place + n * self.period, turn / abs(height)) for n in (-2, -1, 0, 1, 2))

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
    scale = dict(loss=np.maximum(1, abs(want["loss"])), z=1.0, points=(np.sqrt(H) / h)[:, None], h=H / h, a=np.sqrt(H) / h, b=np.sqrt(H) / h)
    return {field: np.max(abs(got[field] - want[field]) / scale[field]) for field in FIELDS}


def assert_meets_oracle(name, rows, bound=1e-12):
    errors = worst(integrated(name, rows), oracles(name, rows), rows["h"].astype(float))
    assert max(errors.values()) <= bound, errors


# ---------------------------------------------------------------------------------------------------- accuracy
@pytest.mark.parametrize("h", [1e-3, 0.03, 0.3, 3.0])
@pytest.mark.parametrize("kernel", KERNELS, ids=ids)
def test_quadrature_meets_the_oracle(kernel, h):
    assert_meets_oracle(kernel[0], random_rows(1, 1, 4, h, kernel[1]))
