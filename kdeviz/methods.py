"""How the integral over [a, b] is taken: each method knows the loss with its gradients, the mean responsibilities and Hessian products.

All take ``rows``: z, points (R, J), a, b, h (R,), perhaps period (R,), one dtype; bins have position and q (R, B) and log_floor (R,), too.
``loss`` gives (loss, grad_z, grad_points, grad_h, grad_a, grad_b), ``log_R`` (R, J), ``hessian_product`` (R, J).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import compact, laplace, quadrature
from .losses import kernels, with_policy
from .responsibility import hessian_product, log_responsibility, of_kernel
from .windows import log_sum


class Bins(NamedTuple):
    """Bins at `position` with masses `q`; `compute` is the kernel."""

    compute: Callable
    zero: str

    def loss(self, xp, rows):
        return self.with_masses(xp, rows)[0][:6]

    def log_R(self, xp, rows):
        return log_responsibility(xp, of_kernel(self.compute), rows | {"q": self.with_masses(xp, rows)[1]})

    def hessian_product(self, xp, rows, v):
        return hessian_product(xp, of_kernel(self.compute), rows | {"q": self.with_masses(xp, rows)[1]}, v)

    def with_masses(self, xp, rows):
        """(all outputs, the masses they are for)"""
        return with_policy(xp, self.zero, self.compute, rows, lambda out: out[6])


class Quadrature(NamedTuple):
    """Bins whose positions and masses are nodes and weights, as many as a row needs. `name` is None for a kernel of the caller's own."""

    compute: Callable
    zero: str
    name: str | None

    def loss(self, xp, rows):
        return self.at_nodes(xp, rows, lambda bins, some: bins.loss(xp, some))

    def log_R(self, xp, rows):
        return self.at_nodes(xp, rows, lambda bins, some: (bins.log_R(xp, some),))[0]

    def hessian_product(self, xp, rows, v):
        of_nodes = lambda bins, some: (bins.hessian_product(xp, some, some.pop("v")),)
        return self.at_nodes(xp, rows, of_nodes, v=v)[0]

    def at_nodes(self, xp, rows, function, **beside):
        panels = quadrature.chosen_panels(xp, self.compute, rows, self.name, skip=self.zero == "skip")
        bins = Bins(self.compute, self.zero)
        return quadrature.at_nodes(xp, lambda **some: function(bins, some), rows | beside, panels)


def without_floor(rows):
    return {name: a for name, a in rows.items() if name != "log_floor"}


class Laplace(NamedTuple):
    """The closed form, by scans; on a circle for the kernel summed over all images. No place is without density."""

    def loss(self, xp, rows):
        return laplace.laplace_rows(xp, without_floor(rows))

    def log_R(self, xp, rows):
        return laplace.laplace_em_rows(xp, without_floor(rows))

    def hessian_product(self, xp, rows, v):
        return laplace.laplace_hessian_product_rows(xp, without_floor(rows), v)


class Compact(NamedTuple):
    """The closed forms of kernels of bounded support."""

    name: str
    zero: str

    def loss(self, xp, rows):
        return compact.compact_rows(xp, self.name, rows, self.zero)[:6]

    def log_R(self, xp, rows):
        return compact.compact_rows(xp, self.name, rows, self.zero)[6]

    def hessian_product(self, xp, rows, v):
        return by_second_moment(xp, rows, self.log_R(xp, rows), v, self.name)


class Intervals(NamedTuple):
    """Points that are intervals, exactly."""

    zero: str

    def loss(self, xp, rows):
        loss, grad_z, *edges, grad_a, grad_b, _ = compact.interval_rows(xp, rows, self.zero)
        return loss, grad_z, tuple(edges), None, grad_a, grad_b

    def log_R(self, xp, rows):
        return compact.interval_rows(xp, rows, self.zero)[6]

    def hessian_product(self, xp, rows, v):
        return by_second_moment(xp, rows, self.log_R(xp, rows), v, "box")


def by_second_moment(xp, rows, log_R, v, name):
    """S (v - S . v) - R v + E[r (r . v)]."""
    second = compact.compact_hessian_product(xp, name, rows, v.astype(float)).astype(v.dtype)
    S = xp.exp(rows["z"] - log_sum(xp, rows["z"])[:, None])
    return S * (v - (S * v).sum(-1, keepdims=True)) - (xp.exp(log_R) * v - second)


class IntervalBins(NamedTuple):
    """Points that are intervals, on bins: log K is 0 or -inf. The gradients in their edges are 0 almost everywhere."""

    zero: str

    def loss(self, xp, rows):
        (loss, grad_z, *_), _ = self.with_masses(xp, rows)
        flat, edge = xp.zeros_like(loss), xp.zeros_like(grad_z)
        return loss, grad_z, (edge, edge), None, flat, flat

    def log_R(self, xp, rows):
        return log_responsibility(xp, interval_log_K, rows | {"q": self.with_masses(xp, rows)[1]})

    def hessian_product(self, xp, rows, v):
        return hessian_product(xp, interval_log_K, rows | {"q": self.with_masses(xp, rows)[1]}, v)

    def with_masses(self, xp, rows):
        """(all outputs, the masses they are for)"""
        given = {"log_K": interval_log_K(xp, rows)} | {name: rows[name] for name in ("z", "q", "log_floor")}
        return with_policy(xp, self.zero, kernels(xp, "mixture_ce").mixture_ce, given, lambda out: -out[3])


def interval_log_K(xp, rows):
    """0 where a bin's centre lies in [lo, hi], -inf where not, NaN with an edge that is NaN."""
    centres = (rows["a"][:, None] + (rows["b"] - rows["a"])[:, None] * rows["position"])[:, :, None]
    lo, hi = rows["points[0]"][:, None, :], rows["points[1]"][:, None, :]
    inside = (centres >= lo) & (centres <= hi)
    if "period" in rows:
        inside = is_ahead(xp, centres, lo, hi, rows["period"][:, None, None])
    zero, inf, nan = (xp.asarray(v, dtype=lo.dtype) for v in (0.0, np.inf, np.nan))
    return xp.where(xp.isnan(lo) | xp.isnan(hi), nan, xp.where(inside, zero, -inf))


def is_ahead(xp, centres, lo, hi, period):
    """Whether going up from lo a centre comes before hi, on a circle; an interval of a whole turn or more holds everything."""
    with np.errstate(invalid="ignore"):
        length = hi - lo
        return ((centres - xp.fmod(lo, period)) % period <= length) | (length >= period)
