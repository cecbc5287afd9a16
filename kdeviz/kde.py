"""The cross-entropy of a uniform target against a weighted kernel density estimate: checks and conventions around its kernels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arrays import as_arrays, as_rows, common_dtype, extent, is_inspected, namespace, require
from .losses import ArrayLike, Result, check_masses, checked_floor, kernels, mixture_cross_entropy, with_policy

METHODS = ("auto", "exact", "quadrature", "bins")
LINE_KERNELS = ("laplace", "gaussian", "box", "triangular", "epanechnikov", "cauchy")
CIRCLE_KERNELS = (*LINE_KERNELS, "von_mises")


class KdeGradient(NamedTuple):
    """Gradients of :func:`kde_cross_entropy`; None where not asked for or not defined."""

    z: Any
    points: Any
    h: Any
    a: Any
    b: Any


def kde_cross_entropy(
    z: ArrayLike,
    points: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    h: ArrayLike,
    *,
    kernel: str | Callable = "laplace",
    period: ArrayLike = None,
    method: str = "auto",
    bins: Any = None,
    zero: str = "inf",
    log_floor: float | None = None,
    wrt: tuple[str, ...] | None = None,
) -> Result:
    r"""Cross-entropy of a uniform target on [a, b] against a softmax-weighted kernel density estimate.

    .. math:: L = -\sum_b q_b \log p(x_b), \qquad p(x) = \sum_j \operatorname{softmax}(z)_j\, K\big((x - x_j)/h\big)

    Parameters
    ----------
    z : array (..., J), float32 or float64
        Logits, one per point. Dimensionless; -inf with any finite point is padding.
    points : array (..., J), or a pair of such arrays
        Positions, in the unit of x. A pair (lo, hi) with ``kernel="box"`` and ``h=None``: each point is an interval that explains what it holds.
    a, b : array (...)
        Edges of the target, a < b, in the unit of x. With a period, a <= b <= a + period.
    h : array (...)
        Bandwidth, positive, in the unit of x.
    kernel : str or callable
        With u = (x - x_j)/h, unnormalised, K(0) = 1: "laplace" exp(-\|u\|), "gaussian" exp(-u^2/2), "box" [\|u\| <= 1], "triangular" 1 - \|u\| and
        "epanechnikov" 1 - u^2 on \|u\| <= 1, "cauchy" 1/(1 + u^2), and with a period "von_mises" exp(kappa (cos(2 pi (x - x_j)/period) - 1)),
        kappa = (period/(2 pi h))^2. A kernel of your own: what ``kdeviz.codegen.build`` returns.
    period : array (...), optional
        Circular data: positions count modulo the period. "laplace" is then wrapped, the sum over all images (there K(0) is not 1); the other
        kernels see the nearest image.
    method : "bins" (or "auto" with `bins`)
        The exact integral and quadrature are not in this version.
    bins : int, or a pair (centres, masses)
        Number of midpoint bins on [a, b], each of mass 1/bins; or centres (..., B) and masses (..., B), non-negative with sum 1, with a = b = None.
    zero, log_floor
        See :func:`mixture_cross_entropy`.
    wrt : tuple of names, optional
        The gradients wanted, of "z", "points", "h", "a", "b"; the others are None. Default: all.

    Returns
    -------
    Result
        ``loss`` (...), nats; ``grad.z``, ``grad.points`` (..., J), ``grad.h``, ``grad.a``, ``grad.b`` (...), per unit of x. Leading axes broadcast;
        gradients are never summed over them. ``grad.a`` and ``grad.b`` are derivatives of the binned loss, None for explicit centres.

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, h <= 0, a >= b, masses that do not sum to 1, unknown names. Values of device arrays are not inspected.

    Notes
    -----
    A normaliser 1/(c h) on K would add log(c h) to the loss and 1/h to ``grad.h``; the other gradients do not change. The floor of the loss is
    then log(b - a), so negative losses are normal.

    NaN in `z` or `points` makes that row NaN and no other. Where the loss is +inf, ``grad.z`` is finite and the other gradients are NaN. The
    binned box kernel has gradients 0 in points, h, a and b almost everywhere: what moves is which bins a point covers.

    Accuracy while \|z - max z\| and \|log K\| stay below 30: loss 1e-14 relative to max(1, \|loss\|), gradients 2e-14 relative to their scale
    (float64), 1e-6 and 2e-6 in float32: ``test_kde_ce_meets_the_oracle``. Beyond: eps times the largest exponent.

    Source: equations (kde-grad-points) and (kde-grad-edges) in ``derivations/kde_ce.py``.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([-1.0, 0.2, 3.0])
    >>> result = kde_cross_entropy(np.zeros(3), points, 0.0, 1.0, 0.5, bins=64)
    >>> result.grad.z.round(3)
    array([ 0.244, -0.558,  0.314])
    """
    wanted = checked_names(wrt)
    check_method(method, bins)
    if h is None:
        return interval_cross_entropy(z, points, a, b, kernel, period, bins, zero, log_floor, wanted)
    arguments = {name: v for name, v in dict(z=z, points=points, a=a, b=b, h=h, period=period).items() if v is not None}
    xp = namespace(**arguments, **dict(zip(("centres", "masses"), bins if isinstance(bins, tuple) else ())))
    arguments = as_arrays(xp, **arguments)
    check_line(xp, arguments)
    J = extent("z", arguments["z"])
    bins_in = bins_as_arrays(xp, arguments, a, b, bins)
    dtype = common_dtype(
        **arguments, **{name: v for name, v in bins_in.items() if not isinstance(bins, (int, np.integer))}
    )
    B = bins_in["position"].shape[-1]
    cores = {"z": (J,), "points": (J,), "position": (B,), "q": (B,)}
    values = {"a": 0.0, "b": 1.0} | arguments | bins_in | {"log_floor": checked_floor(xp, zero, log_floor)}
    leading, rows = as_rows(xp, dtype, **{name: (v, cores.get(name, ())) for name, v in values.items()})
    out, _ = with_policy(xp, zero, chosen_kernel(xp, kernel, period), rows, lambda out: out[6])
    return kde_result(xp, out, leading, wanted - ({"a", "b"} if a is None else set()))


def kde_result(xp, out, leading, wanted):
    """The kernel's outputs in the caller's shape; where the loss is infinite only grad.z is defined."""
    loss, grad_z, *others, _ = out
    unknown = xp.isposinf(loss)
    nan = xp.asarray(np.nan, dtype=loss.dtype)
    others = [xp.where(unknown[:, None] if g.ndim == 2 else unknown, nan, g) for g in others]
    shaped = [g.reshape(leading + g.shape[1:])[()] for g in (grad_z, *others)]
    return Result(
        loss.reshape(leading)[()],
        KdeGradient(*(g if name in wanted else None for name, g in zip(KdeGradient._fields, shaped))),
    )


def checked_names(wrt):
    names = set(KdeGradient._fields if wrt is None else (wrt,) if isinstance(wrt, str) else wrt)
    if unknown := names - set(KdeGradient._fields):
        raise ValueError(
            f"`wrt` must name gradients, of {', '.join(map(repr, KdeGradient._fields))}; got {sorted(map(str, unknown))[0]!r}."
        )
    return names


def check_method(method, bins):
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(map(repr, METHODS))}; got {method!r}.")
    if method in ("exact", "quadrature") or bins is None:
        raise ValueError(
            f"`method` {method!r} without bins is not in this version: pass `bins`, e.g. bins=64, or bins=(centres, masses) with a = b = None."
        )


def check_line(xp, arguments):
    """h, the period and the edges; their values on the host only."""
    if not is_inspected(xp):
        return
    for name in {"h", "period", "a", "b"} & arguments.keys():
        require(name, np.isfinite(arguments[name]), "be finite, in the unit of x", arguments[name])
    for name in {"h", "period"} & arguments.keys():
        require(name, np.asarray(arguments[name]) > 0, "be positive, in the unit of x", arguments[name])
    if {"a", "b"} <= arguments.keys():
        width, period = np.asarray(arguments["b"] - arguments["a"]), arguments.get("period")
        ok = width > 0 if period is None else (width >= 0) & (width <= period)
        must = "be greater than `a`" if period is None else "lie between `a` and `a` + `period`"
        if not ok.all():
            require("b", ok, must, arguments["b"], f"`a` is {arguments['a']}.")


def bins_as_arrays(xp, arguments, a, b, bins):
    """{"position", "q"}: midpoints and equal masses, or the caller's centres and masses."""
    if isinstance(bins, (int, np.integer)) and not isinstance(bins, bool):
        if a is None or b is None:
            raise ValueError(
                "`a` and `b` must be given with a number of bins; they are None only with bins=(centres, masses)."
            )
        require("bins", bins >= 1, "be at least 1", bins)
        return {"position": (xp.arange(bins) + 0.5) / bins, "q": xp.full((int(bins),), 1 / bins)}
    if not isinstance(bins, tuple) or len(bins) != 2:
        raise ValueError(f"`bins` must be a number of bins or a pair (centres, masses); got {type(bins).__name__}.")
    if a is not None or b is not None:
        raise ValueError("`a` and `b` must be None with bins=(centres, masses): the bins are the target.")
    centres, masses = as_arrays(xp, centres=bins[0], masses=bins[1]).values()
    if extent("bins[0]", centres, "(..., B)") != extent("bins[1]", masses, "(..., B)"):
        raise ValueError(
            f"`bins` must be (centres, masses) of one length; got shapes {centres.shape} and {masses.shape}."
        )
    if is_inspected(xp):
        require("bins[0]", np.isfinite(centres), "be finite, in the unit of x", centres)
    check_masses(xp, "bins[1]", masses)
    return {"position": centres, "q": masses}


def chosen_kernel(xp, kernel, period):
    """The function of the named kernel, or the caller's own."""
    if callable(kernel):
        return kernel
    names = LINE_KERNELS if period is None else CIRCLE_KERNELS
    if kernel not in names:
        advice = (
            "It needs a `period`." if kernel in CIRCLE_KERNELS else "Or pass a kernel that kdeviz.codegen.build made."
        )
        raise ValueError(f"`kernel` must be one of {', '.join(map(repr, names))}; got {kernel!r}. {advice}")
    return getattr(kernels(xp, "kde_ce"), kernel if period is None else f"{kernel}_on_circle")


def interval_cross_entropy(z, points, a, b, kernel, period, bins, zero, log_floor, wanted):
    """Points that are intervals [lo, hi]: K is 1 inside and 0 outside, so the gradients in the edges are 0 almost everywhere."""
    if kernel != "box" or not isinstance(points, tuple) or len(points) != 2:
        raise ValueError(
            '`h` must be given, except for points=(lo, hi) with kernel="box", where each point brings its own width.'
        )
    given = {
        name: v for name, v in dict(z=z, lo=points[0], hi=points[1], a=a, b=b, period=period).items() if v is not None
    }
    xp = namespace(**given)
    given = as_arrays(xp, **given)
    check_line(xp, given)
    lo, hi = given["lo"], given["hi"]
    if extent("points[0]", lo) != extent("points[1]", hi):
        raise ValueError(f"`points` must be (lo, hi) of one length; got shapes {lo.shape} and {hi.shape}.")
    if is_inspected(xp):
        require("points", ~(lo > hi), "be (lo, hi) with lo <= hi", lo)
    bins_in = bins_as_arrays(xp, given, a, b, bins)
    start, end = (xp.asarray(given.get(name, default))[..., None] for name, default in (("a", 0.0), ("b", 1.0)))
    centres = (start + (end - start) * bins_in["position"])[..., None]
    ahead = centres - lo[..., None, :]
    length = (hi - lo)[..., None, :]
    if period is not None:
        ahead = ahead % xp.asarray(given["period"])[..., None, None]
    inside = (ahead >= 0) & (ahead <= length)
    log_K = xp.where(inside, 0.0, -np.inf) + 0 * (lo + hi)[..., None, :]
    dtype = common_dtype(**given)
    result = mixture_cross_entropy(
        given["z"], log_K.astype(dtype), bins_in["q"].astype(dtype), zero=zero, log_floor=log_floor
    )
    flat = xp.where(xp.isposinf(xp.asarray(result.loss)), np.nan, 0.0).astype(dtype)
    edge = xp.broadcast_to(flat[..., None], result.grad.z.shape)
    found = {"z": result.grad.z, "points": (edge, edge)} | ({} if a is None else {"a": flat, "b": flat})
    return Result(
        result.loss, KdeGradient(*(found.get(name) if name in wanted else None for name in KdeGradient._fields))
    )
