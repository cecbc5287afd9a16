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
        panels = quadrature.chosen_panels(xp, self.compute, rows, self.name)
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
    """The closed forms of kernels of bounded support; `compute` is the bins kernel."""

    name: str
    compute: Callable
    zero: str

    def loss(self, xp, rows):
        return compact.compact_rows(xp, self.name, rows, self.zero)[:6]

    def log_R(self, xp, rows):
        return compact.compact_rows(xp, self.name, rows, self.zero)[6]

    def hessian_product(self, xp, rows, v):
        """A box has constant responsibilities between its edges; the others' are integrated by quadrature."""
        if self.name != "box":
            return Quadrature(self.compute, self.zero, self.name).hessian_product(xp, rows, v)
        gaps = gaps_as_bins(xp, rows, *edges_of_boxes(xp, rows))
        return Bins(self.compute, self.zero).hessian_product(xp, rows | gaps, v)


class Intervals(NamedTuple):
    """Points that are intervals, exactly."""

    zero: str

    def loss(self, xp, rows):
        loss, grad_z, *edges, grad_a, grad_b, _ = self.all(xp, rows)
        return loss, grad_z, tuple(edges), None, grad_a, grad_b

    def log_R(self, xp, rows):
        return self.all(xp, rows)[6]

    def hessian_product(self, xp, rows, v):
        images = two_images(xp, rows) if "period" in rows else rows
        gaps = gaps_as_bins(xp, rows, images["points[0]"], images["points[1]"])
        return IntervalBins(self.zero).hessian_product(xp, rows | gaps, v)

    def all(self, xp, rows):
        """The loss, its gradients in z, lo, hi, a and b, and the logarithm of the mean responsibilities."""
        if "period" not in rows:
            return compact.interval_rows(xp, rows, self.zero)
        loss, *of_images, grad_a, grad_b, log_R = compact.interval_rows(xp, two_images(xp, rows), self.zero)
        grads = [sum(xp.split(g, 2, -1)) for g in of_images]
        return loss - np.log(loss.dtype.type(2)), *grads, grad_a, grad_b, xp.logaddexp(*xp.split(log_R, 2, -1))


class BoxOnCircle(NamedTuple):
    """Boxes on a circle are intervals; one wider than the circle is all of it."""

    zero: str

    def loss(self, xp, rows):
        loss, grad_z, (lo, hi), _, grad_a, grad_b = Intervals(self.zero).loss(xp, self.as_intervals(xp, rows))
        narrow = 2 * rows["h"] < rows["period"]
        return loss, grad_z, lo + hi, xp.where(narrow, (hi - lo).sum(-1), xp.zeros_like(loss)), grad_a, grad_b

    def log_R(self, xp, rows):
        return Intervals(self.zero).log_R(xp, self.as_intervals(xp, rows))

    def hessian_product(self, xp, rows, v):
        return Intervals(self.zero).hessian_product(xp, self.as_intervals(xp, rows), v)

    def as_intervals(self, xp, rows):
        lo, hi = edges_of_boxes(xp, rows | {"h": xp.minimum(rows["h"], rows["period"] / 2)})
        return {name: a for name, a in rows.items() if name not in ("points", "h")} | {"points[0]": lo, "points[1]": hi}


def edges_of_boxes(xp, rows):
    return rows["points"] - rows["h"][:, None], rows["points"] + rows["h"][:, None]


def two_images(xp, rows):
    """Intervals on a circle as intervals on the line: the image that begins in [a, a + period), and the one a turn before.

    So each point comes twice, with half its weight.
    """
    a, lo, hi, period = rows["a"][:, None], rows["points[0]"], rows["points[1]"], rows["period"][:, None]
    length = xp.minimum(hi - lo, period)
    begin = lo - period * xp.floor((lo - a) / period)
    begins = xp.concatenate([begin, begin - period], -1)
    ends = xp.concatenate([begin + length, begin + length - period], -1)
    return rows | {"z": xp.concatenate([rows["z"]] * 2, -1), "points[0]": begins, "points[1]": ends}


def gaps_as_bins(xp, rows, lo, hi):
    """Between neighbouring edges nothing changes: bins there, at the middle of each gap and of its mass, are exact."""
    a, width = rows["a"][:, None], (rows["b"] - rows["a"])[:, None]
    width = xp.where(width > 0, width, xp.ones_like(width))
    edges = xp.clip((xp.concatenate([lo, hi], -1) - a) / width, 0, 1)
    borders = xp.sort(xp.concatenate([xp.zeros_like(a), edges, xp.ones_like(a)], -1), -1)
    return {"position": (borders[:, 1:] + borders[:, :-1]) / 2, "q": borders[:, 1:] - borders[:, :-1]}


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
