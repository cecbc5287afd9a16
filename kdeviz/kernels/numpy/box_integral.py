# Generated from derivations/box_integral.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def box_gaps(log_mass, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is constant on gaps of it.

    .. math::

        {d^+}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{d}_{r,k} & \text{otherwise} \end{cases}

        {\log p}_{r,k} = {\log M}_{r,k} - {\log M}_{r}

        {v}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{\log p}_{r,k} & \text{otherwise} \end{cases}

        {L}_{r} = - \frac{\sum_{k=0}^{K - 1} {v}_{r,k} {d^+}_{r,k}}{{T}_{r}}

        {\partial L/\partial d}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\\frac{- {v}_{r,k} - {L}_{r}}{{T}_{r}} & \text{otherwise} \end{cases}

        {\log\frac{d}{TM}}_{r,k} = \begin{cases} -\infty & \text{for}\: {d^+}_{r,k} = 0 \\\log{\left(\frac{{d^+}_{r,k}}{{T}_{r}} \right)} - {\log M}_{r,k} & \text{otherwise} \end{cases}

        {T}_{r} = \sum_{k=0}^{K - 1} {d^+}_{r,k}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_mass : array (R, K)
        Logarithm of the mass on each gap; -inf leaves the gap out.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    grad_length : array (R, K)
    log_density : array (R, K)
    reach : array (R,)

    Notes
    -----
    Source: derivations/box_integral.py.
    """
    R = log_mass.shape[0]
    K = log_mass.shape[1]
    loss = np.empty((R,), log_mass.dtype)
    grad_length = np.empty((R, K), log_mass.dtype)
    log_density = np.empty((R, K), log_mass.dtype)
    reach = np.empty((R,), log_mass.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, K, most=R):
            block = _box_gaps(log_mass[rows], length[rows], log_total[rows])
            loss[rows], grad_length[rows], log_density[rows], reach[rows] = block
    return loss, grad_length, log_density, reach


def _box_gaps(log_mass, length, log_total):
    held = np.where((log_mass == -np.inf), 0, length)
    log_p = log_mass - log_total[:, None]
    excess = np.where((log_mass == -np.inf), 0, log_p)
    raw_loss = np.sum(excess*held, 1)
    reach = np.sum(held, 1)
    inverse_reach = 1/reach
    loss = -inverse_reach*raw_loss
    grad_length = np.where((log_mass == -np.inf), 0, inverse_reach[:, None]*(-excess - loss[:, None]))
    log_density = np.where((held == 0), -np.inf, np.log(held*inverse_reach[:, None]) - log_mass)
    return loss, grad_length, log_density, reach
