"""What others compute the log-partition of the continuous categorical with, in floats: formulas that lose digits.

They stand here to be measured, not to be used. `eta` is an array (..., D) of finite logits, float32 or float64, and so is
the arithmetic; a result is NaN where the formula gives no number (0/0, overflow, the logarithm of a negative sum).
The published names and conventions are ours; the formulas are those of arXiv 2011.05231 and of its authors' code
(cunningham-lab/cb_and_cc, cc/cc_funcs.py).
"""

import numpy as np
from mpmath import mp

from derivations import cc


def quiet(formula):
    """The same function without numpy's warnings: that it divides by zero is what is to be shown."""
    return np.errstate(all="ignore")(formula)


def product_of_gaps(eta):
    """(..., D): the product over i != k of eta_k - eta_i."""
    gaps = eta[..., :, None] - eta[..., None, :]
    own = np.arange(eta.shape[-1])
    gaps[..., own, own] = 1
    return gaps.prod(-1)


@quiet
def closed_form(eta):
    """log Z, shape (...): the divided difference exp[eta], summed with the largest logit at 0."""
    top = eta.max(-1, keepdims=True)
    return top[..., 0] + np.log((np.exp(eta - top) / product_of_gaps(eta)).sum(-1))


@quiet
def poster(eta):
    """log Z, shape (...): equation (cc-poster) from lambda = softmax(eta), with logarithms of ratios."""
    lam, log_sum_exp = softmax(eta)
    ratios = lam[..., None, :] / lam[..., :, None]  # lambda_i over lambda_k, for term k
    own = np.arange(eta.shape[-1])
    ratios[..., own, own] = np.e
    sign = (-1) ** (eta.shape[-1] + 1)
    return log_sum_exp + np.log(sign * (lam / np.log(ratios).prod(-1)).sum(-1))


def in_deviations(eta):
    """(..., D) and (..., 1): logits relative to the last, over the standard deviation of the first D - 1; that deviation.

    The published code divides by it, so that less overflows. For D = 2 it is 0.
    """
    relative = eta - eta[..., -1:]
    scale = relative[..., :-1].std(-1, keepdims=True)
    return relative / scale, scale


@quiet
def published_code(eta):
    """log Z, shape (...): the closed form of the logits divided by their standard deviation."""
    lam, log_sum_exp = softmax(eta)
    scaled, scale = in_deviations(eta)
    total = (lam / product_of_gaps(scaled)).sum(-1)
    return log_sum_exp + np.log(total) - (eta.shape[-1] - 1) * np.log(scale[..., 0])


def closed_form_mean(eta):
    """(..., D): :func:`unchecked_mean`, and NaN in a row where log Z is NaN or a mean is not positive.

    Means that are not positive are how the published code tells that a row failed; the test of log Z is ours.
    """
    mean, total = unchecked_mean(eta)
    failed = ~(mean > 0).all(-1) | ~(total > 0)
    return np.where(failed[..., None], np.nan, mean)


@quiet
def unchecked_mean(eta):
    """(..., D): the derivative of :func:`published_code` in eta, as reverse differentiation sums it up; the last mean is the rest.

    Also (...): the sum whose logarithm log Z takes.
    """
    scaled, scale = in_deviations(eta)
    terms = softmax(eta)[0] / product_of_gaps(scaled)
    total = terms.sum(-1)
    share = terms / total[..., None]
    inverse = 1 / (scaled[..., :, None] - scaled[..., None, :]) / scale[..., None]
    inverse[..., np.eye(eta.shape[-1], dtype=bool)] = 0
    mean = share - (share[..., None, :] * inverse).sum(-1) - share * inverse.sum(-1)
    mean[..., -1] = 1 - mean[..., :-1].sum(-1)
    return mean, total


def softmax(eta):
    """(..., D) and (...): the weights lambda and log-sum-exp."""
    top = eta.max(-1, keepdims=True)
    weights = np.exp(eta - top)
    total = weights.sum(-1, keepdims=True)
    return weights / total, (top + np.log(total))[..., 0]


# ------------------------------------------------------------------------------------------------------- how wrong
def digits_right(found, exact):
    """Decimal digits of log Z that are right, relative to max(1, |log Z|): 0 where there is no number."""
    if not np.isfinite(found):
        return 0.0
    error = abs(mp.mpf(float(found)) - exact) / max(1, abs(exact))
    best = -np.log10(cc.EPS[np.asarray(found).dtype.type])
    return float(np.clip(-mp.log10(error), 0, best)) if error else best


@quiet
def closed_form_in_floats(eta, dtype):
    """Z itself, for one row: the closed form at its kindest, gaps taken between logits that are at most 0."""
    eta = np.asarray(eta, dtype)
    return (np.exp(eta) / product_of_gaps(eta)).sum()


def digits_lost(eta, dtype):
    """log10 of the relative error of Z in units of eps, for one row; the logits are exact once rounded."""
    eta = np.asarray(eta, dtype)
    with mp.workdps(30):
        in_floats = mp.mpf(float(closed_form_in_floats(eta, dtype)))
        error = abs(in_floats / mp.exp(cc.log_partition_exact(eta, 30)) - 1)
        return float(mp.log10(max(error / cc.EPS[dtype], 1)))
