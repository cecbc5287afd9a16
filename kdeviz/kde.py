"""The cross-entropy of a uniform target against a weighted kernel density estimate: checks and conventions around its kernels."""

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arrays import (
    as_arrays,
    as_rows,
    common_dtype,
    extent,
    is_count,
    is_inspected,
    namespace,
    require,
    require_one_of,
    require_rows,
)
from .losses import ArrayLike, Result, check_floor, check_masses, checked_floor, kernels
from .methods import Bins, Compact, IntervalBins, Intervals, Laplace, Quadrature
from .windows import log_sum

METHODS = ("auto", "exact", "quadrature", "bins")
LINE_KERNELS = ("laplace", "gaussian", "box", "triangular", "epanechnikov", "cauchy")
CIRCLE_KERNELS = (*LINE_KERNELS, "von_mises")
EXACT = ("laplace", "box", "triangular", "epanechnikov")
PLACES = ("points", "points[0]", "points[1]")  # the last two are the edges of points that are intervals
KERNEL_ARGUMENTS = {"z", "points", "a", "b", "h", "position", "q", "log_floor"}  # and "period" on a circle


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

    .. math:: L = -\frac1{b-a}\int_a^b\log p(x)\,dx, \qquad p(x) = \sum_j \operatorname{softmax}(z)_j\, K\big((x - x_j)/h\big)

    Without bins wherever it can be: by closed forms, or by quadrature to 1e-12.

    Parameters
    ----------
    z : array (..., J), float32 or float64
        Logits, one per point. Dimensionless; -inf with any finite point is padding.
    points : array (..., J), or a pair of such arrays
        Positions, in the unit of x. A pair (lo, hi) with ``kernel="box"`` and ``h=None``: each point is an interval that explains what it holds;
        an edge may be infinite.
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
        kernels see the nearest image. Whole turns are taken off exactly: far positions lose no digits.
    method : "auto", "exact", "quadrature" or "bins"
        "exact": closed forms, in O(J log J) time and O(J) memory a row; laplace, box, triangular, epanechnikov, and intervals.
        "quadrature": Gauss-Legendre nodes where the row needs them, until their error is below 1e-12 (1e-6 in float32), or a ValueError says
        how far it is; all kernels. "auto": bins if they are given, else exact where it exists, else quadrature.
    bins : int, or a pair (centres, masses), optional
        Number of midpoint bins on [a, b], each of mass 1/bins; or centres (..., B) and masses (..., B), non-negative with sum 1, with a = b = None.
    zero, log_floor
        See :func:`mixture_cross_entropy`; a place of [a, b] is a bin there. "floor" needs `bins`.
    wrt : tuple of names, optional
        The gradients wanted, of "z", "points", "h", "a", "b"; the others are None. Default: all.

    Returns
    -------
    Result
        ``loss`` (...), nats; ``grad.z``, ``grad.points`` (..., J), ``grad.h``, ``grad.a``, ``grad.b`` (...), per unit of x. Leading axes broadcast;
        gradients are never summed over them; with points (lo, hi), ``grad.points`` is a pair and ``grad.h`` None. With bins, ``grad.a`` and
        ``grad.b`` are derivatives of the binned loss, None for explicit centres.

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, h <= 0, a >= b, masses that do not sum to 1, unknown names, masked arrays. Values are judged in the dtype of the
        result: with float32 arrays h = 1e-50 is 0. Values of device arrays are not inspected.

    Notes
    -----
    A normaliser 1/(c h) on K would add log(c h) to the loss and 1/h to ``grad.h``; the other gradients do not change. The floor of the loss is
    then log(b - a), so negative losses are normal.

    NaN in `z` or `points` makes that row NaN and no other. Where the loss is +inf, ``grad.z`` is finite and the other gradients are NaN. The
    binned box kernel has gradients 0 in points, h, a and b almost everywhere: what moves is which bins a point covers.

    Accuracy while \|z - max z\| and \|log K\| stay below 30: loss 1e-14 relative to max(1, \|loss\|), gradients 2e-14 relative to their scale
    (float64), 1e-6 and 2e-6 in float32: ``test_kde_ce_meets_the_oracle``. Beyond: eps times the largest exponent.
    A kernel of bounded support is ill-conditioned at its edge: there the error grows as eps/(1 - \|u\|).

    Source: equations (kde-grad-points) and (kde-grad-edges) in ``derivations/kde_ce.py``.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([-1.0, 0.2, 3.0])
    >>> result = kde_cross_entropy(np.zeros(3), points, 0.0, 1.0, 0.5, bins=64)
    >>> result.grad.z.round(3)
    array([ 0.244, -0.558,  0.314])
    """
    wanted = checked_names(wrt) - ({"a", "b"} if a is None else set())
    problem = checked_problem(z, points, a, b, h, kernel, period, method, bins, zero, log_floor)
    return kde_result(problem, problem.solve("loss"), wanted)


class Problem(NamedTuple):
    """Rows for a method: every argument checked, of one dtype, on a circle without whole turns."""

    xp: Any
    leading: tuple
    rows: dict
    method: Any

    @property
    def bad(self):
        """The rows that hold NaN (R,)."""
        found = [self.xp.isnan(self.rows[name]).any(-1) for name in ("z", *PLACES) if name in self.rows]
        return functools.reduce(operator.or_, found)

    def solve(self, what, *arguments):
        with np.errstate(all="ignore"):  # NaN and infinities have their meanings
            return getattr(self.method, what)(self.xp, self.rows, *arguments)

    def of_rows(self, value):
        """What was computed for all rows, as the caller wants it."""
        return self.shaped(self.nan_where(self.bad, value))

    def shaped(self, value):
        """Values of rows in the caller's shape; a tuple or None part by part."""
        if value is None or isinstance(value, tuple):
            return value and tuple(map(self.shaped, value))
        return value.reshape(self.leading + value.shape[1:])[()]

    def nan_where(self, rows, value):
        """NaN in some rows of a value (R,) or (R, J), or of a tuple of them."""
        if value is None or isinstance(value, tuple):
            return value and tuple(self.nan_where(rows, part) for part in value)
        nan = self.xp.asarray(np.nan, dtype=value.dtype)
        return self.xp.where(rows.reshape(rows.shape + (1,) * (value.ndim - 1)), nan, value)


def checked_problem(z, points, a, b, h, kernel, period, method, bins, zero, log_floor, **beside):
    """`beside`: further arrays (..., J) that go along with the rows."""
    check_method(method, bins, zero)
    places = checked_places(points, h, kernel)
    line = {"a": a, "b": b, "h": h, "period": period}
    given = {"z": z, **places, **beside} | {name: v for name, v in line.items() if v is not None}
    xp, leading, rows = checked_rows(given, bins, zero, log_floor)
    return Problem(xp, leading, rows, chosen_method(xp, kernel, rows, method, zero))


def checked_rows(given, bins, zero, log_floor):
    """(module, leading shape, rows for a method)"""
    given = given | checked_bins(given, bins) | {"log_floor": checked_floor(zero, log_floor)}
    xp = namespace(**given)
    given = as_arrays(xp, **given)
    J, dtype = extent("z", given["z"]), common_dtype(**given)
    if bins is not None:
        given = given | (midpoints(xp, bins) if is_count(bins) else {"a": 0.0, "b": 1.0})
    B = checked_length(xp, given["bins[0]"], given["bins[1]"]) if bins is not None else 0
    cores = dict.fromkeys(("z", "v", *PLACES), (J,)) | {"bins[0]": (B,), "bins[1]": (B,)}
    leading, rows = as_rows(xp, dtype, **{name: (v, cores.get(name, ())) for name, v in given.items()})
    if is_inspected(xp):
        check_values(given, leading, rows)
    check_floor(xp, zero, given["log_floor"], leading, rows)
    if "period" in rows:
        take_off_turns(xp, rows, ("bins[0]",) if isinstance(bins, tuple) else ())
        if bins is None:
            widen_places(xp, rows)
    if bins is not None:
        rows["position"], rows["q"] = rows.pop("bins[0]"), rows.pop("bins[1]")
    return xp, leading, rows


def take_off_turns(xp, rows, centres):
    """Positions less whole turns, with the sign they had: fmod rounds nothing. [a, b] keeps its length."""
    a, b, period = rows["a"], rows["b"], rows["period"]
    with np.errstate(invalid="ignore"):
        rows |= {name: xp.fmod(rows[name], period[:, None]) for name in ("points", *centres) if name in rows}
        rows["a"] = xp.fmod(a, period)
    rows["b"] = xp.where(rows["a"] == a, b, rows["a"] + (b - a))


def widen_places(xp, rows):
    """A target that is one place, a = b, gets a width at the origin: so narrow that log p is constant there to all digits."""
    is_place, points = rows["a"] == rows["b"], [name for name in PLACES if name in rows]
    rows |= {name: xp.where(is_place[:, None], rows[name] - rows["a"][:, None], rows[name]) for name in points}
    rows["b"] = xp.where(is_place, rows["period"] * 2.0**-60, rows["b"])
    rows["a"] = xp.where(is_place, xp.zeros_like(rows["a"]), rows["a"])


def kde_result(problem, out, wanted):
    """The six outputs in the caller's shape; where the loss is infinite only grad.z is defined, in bad rows nothing is.

    A position that is NaN lies neither inside nor outside a bounded support, and a comparison would put it on one side.
    """
    loss, grad_z, *others = problem.nan_where(problem.bad, tuple(out))
    others = problem.nan_where(problem.xp.isposinf(loss), tuple(others))
    shaped = problem.shaped((grad_z, *others))
    grad = KdeGradient(*(g if name in wanted else None for name, g in zip(KdeGradient._fields, shaped)))
    return Result(problem.shaped(loss), grad)


def checked_names(wrt):
    fields = KdeGradient._fields
    names = fields if wrt is None else wrt if isinstance(wrt, (tuple, list, set, frozenset)) else (wrt,)
    for name in names:
        if not (isinstance(name, str) and name in fields):
            raise ValueError(f"`wrt` must name gradients, of {', '.join(map(repr, fields))}; got {name!r}.")
    return set(names)


def check_method(method, bins, zero):
    require_one_of("method", method, METHODS)
    if bins is None and method == "bins":
        raise ValueError('`bins` must be given with method="bins", e.g. bins=64, or bins=(centres, masses); got None.')
    if bins is not None and method not in ("auto", "bins"):
        raise ValueError(f'`bins` imply method="bins"; got method={method!r}. Leave one of the two out.')
    if bins is None and zero == "floor":
        raise ValueError('`zero` must be "inf" or "skip" without bins: a floor has no exact integral. Or give `bins`.')


def checked_places(points, h, kernel):
    """{"points": positions}, or the two edges of points that are intervals."""
    pair = isinstance(points, tuple) and len(points) == 2 and all(map(has_axes, points))
    if pair and h is not None:
        raise ValueError(
            "`h` must be None with points=(lo, hi): each interval brings its own width. Two rows of points are an array (2, J)."
        )
    if h is None and not (pair and isinstance(kernel, str) and kernel == "box"):
        raise ValueError(
            '`h` must be given, except for points=(lo, hi) with kernel="box", where each point brings its own width.'
        )
    return dict(zip(PLACES[1:], points)) if pair else {"points": points}


def has_axes(value):
    return isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0


def checked_bins(given, bins):
    """The caller's centres and masses, if any; the edges must be there, or not, accordingly."""
    edges = given.keys() & {"a", "b"}
    if bins is None or is_count(bins):
        if len(edges) < 2:
            raise ValueError("`a` and `b` must be given; they are None only with bins=(centres, masses).")
        if bins is not None:
            require("bins", bins >= 1, "be at least 1", bins)
        return {}
    if not isinstance(bins, tuple) or len(bins) != 2:
        raise ValueError(f"`bins` must be a number of bins or a pair (centres, masses); got {type(bins).__name__}.")
    if edges:
        raise ValueError("`a` and `b` must be None with bins=(centres, masses): the bins are the target.")
    return {"bins[0]": bins[0], "bins[1]": bins[1]}


def midpoints(xp, bins):
    return {"bins[0]": (xp.arange(int(bins)) + 0.5) / int(bins), "bins[1]": xp.full((int(bins),), 1 / int(bins))}


def checked_length(xp, centres, masses):
    """The number of bins; their masses must be a distribution."""
    B = extent("bins[0]", centres, "(..., B)")
    if B != extent("bins[1]", masses, "(..., B)"):
        raise ValueError(
            f"`bins` must be (centres, masses) of one length; got shapes {centres.shape} and {masses.shape}."
        )
    check_masses(xp, "bins[1]", masses)
    return B


def check_values(given, leading, rows):
    """The bandwidth, the period, the target and intervals, as the kernel will see them."""

    def check(name, ok, what, advice=""):
        require_rows(name, ok, what, given[name], leading, rows, advice)

    for name in [name for name in ("h", "period", "a", "b", "bins[0]") if name in rows]:
        check(name, np.isfinite(rows[name]), "be finite{}, in the unit of x")
    for name in [name for name in ("h", "period") if name in rows]:
        check(name, rows[name] > 0, "be positive{}, in the unit of x")
        check(name, rows[name] >= np.finfo(rows[name].dtype).tiny, "have a finite reciprocal{}")
    if "points[0]" in rows:
        check("points[0]", ~(rows["points[0]"] > rows["points[1]"]), "be lo of points=(lo, hi) with lo <= hi")
    check_target(check, given, rows)


def check_target(check, given, rows):
    a, b, period = rows["a"], rows["b"], rows.get("period")
    with np.errstate(over="ignore"):
        width = b - a
    check("b", np.isfinite(width), "be at a finite distance from `a`{}")
    advice = "" if (width > 0).all() else f"`a` is {given['a']}."  # an array takes milliseconds to print
    if period is None:
        return check("b", width > 0, "be greater than `a`{}", advice)
    rounding = 2 * np.spacing(np.maximum(abs(a), abs(b)))
    check("b", (width >= 0) & (width <= period + rounding), "lie between `a` and `a` + `period`{}", advice)


def chosen_method(xp, kernel, rows, method, zero):
    """Exact where there is a closed form, unless another method is asked for."""
    exact = isinstance(kernel, str) and kernel in EXACT
    if method == "exact" and not exact:
        raise ValueError(
            '`method` must be "auto" or "quadrature" for this kernel, which has no closed form; got "exact".'
        )
    if "h" not in rows:
        return IntervalBins(zero) if "position" in rows else Intervals(zero)
    if "position" not in rows and exact and method != "quadrature":
        return Laplace() if kernel == "laplace" else Compact(kernel, zero)
    compute = chosen_kernel(xp, kernel, rows.get("period"))
    if "position" in rows:
        return Bins(compute, zero)
    return Quadrature(compute, zero, kernel if isinstance(kernel, str) else None)


def chosen_kernel(xp, kernel, period):
    """The function of the named kernel, or the caller's own."""
    if callable(kernel):
        return own_kernel(kernel, period)
    names = LINE_KERNELS if period is None else CIRCLE_KERNELS
    needs_period = isinstance(kernel, str) and kernel in CIRCLE_KERNELS
    advice = "It needs a `period`." if needs_period else "Or pass a kernel that kdeviz.codegen.build made."
    require_one_of("kernel", kernel, names, advice)
    return getattr(kernels(xp, "kde_ce"), kernel if period is None else f"{kernel}_on_circle")


def own_kernel(kernel, period):
    """The caller's kernel: one that was built, or a function with the arguments of a generated one."""
    wanted = KERNEL_ARGUMENTS | ({"period"} if period is not None else set())
    try:
        takes = set(inspect.signature(getattr(kernel, "_on_numpy", kernel)).parameters)
    except (TypeError, ValueError):
        takes = set()
    if takes != wanted:
        raise ValueError(
            f"`kernel` must be a name, or a kernel with arguments {', '.join(sorted(wanted))}: a function of kdeviz.kernels "
            f"or what kdeviz.codegen.build returns; got {kernel!r}."
        )
    return kernel


def of_explained(zero):
    """An infinite loss has no Hessian, and no weights that lower it: what the points explain has."""
    return "skip" if zero == "inf" else zero


def kde_hessian_vector_product(
    z: ArrayLike,
    points: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    h: ArrayLike,
    v: ArrayLike,
    *,
    kernel: str | Callable = "laplace",
    period: ArrayLike = None,
    method: str = "auto",
    bins: Any = None,
    zero: str = "inf",
    log_floor: float | None = None,
) -> Any:
    r"""The Hessian of :func:`kde_cross_entropy` in the logits, times a vector.

    .. math:: Hv = S\,(v - S\cdot v) - \mathbb E_x\,[\,r(x)\,(v - r(x)\cdot v)\,]

    Parameters
    ----------
    v : array (..., J)
        The vector; its leading axes broadcast with those of the other arguments, which are those of :func:`kde_cross_entropy`. Where its loss
        would be infinite, the Hessian is that of zero="skip".

    Returns
    -------
    array (..., J)
        Nats per unit of logit and of `v`. Sums to 0 up to rounding; 0 for a constant `v`. The spectrum of H lies in [-1/2, 1/2].

    Raises
    ------
    ValueError, TypeError
        As :func:`kde_cross_entropy`.

    Notes
    -----
    H is indefinite; no matrix is formed: J numbers of memory a row for the exact methods. Accuracy: ``test_hessian_product_meets_the_oracle``.
    Source: equation (mixture-hessian-product) in ``derivations/mixture_ce.py``, and ``derivations/convexity_and_em.py``.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([-1.0, 0.2, 3.0])
    >>> kde_hessian_vector_product(np.zeros(3), points, 0.0, 1.0, 0.5, np.ones(3)).round(12) + 0.0
    array([0., 0., 0.])
    """
    problem = checked_problem(z, points, a, b, h, kernel, period, method, bins, of_explained(zero), log_floor, v=v)
    return problem.of_rows(problem.solve("hessian_product", problem.rows.pop("v")))


def em_step(
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
) -> Any:
    r"""One step of expectation maximisation for :func:`kde_cross_entropy`: the logarithms of the mean responsibilities.

    .. math:: z_j' = \log R_j, \qquad R_j = \mathbb E_x\,[\,r_j(x)\,] = S_j\,\mathbb E_x\,[\,K_j(x)/p(x)\,]

    As new logits they lower the loss by at least the Kullback-Leibler divergence of R from S; where R = S, it is least.

    Parameters
    ----------
    z, points, a, b, h, kernel, period, method, bins, zero, log_floor
        As in :func:`kde_cross_entropy`.

    Returns
    -------
    array (..., J)
        New logits, of weights that sum to 1. Places that no point explains have no say, as with zero="skip".

    Raises
    ------
    ValueError, TypeError
        As :func:`kde_cross_entropy`.

    Notes
    -----
    Each is accurate however small it is: a sum of positive terms, never a difference of prior and gradient.
    Accuracy: ``test_em_step_meets_the_oracle``.
    Source: equation (mixture-log-R) in ``derivations/mixture_ce.py``; the bound: ``derivations/convexity_and_em.py``.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([-1.0, 0.2, 3.0])
    >>> em_step(np.zeros(3), points, 0.0, 1.0, 0.5).round(3)
    array([-2.418, -0.115, -3.923])
    """
    problem = checked_problem(z, points, a, b, h, kernel, period, method, bins, of_explained(zero), log_floor)
    log_R = problem.solve("log_R")
    with np.errstate(all="ignore"):
        return problem.of_rows(log_R - log_sum(problem.xp, log_R)[:, None])
