"""The public losses evaluated from their derivations in mpmath, and the bounds that kernels are held to."""

import importlib
from functools import cache

import numpy as np

from kdeviz.codegen import evaluate

EPS = {np.dtype(np.float64): np.finfo(np.float64).eps, np.dtype(np.float32): np.finfo(np.float32).eps}
# (loss relative to max(1, |loss|), gradients): the accuracy that DESIGN promises inside the range
BOUND = {np.dtype(np.float64): (1e-14, 2e-14), np.dtype(np.float32): (1e-6, 2e-6)}
RANGE = 30.0  # |z - max z| and |log K| up to here; beyond, eps times the largest exponent in play


@cache
def declared(stem, name):
    kernels = importlib.import_module(f"derivations.{stem}").kernels
    return next(k for k in kernels if k.name == name)


def exact(stem, name, **arrays):
    """{output: float64 array} of a declared kernel at given rows; the arrays are taken as exact."""
    values = evaluate(declared(stem, name), {key: np.asarray(a, float) for key, a in arrays.items()})
    return {key: v.astype(float) for key, v in values.items()}


def kde_rows(z, points, a, b, h, B, log_floor=-np.inf, period=None):
    """Rows as the kernel's equations take them, midpoint bins in float64."""
    rows = len(z)
    full = lambda v: np.broadcast_to(np.asarray(v, float), (rows,))
    arrays = dict(z=z, points=points, a=full(a), b=full(b), h=full(h), log_floor=full(log_floor))
    arrays |= dict(position=np.tile((np.arange(B) + 0.5) / B, (rows, 1)), q=np.full((rows, B), 1 / B))
    return arrays if period is None else arrays | dict(period=full(period))


def largest_exponent(z, *log_K):
    """The largest |z - max z| or |log K| in play, infinities aside."""
    spread = z - np.max(z, axis=-1, keepdims=True)
    sizes = [np.abs(v[np.isfinite(v)]).max(initial=0) for v in (spread, *log_K)]
    return max(sizes)


def assert_close(got, want, bound, scale=1.0):
    """|got - want| <= bound * scale, entry by entry; infinities must agree."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    assert got.shape == want.shape
    same = ~np.isfinite(want)
    assert np.array_equal(got[same], want[same], equal_nan=True)
    error = np.max(np.abs(got[~same] - want[~same]) / np.broadcast_to(scale, want.shape)[~same], initial=0)
    assert error <= bound, f"error {error:.2e} exceeds {bound:.2e}"


def bounds(dtype, exponent):
    """(loss, gradient) bounds at a largest exponent: constant inside the range, then eps times the exponent."""
    beyond = EPS[np.dtype(dtype)] * exponent if exponent > RANGE else 0.0
    loss, gradient = BOUND[np.dtype(dtype)]
    return loss + beyond, gradient + beyond
