"""Exact integrals of the Laplace kernel, on rows: the points are sorted for the kernels, and what comes out is put back in their order.

`rows` maps z and points (R, J), a, b, h (R,) and on a circle period (R,) to arrays of one dtype, already checked.
"""

import numpy as np

from .arrays import is_inspected
from .losses import kernels


def laplace_rows(xp, rows):
    """The loss (R,) and its gradients: z, points (R, J), h, a, b (R,)."""
    return on_sorted_points(xp, "laplace", rows)


def laplace_hessian_product_rows(xp, rows, v):
    """The Hessian in the logits times v, (R, J)."""
    return on_sorted_points(xp, "laplace_hvp", rows | {"v": v})[0]


def laplace_em_rows(xp, rows):
    """The logarithm of the mean responsibilities, (R, J): new logits after a step of expectation maximisation."""
    return on_sorted_points(xp, "laplace_em", rows)[0]


def on_sorted_points(xp, name, rows):
    """The kernel's outputs. It is given one more point at the end, at b with logit -inf, so that no gap lies behind the last one."""
    if "period" in rows:
        name, rows = f"{name}_on_circle", with_width(xp, nearest_images(xp, rows))
    order = ascending(xp, rows["points"], rows["z"])
    ends = {"points": rows["b"][:, None], "z": xp.asarray(-np.inf, rows["z"].dtype), "v": xp.zeros((), rows["z"].dtype)}
    extended = {key: with_end(xp, in_order(xp, rows[key], order), end) for key, end in ends.items() if key in rows}
    out = getattr(kernels(xp, "laplace_integral"), name)(**(rows | extended))
    return tuple(put_back(xp, a[:, :-1], order) if a.ndim == 2 else a for a in out)


def nearest_images(xp, rows):
    """Positions on a circle, each as the image nearest to the middle of the target; those that are it already are kept to the last bit."""
    a, b, period = (rows[name][:, None] for name in ("a", "b", "period"))
    turns = xp.floor((rows["points"] - (a + (b - a) / 2)) / period + 0.5)
    return rows | {"points": rows["points"] - turns * period}


def with_width(xp, rows):
    """A target that is one place, a = b, as one of 2^-60 bandwidths at the origin: to all digits the mean of log p is log p there."""
    a, b, points = rows["a"], rows["b"], rows["points"]
    is_place = a == b
    if is_inspected(xp) and not is_place.any():
        return rows
    moved = xp.where(is_place[:, None], points - a[:, None], points)
    zero = xp.zeros_like(a)
    return rows | {"points": moved, "a": xp.where(is_place, zero, a), "b": xp.where(is_place, rows["h"] * 2.0**-60, b)}


def ascending(xp, points, z):
    """The order of the points in each row; None where it is theirs already.

    Points of one place are ordered by logit: so the order in which points are given changes no bit of a result.
    """
    if not is_inspected(xp):
        return by_place_and_logit(xp, points, z)
    if (points[:, 1:] > points[:, :-1]).all():
        return None
    order = np.argsort(points, -1)
    ordered = np.take_along_axis(points, order, -1)
    return order if (ordered[:, 1:] > ordered[:, :-1]).all() else by_place_and_logit(xp, points, z)


def by_place_and_logit(xp, points, z):
    by_logit = xp.argsort(z, -1, kind="stable")
    by_place = xp.argsort(xp.take_along_axis(points, by_logit, -1), -1, kind="stable")
    return xp.take_along_axis(by_logit, by_place, -1)


def in_order(xp, a, order):
    return a if order is None else xp.take_along_axis(a, order, -1)


def with_end(xp, a, end):
    return xp.concatenate([a, xp.broadcast_to(end, (len(a), 1))], -1)


def put_back(xp, a, order):
    """The inverse of :func:`in_order`."""
    if order is None:
        return xp.ascontiguousarray(a)
    out = xp.empty(a.shape, a.dtype)
    out[xp.arange(len(a))[:, None], order] = a
    return out
