# Generated from derivations/softmax_ce.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def softmax_ce(z, y):
    r"""Cross-entropy of labels against softmax(z).

    .. math::

        {\tilde z}_{r,k} = - \max_{k} {z}_{r,k} + {z}_{r,k}

        {\log\pi}_{r,k} = - \log{\left(\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}} \right)} + {\tilde z}_{r,k}

        {Y}_{r} = \sum_{k=0}^{D - 1} {y}_{r,k}

        {L}_{r} = \sum_{k=0}^{D - 1} \begin{cases} 0 & \text{for}\: {y}_{r,k} = 0 \\- {\log\pi}_{r,k} {y}_{r,k} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,k} = \frac{e^{{\tilde z}_{r,k}} {Y}_{r}}{\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}}} - {y}_{r,k}

        {\partial L/\partial y}_{r,k} = - {\log\pi}_{r,k}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, D)
        Logits; -inf excludes a category.
    y : array (R, D)
        Labels, hard or soft, non-negative.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, D)
    grad_y : array (R, D)

    Notes
    -----
    Source: derivations/softmax_ce.py.
    """
    R = z.shape[0]
    D = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, D), z.dtype)
    grad_y = np.empty((R, D), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, most=R):
            block = _softmax_ce(z[rows], y[rows])
            loss[rows], grad_z[rows], grad_y[rows] = block
    return loss, grad_z, grad_y


def _softmax_ce(z, y):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    log_pi = centred - log_total_weight[:, None]
    total_y = np.sum(y, 1)
    loss = np.sum(np.where((y == 0), 0, -log_pi*y), 1)
    total_y_over_total_weight = total_y/total_weight
    grad_z = total_y_over_total_weight[:, None]*weight - y
    grad_y = -log_pi
    return loss, grad_z, grad_y
