"""The continuous categorical: its loss, and the distribution with moments, divergence, samples and the fit to a mean."""

import math
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from . import contour, sampling
from .arrays import as_arrays, as_rows, broadcast, common_dtype, extent, is_count, is_inspected, namespace, require
from .losses import ArrayLike, Result, labels_as_rows

TOLERANCE = 1e-6  # how far outside the simplex a label may lie
MOST_ENTRIES = 2**27  # of a covariance matrix: 1 GiB in float64
LEAST_MEAN = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-100}  # 1/mean and its square are numbers
NEAR = 2  # where no logit moves by more than this over its mean, the divergence is an integral
NODES = 16  # of that integral: exact to 1e-15
FAR_DOWN = {np.dtype(np.float32): -(2.0**50), np.dtype(np.float64): -(2.0**100)}  # what is added to it is rounded away
NEWTON_STEPS, CG_STEPS = 60, 60  # caps; seen: 8 and 8
ROUNDING, CLOSE, CG_TOLERANCE = 1e-15, 1e-8, 1e-16


class ContinuousCategoricalGradient(NamedTuple):
    """Gradients of :func:`cc_cross_entropy`."""

    z: Any
    y: Any


# ---------------------------------------------------------------------------------------------------- loss
def cc_cross_entropy(z: ArrayLike, y: ArrayLike) -> Result:
    r"""Negative log-likelihood of soft labels under the continuous categorical with the logits z.

    .. math:: L = A(z) - z\cdot y, \qquad \partial L/\partial z = \mu(z) - y, \qquad A(z) = \log\int e^{z\cdot y'}\,\mathrm dy'

    Model expectation minus data, as for the softmax; but `y` is a point of the simplex here, with a density, and no distribution over categories.

    Parameters
    ----------
    z : array (..., D), float32 or float64
        Logits. Dimensionless, any offset; -inf takes a category away.
    y : array (..., D), or integer array (...)
        Soft labels on the simplex: none below -1e-6, summing to 1 within 1e-6. An integer array with one axis fewer than `z` holds class labels,
        0 to D - 1, which are one-hot: see the notes.

    Returns
    -------
    Result
        ``loss`` (...), nats; ``grad.z`` (..., D), the mean less `y`; ``grad.y`` (..., D), ``max(z) - z``, or None for class labels.

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, labels out of range or outside the simplex. Values of device arrays are not inspected.

    Notes
    -----
    The density is with respect to Lebesgue measure on the first D - 1 coordinates (which D - 1 makes no difference). Measured against the uniform
    distribution instead, the loss is larger by log((D - 1)!). It is often negative, and no measure changes its gradient.

    Unbounded below for one-hot labels, and wherever a y_k is 0: the optimum has infinite logits. :func:`smooth_labels` with a share alpha makes it
    finite, with a gap of D/alpha for small alpha.

    `y` counts as summing to 1 exactly, so a common offset of `z` drops out. Only differences within a row of ``grad.y`` mean anything, since `y`
    cannot leave the simplex; the largest logit's entry is 0.

    Where a logit is -inf and its y_k is 0, the loss is -inf; where y_k > 0, it is +inf. ``grad.z`` is finite in both cases. NaN, +inf or a row
    without a finite logit makes that row NaN and no other.

    Accuracy, in units of the dtype's eps: loss 4 relative to the largest of 1, \|log Z\| and \|z\|; gradient 8 relative to the larger of mean and
    label: ``test_loss_and_gradient_meet_the_exact_references``.

    Source: equation (cc-loss) in ``derivations/cc.py``.

    Examples
    --------
    >>> import numpy as np
    >>> cc_cross_entropy(np.zeros(4), [0.7, 0.1, 0.1, 0.1]).grad.z.round(3)
    array([-0.45,  0.15,  0.15,  0.15])
    """
    xp = namespace(z=z, y=y)
    z, y = as_arrays(xp, z=z, y=y).values()
    D, y = extent("z", z, "(..., D)"), xp.asarray(y)
    labels = y.dtype.kind in "iu" and y.ndim == z.ndim - 1
    point = labels_as_rows(xp, "y", y, D) if labels else checked_point(xp, y, D, "z")
    dtype = common_dtype(z=z) if labels else common_dtype(z=z, y=y)
    leading, rows = as_rows(xp, dtype, z=(z, (D,)), y=(point, (D,)))
    top, log_Z, mean = contour.log_partition_and_mean(rows["z"])
    gaps = below(xp, top, rows["z"])
    loss = surprise(xp, log_Z, gaps, rows["y"])
    bad = xp.isnan(loss)[:, None]
    grad_z, grad_y = (xp.where(bad, loss[:, None], g).reshape(leading + (D,)) for g in (mean - rows["y"], gaps))
    return Result(loss.reshape(leading)[()], ContinuousCategoricalGradient(grad_z, None if labels else grad_y))


def checked_point(xp, y, D, parameter):
    """A point of the simplex, or an error."""
    if y.ndim == 0 or y.shape[-1] != D:
        otherwise = ", or be integer labels of shape (...)" if parameter == "z" else ""
        raise ValueError(
            f"`y` must have shape (..., D) = (..., {D}) to match `{parameter}`{otherwise}; got shape {y.shape}, dtype {y.dtype}."
        )
    if is_inspected(xp):
        require("y", ~(y < -TOLERANCE), f"be non-negative, within {TOLERANCE:g}", y)
        total = y.sum(-1, dtype=np.float64)
        off = abs(total - 1) > TOLERANCE
        require("y", ~off, f"sum to 1 over its last axis, within {TOLERANCE:g}", total, "Divide by its sum.")
    return y


def below(xp, top, eta):
    """How far each logit is below the largest of its row."""
    with np.errstate(over="ignore", invalid="ignore"):  # infinity less infinity, in rows that are NaN anyway
        return top[..., None] - eta


def surprise(xp, log_Z, gaps, y):
    """log Z + sum_k y_k gap_k, with 0 inf = 0; what is impossible costs +inf, although log Z is -inf there."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = xp.where(xp.isinf(gaps) & (y <= 0), 0 * y, y * gaps).sum(-1)
        return xp.where(xp.isposinf(total), total, log_Z + total)


# ---------------------------------------------------------------------------------------------------- distribution
class ContinuousCategorical:
    r"""The continuous categorical distribution on the simplex, or an array of them.

    .. math:: p(y) = C(\lambda)\prod_k\lambda_k^{y_k} = e^{\eta\cdot y - A(\eta)}, \qquad \lambda = \operatorname{softmax}(\eta), \qquad
        \log C = \operatorname{LSE}(\eta) - A(\eta)

    Parameters
    ----------
    eta : array (..., D), float32 or float64
        Natural parameters (logits). Dimensionless, any offset; -inf takes a category away.

    Raises
    ------
    ValueError, TypeError
        For no category, numbers that are not real, another dtype.

    Notes
    -----
    The density is with respect to Lebesgue measure on the first D - 1 coordinates. Results have the dtype of `eta`, are computed when first
    asked for, and kept.

    NaN, +inf or a row without a finite logit makes that row NaN and no other. A logit of -inf leaves a density on a face of the simplex:
    ``log_partition`` and the entropy are -inf, the category has mean and covariances 0, and the others have theirs. D = 1 is the point 1.

    Accuracy, in units of the dtype's eps: ``log_partition`` 4 relative to the largest of 1, \|log Z\| and \|eta\|; means 8 relative to themselves,
    variances and covariances 16 relative to the standard deviations: ``test_moments_meet_the_exact_references``, of up to 20 categories.

    Source: equations (cc-density), (cc-mean) and (cc-entropy) in ``derivations/cc.py``.

    Examples
    --------
    >>> import numpy as np
    >>> cc = ContinuousCategorical([2.0, 0.0, 0.0])
    >>> cc.mean.round(3)
    array([0.456, 0.272, 0.272])
    >>> cc.log_prob([0.5, 0.25, 0.25]).round(3)
    np.float64(0.907)
    """

    def __init__(self, eta: ArrayLike):
        self._xp = namespace(eta=eta)
        eta = as_arrays(self._xp, eta=eta)["eta"]
        self._D = extent("eta", eta, "(..., D)")
        self._leading, rows = as_rows(self._xp, common_dtype(eta=eta), eta=(eta, (self._D,)))
        self._rows = rows["eta"].copy()

    def __repr__(self):
        return f"ContinuousCategorical(eta of shape {self.eta.shape}, {self._rows.dtype})"

    @property
    def eta(self) -> Any:
        """The natural parameters, (..., D)."""
        return self._shaped(self._rows)

    @cached_property
    def log_partition(self) -> Any:
        """Log-partition A(eta) = log Z, (...), in nats. It is *subtracted* in the logarithm of the density."""
        top, log_Z, _ = self._moments
        return self._shaped(top + log_Z)

    @cached_property
    def log_norm_const(self) -> Any:
        """Log normalizing constant log C(lambda) = LSE(eta) - A(eta), (...), in nats. It is *added* in the logarithm of the density.

        At least log D!, which is its value for equal logits. A common offset of `eta` does not change it.
        """
        top, log_Z, _ = self._moments
        return self._shaped(self._xp.log(self._xp.exp(-below(self._xp, top, self._rows)).sum(-1)) - log_Z)

    @cached_property
    def mean(self) -> Any:
        """Means E y_k, (..., D), non-negative with sum 1. Equal logits have equal means, bit for bit."""
        return self._shaped(self._moments[2])

    @cached_property
    def variance(self) -> Any:
        """Variances of y_k, (..., D), the diagonal of the covariance."""
        return self._shaped(self._solved.variance())

    @cached_property
    def covariance_matrix(self) -> Any:
        """Covariance of y, (..., D, D), symmetric bit for bit, with :attr:`variance` on the diagonal. Rows sum to zero up to rounding.

        Takes the time of D means and raises ValueError above 2^27 entries (1 GiB in float64): see :meth:`covariance_matvec`.
        """
        D, rows = self._D, len(self._rows)
        if rows * D**2 > MOST_ENTRIES:
            shape = self._leading + (D, D)
            raise ValueError(
                f"`covariance_matrix` must have at most 2^27 = {MOST_ENTRIES} entries; shape {shape} has {rows * D**2}. "
                "Use covariance_matvec(v) for its products, and variance for its diagonal."
            )
        return self._shaped(self._solved.covariance())

    def covariance_matvec(self, v: ArrayLike) -> Any:
        """The covariance times v, without the matrix: time and memory of a few means.

        Parameters
        ----------
        v : array (..., D)
            Its leading axes broadcast with those of `eta`.

        Returns
        -------
        array (..., D)
            How the mean moves with a small step v of `eta`. A constant added to v changes nothing.
        """
        xp, leading, rows = self._with(v=v)
        return contour.covariance_matvec(rows["eta"], rows["v"]).reshape(leading + (self._D,))

    def log_prob(self, y: ArrayLike) -> Any:
        """Log-density log p(y), (...), in nats, for y (..., D) whose leading axes broadcast with those of `eta`.

        The density is with respect to Lebesgue measure on the first D - 1 coordinates. A `y` outside the simplex by more than 1e-6 raises
        ValueError; within that it counts as a point of the simplex. With logits of -inf: +inf on the face that they leave, -inf elsewhere.
        """
        y = as_arrays(namespace(eta=self._rows, y=y), y=y)["y"]
        dtype = common_dtype(eta=self._rows, y=y)
        if dtype != self._rows.dtype:
            return ContinuousCategorical(self.eta.astype(dtype)).log_prob(y)
        y = checked_point(self._xp, self._xp.asarray(y, dtype=dtype), self._D, "eta")
        broadcast({"eta": self._leading, "y": y.shape[:-1]})
        top, log_Z = (a.reshape(self._leading) for a in self._moments[:2])
        return -surprise(self._xp, log_Z, below(self._xp, top, self.eta), y)[()]

    def entropy(self) -> Any:
        """Differential entropy A - eta . mean, (...), in nats. At most -log (D - 1)!, its value for equal logits; -inf where a logit is."""
        top, log_Z, mean = self._moments
        return self._shaped(surprise(self._xp, log_Z, below(self._xp, top, self._rows), mean))

    def kl_divergence(self, other: "ContinuousCategorical") -> Any:
        """KL divergence of self from other, A(other) - A(self) - (other.eta - self.eta) . mean, (...), in nats. Leading axes broadcast.

        Not negative, and 0 for equal parameters. Close distributions lose no digits: there it is the integral of the second derivative of A
        from one to the other. Categories at -inf in both count for nothing; at -inf in one only, the divergence is +inf.

        Accuracy in float64: 1e-15 relative to itself where it is small; above about 1, an eps of log Z:
        ``test_divergence_of_close_distributions_keeps_its_digits``.
        """
        if not isinstance(other, ContinuousCategorical):
            raise TypeError(f"`other` must be a ContinuousCategorical; got {type(other).__name__}.")
        xp, leading, rows = self._with(other=other.eta)
        return divergence(xp, rows["eta"], rows["other"]).reshape(leading)[()]

    def sample(self, shape: Any = (), rng: Any = None) -> Any:
        """Independent draws, in an array of shape ``shape + (..., D)``.

        Parameters
        ----------
        shape : int or tuple of int
            How many draws from each distribution.
        rng : numpy Generator, seed, or None
            What ``numpy.random.default_rng`` takes. Draws are made on the host, for cupy arrays too.
        """
        shape = checked_shape(shape)
        eta = self._rows if self._xp is np else self._rows.get()
        draws = sampling.draw(eta, math.prod(shape), np.random.default_rng(rng))
        return self._xp.asarray(draws.reshape(shape + self._leading + (self._D,)))

    @classmethod
    def from_mean(cls, mu: ArrayLike) -> "ContinuousCategorical":
        """The distribution with the mean mu: the maximum-likelihood fit to data whose average is mu.

        Parameters
        ----------
        mu : array (..., D), float32 or float64
            Means in the open simplex: positive (at least 1e-100, in float32 1e-30), summing to 1 within 1e-6; they are divided by their sum.

        Returns
        -------
        ContinuousCategorical
            With the largest logit 0. Computed in float64, rounded to the dtype of `mu`.

        Raises
        ------
        ValueError, TypeError
            For means outside; the worst place is shown. Values of device arrays are not inspected: what is outside becomes NaN.

        Notes
        -----
        Newton's method on the convex log-likelihood, in the logarithms of the rates; the start ``-1/mu`` has means within 25 % of mu. Steps are
        shortened until they come closer. A row of NaN stays NaN; so would be one where the steps do not arrive, which has not been seen.

        Accuracy: the mean of the result is mu within 12 eps, relative and entry by entry: ``test_from_mean_inverts_the_mean``, of up to 10,000
        categories.

        Examples
        --------
        >>> ContinuousCategorical.from_mean([0.9, 0.05, 0.05]).eta.round(6)
        array([  0.      , -19.999992, -19.999992])
        """
        xp = namespace(mu=mu)
        mu = xp.asarray(as_arrays(xp, mu=mu)["mu"])
        D, dtype = extent("mu", mu, "(..., D)"), common_dtype(mu=mu)
        if is_inspected(xp):
            check_interior(mu, dtype)
        leading, rows = as_rows(xp, np.dtype(np.float64), mu=(mu, (D,)))
        with np.errstate(all="ignore"):
            theta = rates_of_mean(xp, rows["mu"] / rows["mu"].sum(-1, keepdims=True))
        return cls(logits(theta).astype(dtype).reshape(leading + (D,)))

    @cached_property
    def _solved(self):
        return contour.Moments(self._rows)

    @cached_property
    def _moments(self):
        """Rows of (largest logit, log Z without it, mean)."""
        return self._solved.top, self._solved.log_Z, self._solved.mean

    def _shaped(self, rows):
        return rows.reshape(self._leading + rows.shape[1:])[()]

    def _with(self, **argument):
        """(module, leading shape, rows): eta and one more array (..., D), broadcast, of one dtype."""
        ((name, value),) = argument.items()
        xp = namespace(eta=self._rows, **argument)
        value = as_arrays(xp, **argument)[name]
        dtype = common_dtype(eta=self._rows, **{name: value})
        return xp, *as_rows(xp, dtype, eta=(self.eta, (self._D,)), **{name: (value, (self._D,))})


def checked_shape(shape):
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if not all(is_count(size) and size >= 0 for size in sizes):
        raise ValueError(f"`shape` must be a count of draws or a tuple of counts; got {shape!r}.")
    return tuple(map(int, sizes))


# ---------------------------------------------------------------------------------------------------- divergence
def divergence(xp, eta, other):
    """A(other) - A(eta) - (other - eta) . mean(eta): as it stands, or as an integral where it would cancel."""
    (p, gone), (q, gone_too) = centred(xp, eta), centred(xp, other)
    _, log_Z, mean = contour.log_partition_and_mean(p)
    _, other_log_Z, other_mean = contour.log_partition_and_mean(q)
    direct = other_log_Z - log_Z - (mean * (q - p)).sum(-1)
    with np.errstate(invalid="ignore"):
        step = xp.where(gone | gone_too, q - p, other - eta)  # the difference of close logits is exact
    step = step - xp.take_along_axis(step, xp.argmax(mean, -1)[:, None], -1)  # a common offset is nothing, bit for bit
    step = step - (mean * step).sum(-1, keepdims=True)
    near = (abs(step) * xp.where(mean < other_mean, other_mean, mean)).max(-1) < NEAR
    if not is_inspected(xp) or near.any():
        direct = xp.where(near, integrated(xp, p, step), direct)
    apart = (gone != gone_too).any(-1) & ~xp.isnan(direct)
    return xp.where(apart, xp.asarray(np.inf, dtype=eta.dtype), direct)


def centred(xp, eta):
    """(logits of maximum 0, where they were -inf): those are now so far down that only a common factor of Z is left of them."""
    with np.errstate(invalid="ignore"):
        eta = eta - eta.max(-1, keepdims=True)
    gone = xp.isneginf(eta)
    return xp.where(gone, xp.asarray(FAR_DOWN[eta.dtype], dtype=eta.dtype), eta), gone


def integrated(xp, eta, step):
    """The integral of (1 - t) step . Cov(eta + t step) step over t from 0 to 1."""
    total = xp.zeros_like(eta[:, 0])
    for t, weight in gauss_rule():
        total = total + weight * (1 - t) * (step * contour.covariance_matvec(eta + t * step, step)).sum(-1)
    return total


@cache
def gauss_rule():
    """(node, weight) pairs on [0, 1]. When first wanted: numpy takes a while to load its polynomials."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return list(zip(((1 + nodes) / 2).tolist(), (weights / 2).tolist()))


# ---------------------------------------------------------------------------------------------------- from the mean
def check_interior(mu, dtype):
    least = LEAST_MEAN[dtype]
    advice = "A mean on the boundary has no finite logits: mix in a share of the uniform, (1 - alpha) mu + alpha/D."
    require_everywhere("mu", least - mu, f"be positive, at least {least:g} in {dtype}", mu, advice)
    total = np.asarray(mu.sum(-1, dtype=np.float64))
    what = f"sum to 1 over its last axis, within {TOLERANCE:g}"
    require_everywhere("mu", abs(total - 1) - TOLERANCE, what, total, "Divide by its sum.")


def require_everywhere(name, excess, what, array, advice):
    """Raises if an excess is positive, and shows where it is largest."""
    excess = np.where(np.isnan(excess), -np.inf, excess)
    if (excess > 0).any():
        place = tuple(map(int, np.unravel_index(excess.argmax(), excess.shape)))
        at = f" at index {place}" if place else ""
        raise ValueError(f"`{name}` must {what}; got {array[place]}{at}. {advice}")


def rates_of_mean(xp, mu):
    """theta > 0 for which eta = -theta has the mean mu; NaN where there is none.

    Newton's method on log mean = log mu in log theta. There it is nearly linear: independent exponentials of rates theta have the means 1/theta,
    and given their sum 1 they are the continuous categorical, with means between 0.45/theta and 1.22/theta.
    """
    theta = 1 / mu
    error = log_error(xp, mu, theta)
    left = abs(error).max(-1) > ROUNDING
    for _ in range(NEWTON_STEPS):
        if not left.any():
            break
        here = mu[left], theta[left], error[left]
        theta[left], error[left], closer = shortened(xp, *here, newton_step(xp, *here))
        left[left] = closer & (abs(error[left]).max(-1) > ROUNDING)
    return xp.where((abs(error).max(-1) < CLOSE)[:, None], theta, xp.asarray(np.nan))


def logits(theta):
    return theta.min(-1, keepdims=True) - theta


def log_error(xp, mu, theta):
    """log(mu/mean), entry by entry."""
    return xp.log(mu / contour.log_partition_and_mean(logits(theta))[2])


def newton_step(xp, mu, theta, error):
    """The step of eta that moves log mean by the error, to first order: Cov step = mean error, by conjugate gradients.

    With the variances as preconditioner this is close to the identity, whatever D is. Both sides sum to zero, up to second order.
    """
    eta, mean = logits(theta), mu * xp.exp(-error)
    residual = with_zero_sum(xp, mean * (error - (mean * error).sum(-1, keepdims=True)), eta.argmax(-1))
    moments = contour.Moments(eta)
    step, variance = xp.zeros_like(eta), moments.variance()
    direction = residual / variance
    size = enough = (residual * direction).sum(-1)
    for _ in range(CG_STEPS):
        product = moments.covariance_matvec(direction)
        curvature = (direction * product).sum(-1)
        going = (size > CG_TOLERANCE * enough) & (curvature > 0)
        if not going.any():
            break
        length = xp.where(going, size / curvature, xp.zeros_like(size))[:, None]
        step, residual = step + length * direction, residual - length * product
        new_size = (residual * residual / variance).sum(-1)
        direction = xp.where(going[:, None], residual / variance + (new_size / size)[:, None] * direction, direction)
        size = xp.where(going, new_size, xp.zeros_like(size))
    return step


def with_zero_sum(xp, a, place):
    """a with the entry at one place per row such that the sum is 0. A mean near 1 has roundings larger than the other means."""
    there = xp.arange(a.shape[-1]) == place[:, None]
    return xp.where(there, -xp.where(there, xp.zeros_like(a), a).sum(-1, keepdims=True), a)


def shortened(xp, mu, theta, error, step):
    """(theta, its error, whether it came closer) after the step, or after the longest half, quarter or eighth of it that comes closer."""
    start, before = theta, abs(error).max(-1)
    closer = before < 0
    for length in (1.0, 0.5, 0.25, 0.125):
        trial = start * xp.exp(-length * step / start)
        trial_error = log_error(xp, mu, trial)
        better = ~closer & (abs(trial_error).max(-1) < before)
        theta, error = (xp.where(better[:, None], new, old) for new, old in ((trial, theta), (trial_error, error)))
        closer = closer | better
        if closer.all():
            break
    return theta, error, closer
