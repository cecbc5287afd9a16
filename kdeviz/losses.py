"""The public losses: checks and conventions around the generated kernels, which do all the computing."""

import os
from functools import cache
from importlib import import_module
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

ArrayLike = Any
POLICIES = ("inf", "skip", "floor")
BACKENDS = ("numpy", "numba")  # for numpy arrays; cupy arrays have kernels of their own


class SoftmaxGradient(NamedTuple):
    """Gradients of :func:`softmax_cross_entropy`."""

    z: Any
    y: Any


class MixtureGradient(NamedTuple):
    """Gradients of :func:`mixture_cross_entropy`."""

    z: Any
    log_K: Any
    q: Any


class Result(NamedTuple):
    """A loss in nats, one per row, and the named tuple of its gradients, which are per row too."""

    loss: Any
    grad: Any


def kernels(xp, stem):
    """The module of generated kernels for numpy or cupy arrays."""
    return import_module(f"kdeviz.kernels.{backend() if xp is np else xp.__name__}.{stem}")


def backend():
    """What computes on numpy arrays: the library that the environment's KDEVIZ_BACKEND names, else numba where it is installed."""
    if not (name := os.environ.get("KDEVIZ_BACKEND")):
        return "numpy" if numba_problem() else "numba"
    require_one_of("KDEVIZ_BACKEND", name, BACKENDS, "Unset, it is numba where numba is installed.")
    if name == "numba" and (problem := numba_problem()):
        raise ImportError(f"KDEVIZ_BACKEND=numba, but {problem}. Install it: pip install 'kdeviz[numba]'.")
    return name


@cache
def numba_problem():
    """Why numba cannot be imported; "" when it can."""
    try:
        import_module("numba")
    except ImportError as problem:
        return str(problem)
    return ""


# ---------------------------------------------------------------------------------------------------- softmax
def softmax_cross_entropy(z: ArrayLike, y: ArrayLike) -> Result:
    r"""Cross-entropy of labels against softmax(z).

    .. math:: L = -\sum_k y_k \log \operatorname{softmax}(z)_k, \qquad \partial L/\partial z = \operatorname{softmax}(z)\sum_k y_k - y

    Parameters
    ----------
    z : array (..., D), float32 or float64
        Logits. Dimensionless; -inf excludes a category.
    y : array (..., D), or integer array (...)
        Soft labels: non-negative, summing to 1 within 1e-6. An integer array with one axis fewer than `z` holds class labels, 0 to D - 1.

    Returns
    -------
    Result
        ``loss`` (...), nats; ``grad.z`` (..., D); ``grad.y`` (..., D), or None for class labels.

    Raises
    ------
    ValueError
        For shapes that do not fit, labels out of range, negative or unnormalised soft labels. Values of device arrays are not inspected.

    Notes
    -----
    0 log 0 = 0. NaN in a row makes that row NaN and no other; a label on a category with logit -inf costs +inf, and ``grad.z`` stays finite.

    Accuracy: loss 1e-14 relative to max(1, \|loss\|), gradients 2e-14 (float64): ``test_softmax_ce_meets_the_oracle``.

    Source: equation (softmax-grad) in ``derivations/softmax_ce.py``.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_cross_entropy(np.zeros(4), 1).grad.z
    array([ 0.25, -0.75,  0.25,  0.25])
    """
    xp = namespace(z=z, y=y)
    z, y = as_arrays(xp, z=z, y=y).values()
    D, y = extent("z", z, "(..., D)"), xp.asarray(y)
    labels = y.dtype.kind in "iu" and y.ndim == z.ndim - 1
    soft = labels_as_rows(xp, "y", y, D) if labels else checked_soft_labels(xp, y, D)
    dtype = common_dtype(z=z) if labels else common_dtype(z=z, y=y)
    leading, rows = as_rows(xp, dtype, z=(z, (D,)), y=(soft, (D,)))
    loss, grad_z, grad_y = kernels(xp, "softmax_ce").softmax_ce(**rows)
    grad = SoftmaxGradient(grad_z.reshape(leading + (D,)), None if labels else grad_y.reshape(leading + (D,)))
    return Result(loss.reshape(leading)[()], grad)


def labels_as_rows(xp, name, labels, D):
    """One-hot rows; a label out of range raises (on the host)."""
    if is_inspected(xp):
        require(name, (labels >= 0) & (labels < D), f"hold class labels from 0 to D - 1 = {D - 1}", labels)
    return labels[..., None] == xp.arange(D)


def checked_soft_labels(xp, y, D):
    if y.ndim == 0 or y.shape[-1] != D:
        raise ValueError(
            f"`y` must have shape (..., D) = (..., {D}) to match `z`, or be integer labels of shape (...); got shape {y.shape}, dtype {y.dtype}."
        )
    if is_inspected(xp):
        require("y", ~(y < 0), "be non-negative", y)
        total = y.sum(-1, dtype=np.float64)
        require("y", ~(abs(total - 1) > 1e-6), "sum to 1 over its last axis, within 1e-6", total, "Divide by its sum.")
    return y


def smooth_labels(labels: ArrayLike, D: int, alpha: float) -> Any:
    r"""Class labels as soft labels, :math:`(1-\alpha)\,\mathrm{onehot} + \alpha/D`.

    Parameters
    ----------
    labels : integer array (...)
        0 to D - 1.
    D : int
        Number of categories.
    alpha : float in [0, 1]
        Share of the label spread evenly over all categories.

    Returns
    -------
    array (..., D), float64
        Non-negative rows that sum to 1.

    Raises
    ------
    ValueError, TypeError
        For labels that are no integers or out of range, D < 1, alpha outside [0, 1].

    Notes
    -----
    The cross-entropy optimum has a gap of log(1 + D (1 - alpha)/alpha) between the label's logit and the others.

    Source: ``derivations/softmax_ce.py``.

    Examples
    --------
    >>> smooth_labels(1, 4, 0.2)
    array([0.05, 0.85, 0.05, 0.05])
    """
    xp = namespace(labels=labels)
    labels = xp.asarray(as_arrays(xp, labels=labels)["labels"])
    if labels.dtype.kind not in "iu":
        raise TypeError(f"`labels` must be integers from 0 to D - 1; got dtype {labels.dtype}.")
    if not is_count(D) or D < 1:
        raise ValueError(f"`D` must be the number of categories, an integer of at least 1; got {D!r}.")
    alpha = as_share("alpha", alpha)
    return (1 - alpha) * labels_as_rows(xp, "labels", labels, int(D)) + alpha / int(D)


def as_share(name, value):
    """A number from 0 to 1, as Python's float."""
    number = value.item() if getattr(value, "ndim", None) == 0 else value
    if type(number) not in (int, float) or not 0 <= number <= 1:
        raise ValueError(f"`{name}` must be a number from 0 to 1; got {value!r}.")
    return float(number)


# ---------------------------------------------------------------------------------------------------- mixture
def mixture_cross_entropy(
    z: ArrayLike, log_K: ArrayLike, q: ArrayLike, zero: str = "inf", log_floor: float | None = None
) -> Result:
    r"""Cross-entropy of bin masses against a softmax-weighted mixture: the formula that all losses here share.

    .. math:: L = -\sum_b q_b \log p_b, \qquad \log p_b = \operatorname{LSE}_j(z_j + \log K_{bj}) - \operatorname{LSE}_j(z_j)

    Parameters
    ----------
    z : array (..., J), float32 or float64
        Logits, one per point. Dimensionless; -inf removes a point (padding).
    log_K : array (..., B, J)
        Log-kernel from point j to bin b. A constant added to one bin cancels in ``grad.z``. -inf: the point cannot explain the bin.
    q : array (..., B)
        Bin masses of the target: non-negative, summing to 1 within 1e-6.
    zero : "inf", "skip" or "floor"
        A bin with mass that no point explains: "inf" makes the loss +inf and lets the bin contribute nothing to ``grad.z``; "skip" drops it
        and renormalises the masses of the others; "floor" adds a background ``exp(log_floor)`` to every bin.
    log_floor : float or array (...), with ``zero="floor"`` only
        Logarithm of the background, in nats.

    Returns
    -------
    Result
        ``loss`` (...), nats; ``grad.z`` (..., J), ``grad.log_K`` (..., B, J), ``grad.q`` (..., B). Leading axes broadcast; gradients are never
        summed over them. ``grad.z`` sums to zero up to rounding, under every policy.

    Raises
    ------
    ValueError
        For shapes that do not fit, masses that are negative or do not sum to 1, an unknown policy. Values of device arrays are not inspected.

    Notes
    -----
    NaN in a row of `z` or `log_K` makes that row NaN and no other. Where a row has nothing left to average under "skip", its loss is +inf.
    ``grad.log_K`` is NaN at an unexplained bin with mass, where it is undefined (see ``derivations/one_hot.py``), and 0 at a skipped one.
    Masses sum to 1, so only differences within a row of ``grad.q`` mean anything; under "skip" they are those of the renormalised loss.

    Accuracy: loss 1e-14 relative to max(1, \|loss\|), gradients 2e-14 (float64); 1e-6 and 2e-6 in float32: ``test_mixture_ce_meets_the_oracle``.
    Logits are centred, so a large common offset costs no digits.

    Source: equations (mixture-loss) and (mixture-grad-z) in ``derivations/mixture_ce.py``.

    Examples
    --------
    Two points explain the first bin, only one of them the second.

    >>> import numpy as np
    >>> log_K = np.log([[1.0, 1.0], [1.0, 0.5]])
    >>> mixture_cross_entropy(np.zeros(2), log_K, np.array([0.5, 0.5])).grad.z.round(3)
    array([-0.083,  0.083])
    """
    log_floor = checked_floor(zero, log_floor)
    xp = namespace(z=z, log_K=log_K, q=q, log_floor=log_floor)
    z, log_K, q, log_floor = as_arrays(xp, z=z, log_K=log_K, q=q, log_floor=log_floor).values()
    J, B = extent("z", z), extent("q", q, "(..., B)")
    check_masses(xp, "q", q)
    dtype = common_dtype(z=z, log_K=log_K, q=q, log_floor=log_floor)
    leading, rows = as_rows(xp, dtype, z=(z, (J,)), log_K=(log_K, (B, J)), q=(q, (B,)), log_floor=(log_floor, ()))
    check_floor(xp, zero, log_floor, leading, rows)
    compute = kernels(xp, "mixture_ce").mixture_ce
    (loss, grad_z, grad_log_K, grad_q), kept = with_policy(xp, zero, compute, rows, lambda out: -out[3])
    lost = xp.isposinf(grad_q) & (kept > 0)
    grad_log_K = xp.where(lost[..., None], xp.asarray(np.nan, dtype=dtype), grad_log_K)
    if zero == "skip":
        grad_q = mass_gradient(xp, rows["q"], kept, loss, grad_q)
    grad = MixtureGradient(
        grad_z.reshape(leading + (J,)), grad_log_K.reshape(leading + (B, J)), grad_q.reshape(leading + (B,))
    )
    return Result(loss.reshape(leading)[()], grad)


def check_masses(xp, name, masses):
    if is_inspected(xp):
        require(name, masses >= 0, "be non-negative", masses)
        total = masses.sum(-1, dtype=np.float64)
        require(name, abs(total - 1) <= 1e-6, "sum to 1 over its last axis, within 1e-6", total, "Divide by its sum.")


def checked_floor(zero, log_floor):
    """The logarithm of the background: -inf unless zero="floor"."""
    require_one_of("zero", zero, POLICIES)
    if (zero == "floor") != (log_floor is not None):
        got = f"zero={zero!r}, log_floor={log_floor!r}"
        raise ValueError(
            f'`log_floor` must be given with zero="floor", and only then; got {got}. E.g. zero="floor", log_floor=-12.0.'
        )
    return -np.inf if log_floor is None else log_floor


def check_floor(xp, zero, log_floor, leading, rows):
    if zero == "floor" and is_inspected(xp):
        finite = np.isfinite(rows["log_floor"])
        require_rows("log_floor", finite, "be a finite logarithm{}, in nats", log_floor, leading, rows)


def with_policy(xp, zero, compute, rows, log_density):
    """(the kernel's outputs, the masses they are for): "skip" is the loss with unexplained masses given to the other bins."""
    out, q = compute(**rows), rows["q"]
    if zero != "skip":
        return out, q
    alive = xp.where(xp.isneginf(log_density(out)), xp.zeros_like(q), q)
    total = alive.sum(-1, keepdims=True)
    skipping = (total > 0) & (alive != q).any(-1, keepdims=True)
    if is_inspected(xp) and not skipping.any():
        return out, q
    kept = xp.where(skipping, alive / xp.where(skipping, total, xp.ones_like(total)), q)
    return compute(**(rows | {"q": kept})), kept


def mass_gradient(xp, q, kept, loss, grad_q):
    """dL/dq under "skip", up to a constant in the row: -log p over the explained mass; the loss over it at a skipped bin."""
    skipped = (q > 0) & (kept == 0)
    explained = xp.where(skipped, xp.zeros_like(q), q).sum(-1, keepdims=True)
    scaled = xp.where(skipped, loss[:, None], grad_q) / explained
    return xp.where(skipped.any(-1, keepdims=True), scaled, grad_q)
