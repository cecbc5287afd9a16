"""Kernels of bounded support in mpmath, cut wherever a support begins or ends; floats are taken as exact.

The results are those of `compact_rows`: loss, gradients in z, points (or lo, hi), h, a, b, and the mean responsibilities over what is held.
"""

from functools import cache

import mpmath
import numpy as np
import sympy as sp
from mpmath import mpf
from oracle import assert_close

from derivations import kde_ce

EPS = np.finfo(float).eps
DIGITS = 30


def exactly(*values):
    return ([mpf(float(v)) for v in np.ravel(value)] for value in values)


def weights(z):
    w = [mpmath.exp(v - max(z)) for v in z]
    return [v / mpmath.fsum(w) for v in w]


@mpmath.workdps(DIGITS)
def exact_intervals(z, lo, hi, a, b, zero="inf"):
    """(loss, grad z, grad lo, grad hi, grad a, grad b, R) by sums over the gaps; no two edges in (a, b) may be equal."""
    z, lo, hi, (a,), (b,) = exactly(z, lo, hi, a, b)
    w, cuts = weights(z), sorted({a, b, *(c for c in lo + hi if a < c < b)})
    inside = [[j for j in range(len(z)) if lo[j] <= s and hi[j] >= e] for s, e in zip(cuts, cuts[1:])]
    p, length = [mpmath.fsum(w[j] for j in held) for held in inside], [e - s for s, e in zip(cuts, cuts[1:])]
    held = mpmath.fsum(d for d, v in zip(length, p) if v)
    over = held if zero == "skip" else b - a
    loss = mpmath.inf if held < over else -mpmath.fsum(d * mpmath.log(v) for d, v in zip(length, p) if v) / over
    R = [mpmath.fsum(w[j] * d / v for d, v, on in zip(length, p, inside) if j in on and v) for j in range(len(z))]
    grad_z = [v * held / over - r / over for v, r in zip(w, R)]
    value = [mpmath.log(v) + loss if v else mpf(0) for v in p]
    below, above = dict(zip(cuts[1:], value)), dict(zip(cuts, value))
    edge = lambda c: (above[c] - below[c]) / over if a < c < b else mpf(0)
    by_edges = [edge(c) for c in lo], [edge(c) for c in hi], value[0] / over, -value[-1] / over
    return loss, grad_z, *by_edges, [r / held if held else r for r in R]


@cache
def functions(name):
    """K(u) and K'(u) inside the support, from the table of kernels."""
    u = sp.Symbol("u", real=True)
    K = sp.exp(kde_ce.line_kernels[name].xreplace({kde_ce.u: u}).args[-1].expr)
    return [sp.lambdify(u, sp.simplify(f), "mpmath") for f in (K, sp.diff(K, u))]


@mpmath.workdps(DIGITS)
def exact_row(name, z, points, h, a, b, zero="inf", period=None):
    """By quadrature gap by gap; tanh-sinh copes with logarithms at both ends. None for what is undefined or infinite."""
    K, slope = functions(name)
    z, x, (h,), (a,), (b,) = exactly(z, points, h, a, b)
    w, over, turn = weights(z), b - a, mpf(period or 0)
    from_point = lambda y, c: y - c - (turn * mpmath.nint((y - c) / turn) if period else 0)
    places = (v + c + n * turn for v in x for c in (-h, 0, h, turn / 2) for n in range(-3, 4))
    cuts = sorted({a, b, *(c for c in places if a < c < b)})
    log_p = held = by_h = mpf(0)
    R, by_x = ([mpf(0)] * len(x) for _ in range(2))
    for ends in zip(cuts, cuts[1:]):
        inside = [j for j in range(len(x)) if w[j] and abs(from_point(sum(ends) / 2, x[j])) < h]
        p = lambda y, inside=inside: mpmath.fsum(w[j] * K(from_point(y, x[j]) / h) for j in inside)
        integral = lambda f, ends=ends: mpmath.quad(f, [ends[0], sum(ends) / 2, ends[1]])
        held += ends[1] - ends[0] if inside else 0
        log_p += integral(lambda y, p=p: mpmath.log(p(y))) if inside else 0
        for j in inside:
            by = lambda f, j=j, p=p, over=integral: over(lambda y: w[j] * f(from_point(y, x[j]) / h) / p(y))
            R[j] += by(K)
            by_x[j] += by(slope) / h
            by_h += by(lambda u: u * slope(u)) / h
    over = held if zero == "skip" else over
    grad_z = [v * held / over - r / over for v, r in zip(w, R)]
    R = [r / held for r in R] if held else R
    if held < over:
        return mpmath.inf, grad_z, None, None, None, None, R
    loss, p = (
        -log_p / over,
        lambda y: mpmath.fsum(v * K(from_point(y, c) / h) for v, c in zip(w, x) if abs(from_point(y, c)) < h),
    )
    by_a, by_b = ((mpmath.log(p(y)) + loss) / over if p(y) else None for y in (a, b))
    return loss, grad_z, [v / over for v in by_x], by_h / over, by_a, None if by_b is None else -by_b, R


def as_rows(dtype=np.float64, **row):
    """One row or several, as compact_rows takes them."""
    arrays = {name: np.atleast_2d(np.asarray(v, dtype)) for name, v in row.items() if name == "z" or "points" in name}
    full = lambda v: np.broadcast_to(np.asarray(v, dtype), len(arrays["z"])).copy()
    return arrays | {name: full(v) for name, v in row.items() if name not in arrays}


def assert_row_meets(got, want, scale, exponent=0.0):
    """Loss and grad z to 1e-13, other gradients to 1e-12 of their scale; float32: 2e-6. Beyond the range, eps times the exponent."""
    dtype = got[0].dtype
    near, far = (1e-13, 1e-12) if dtype == np.float64 else (2e-6, 2e-6)
    near, far = near + EPS * exponent, far + EPS * exponent
    assert {v.dtype for v in got} == {dtype}
    loss, *gradients, R = (None if v is None else np.array(v, float) for v in want)
    assert_close(got[0][0], loss, near, np.maximum(1.0, abs(loss)))
    assert_close(got[1][0], gradients[0], near)
    assert_close(np.exp(got[-1][0].astype(float)), R, near)
    for value, truth in zip(got[2:-1], gradients[1:]):
        if truth is not None and np.isfinite(loss):
            assert_close(value[0], truth, far, max(scale, np.abs(truth).max()))
