# Generated from derivations/mixture_ce.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part. The first total is the number 0."""
    if isinstance(total, int):
        return part, 0
    whole = part - rest
    raised = total + whole
    return raised, np.where(np.isfinite(raised), (raised - total) - whole, 0)


def _sum(x, axis):
    """The sum along an axis that is not the last, in pairs: numpy would add its terms one after another, and equal ones are rounded alike."""
    x = np.moveaxis(x, axis, 0)
    while len(x) > 8:
        half = len(x) // 2
        paired = x[:half] + x[half : 2 * half]
        if len(x) % 2:
            paired[0] += x[-1]
        x = paired
    return x.sum(0)


def mixture_ce(z, log_K, q, log_floor):
    r"""Cross-entropy of bin masses against a softmax-weighted mixture.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial\log K}_{r,b,j} = - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\partial L/\partial q}_{r,b} = - {\log(p+f)}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_log_K : array (R, B, J)
    grad_q : array (R, B)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_log_K = np.empty((R, B, J), z.dtype)
    grad_q = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _mixture_ce(z[rows], log_K[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_log_K[rows], grad_q[rows] = block
    return loss, grad_z, grad_log_K, grad_q


def _mixture_ce(z, log_K, q, log_floor, all_bins):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    all_grad_log_K = []
    all_grad_q = []
    for bins in all_bins:
        log_joint = centred[:, None, :] + log_K[:, bins]
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = mass/np.maximum(total_joint, 1)
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        grad_log_K = -joint*mass_over_total_joint[:, :, None]
        grad_q = -log_q
        all_grad_log_K.append(grad_log_K)
        all_grad_q.append(grad_q)
    grad_log_K = np.concatenate(all_grad_log_K, 1)
    grad_q = np.concatenate(all_grad_q, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    return loss, grad_z, grad_log_K, grad_q


def mixture_log_responsibility(z, log_K, q, log_floor):
    r"""Logarithm of the mean responsibilities of a softmax-weighted mixture.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\lambda}_{r,b} = \begin{cases} -\infty & \text{for}\: {m}_{r,b} = 0 \\\log{\left({m}_{r,b} \right)} - {\log p}_{r,b} & \text{otherwise} \end{cases}

        {\log R}_{r,j} = \log{\left(\sum_{b=0}^{B - 1} e^{{\log K}_{r,b,j} + {\lambda}_{r,b}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)} + {\tilde z}_{r,j}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    log_R = np.empty((R, J), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _mixture_log_responsibility(z[rows], log_K[rows], q[rows], log_floor[rows], all_bins)
            log_R[rows], = block
    return log_R,


def _mixture_log_responsibility(z, log_K, q, log_floor, all_bins):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    top_part_of_log_R = np.finfo(z.dtype).min
    for bins in all_bins:
        log_joint = centred[:, None, :] + log_K[:, bins]
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        log_of_bin = np.where((mass == 0), -np.inf, np.log(mass) - log_p)
        log_part_of_log_R = log_K[:, bins] + log_of_bin[:, :, None]
        top_part_of_log_R = np.maximum(top_part_of_log_R, _max(log_part_of_log_R, 1))
    total_part_of_log_R = total_part_of_log_R_rest = 0
    for bins in all_bins:
        log_joint = centred[:, None, :] + log_K[:, bins]
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        log_of_bin = np.where((mass == 0), -np.inf, np.log(mass) - log_p)
        log_part_of_log_R = log_K[:, bins] + log_of_bin[:, :, None]
        part_of_log_R = log_part_of_log_R - top_part_of_log_R[:, None, :]
        np.exp(part_of_log_R, out=part_of_log_R)
        total_part_of_log_R, total_part_of_log_R_rest = _accumulate(total_part_of_log_R, total_part_of_log_R_rest, _sum(part_of_log_R, 1))
    log_R = centred + top_part_of_log_R + np.log(total_part_of_log_R) - log_total_weight[:, None]
    return log_R,


def mixture_hessian_times_vector(z, log_K, q, log_floor, v):
    r"""Hessian of the cross-entropy in the logits, times a vector.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\bar v}_{r} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}}

        {\bar v}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\mathrm dm}_{r,b} = \left(1 - {s}_{r,b}\right) \left(- {\bar v}_{r} + {\bar v}_{r,b}\right) {m}_{r,b}

        {Hv}_{r,j} = \frac{\left(\left(- {\bar v}_{r} + {v}_{r,j}\right) {M}_{r} + \sum_{b=0}^{B - 1} {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - \sum_{b=0}^{B - 1} \frac{\left(\left(- {\bar v}_{r,b} + {v}_{r,j}\right) {m}_{r,b} + {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    v : array (R, J)
        The vector.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    product = np.empty((R, J), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _mixture_hessian_times_vector(z[rows], log_K[rows], q[rows], log_floor[rows], v[rows], all_bins)
            product[rows], = block
    return product,


def _mixture_hessian_times_vector(z, log_K, q, log_floor, v, all_bins):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    raw_mean = np.sum(v*weight, 1)
    inverse_total_weight = 1/total_weight
    mean = inverse_total_weight*raw_mean
    explained = explained_rest = 0
    raw_product = raw_product_rest = 0
    raw_product_1 = raw_product_1_rest = 0
    for bins in all_bins:
        log_joint = centred[:, None, :] + log_K[:, bins]
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        raw_mean_of = np.sum(joint*v[:, None, :], 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        mean_of = inverse_total_joint*raw_mean_of
        moved = mass*(1 - share)*(mean_of - mean[:, None])
        raw_product, raw_product_rest = _accumulate(raw_product, raw_product_rest, np.einsum("rb,rbj->rj", inverse_total_joint, joint*(moved[:, :, None] + mass[:, :, None]*(v[:, None, :] - mean_of[:, :, None]))))
        raw_product_1, raw_product_1_rest = _accumulate(raw_product_1, raw_product_1_rest, np.sum(moved, 1))
    product = inverse_total_weight[:, None]*weight*(raw_product_1[:, None] + explained[:, None]*(v - mean[:, None])) - raw_product
    return product,
