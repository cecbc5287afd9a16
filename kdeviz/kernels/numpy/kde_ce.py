# Generated from derivations/kde_ce.py. Do not edit: change the derivation and run `make generate`.
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


def _cos(x):
    """cos x by tan(x/2), within one unit in the last place of 1: numpy's tangent is vector code, its cosine is not."""
    square = np.tan(x / 2)
    square *= square
    return (1 - square) / (1 + square)


def _sin(x):
    """sin x, likewise."""
    t = np.tan(x / 2)
    return 2 * t / (1 + t * t)


def laplace(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, laplace kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \left|{{u}_{r,b,j}}\right|

        {k'}_{r,b,j} = - \operatorname{sign}{\left({u}_{r,b,j} \right)}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _laplace(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _laplace(z, points, a, b, h, position, q, log_floor, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        u = delta*inverse_h[:, None, None]
        log_K = -abs(u)
        slope = -np.sign(u)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def gaussian(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, gaussian kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}

        {k'}_{r,b,j} = - {u}_{r,b,j}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _gaussian(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _gaussian(z, points, a, b, h, position, q, log_floor, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        u = delta*inverse_h[:, None, None]
        log_K = -1/2*u**2
        slope = -u
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def box(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, box kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = 0

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _box(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _box(z, points, a, b, h, position, q, log_floor, all_bins):
    real = z.dtype.type
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    grad_points = 0
    grad_h = 0
    grad_a = 0
    grad_b = 0
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(delta))
        log_K = np.where((room < 0), real(-np.inf), real(0))
        log_joint = centred[:, None, :] + log_K
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
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def triangular(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, triangular kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _triangular(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _triangular(z, points, a, b, h, position, q, log_floor, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        u = delta*inverse_h[:, None, None]
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(delta))
        log_K = np.where((room <= 0), -np.inf, np.log(room))
        slope = np.where((room <= 0), 0, -np.sign(u)/room)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def epanechnikov(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, epanechnikov kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _epanechnikov(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _epanechnikov(z, points, a, b, h, position, q, log_floor, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        u = delta*inverse_h[:, None, None]
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(delta))
        abs_u = abs(u)
        log_K = np.where((room <= 0), -np.inf, np.log(room) + np.log1p(abs_u))
        sign_u = np.sign(u)
        slope = np.where((room <= 0), 0, sign_u/(1 + abs_u) - sign_u/room)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def cauchy(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, cauchy kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}

        {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _cauchy(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _cauchy(z, points, a, b, h, position, q, log_floor, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        u = delta*inverse_h[:, None, None]
        u_squared = u**2
        log_K = -np.log1p(u_squared)
        slope = -2*u/(1 + u_squared)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def laplace_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, laplace kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {\epsilon}_{r,b,j} = e^{2 \left|{{u}_{r,b,j}}\right| - {\rho}_{r}}

        {nearest\_share}_{r,b,j} = \frac{1}{{\epsilon}_{r,b,j} + 1}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left(1 - e^{- {\rho}_{r}} \right)} + \log{\left({\epsilon}_{r,b,j} + 1 \right)} - \left|{{u}_{r,b,j}}\right|

        {k'}_{r,b,j} = 2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{\left(2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {u}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)} {u}_{r,b,j} - {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {\rho}_{r} - \frac{{\rho}_{r}}{e^{{\rho}_{r}} - 1}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _laplace_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _laplace_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    turn = inverse_h*period
    inverse_period = 1/period
    log_expm1_turn = np.log(-np.expm1(-turn))
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    turn_over_expm1_turn = turn/np.expm1(turn)
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        abs_u = abs(u)
        other_image = 2*abs_u - turn[:, None, None]
        np.exp(other_image, out=other_image)
        nearest_share = 1/(1 + other_image)
        log_K = np.log1p(other_image) - abs_u - log_expm1_turn[:, None, None]
        sign_u = np.sign(u)
        slope = 2*nearest_share*other_image*sign_u - sign_u
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint*(2*nearest_share*other_image*sign_u*u - turn_over_expm1_turn[:, None, None] - sign_u*u - nearest_share*other_image*turn[:, None, None]), 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def gaussian_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, gaussian kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}

        {k'}_{r,b,j} = - {u}_{r,b,j}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _gaussian_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _gaussian_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_period = 1/period
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        log_K = -1/2*u**2
        slope = -u
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def box_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, box kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = 0

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _box_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _box_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    real = z.dtype.type
    offset = a[:, None] - points
    width = b - a
    inverse_period = 1/period
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    grad_points = 0
    grad_h = 0
    grad_a = 0
    grad_b = 0
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(nearest))
        log_K = np.where((room < 0), real(-np.inf), real(0))
        log_joint = centred[:, None, :] + log_K
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
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def triangular_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, triangular kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _triangular_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _triangular_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_period = 1/period
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(nearest))
        log_K = np.where((room <= 0), -np.inf, np.log(room))
        slope = np.where((room <= 0), 0, -np.sign(u)/room)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def epanechnikov_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, epanechnikov kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _epanechnikov_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _epanechnikov_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_period = 1/period
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        room = inverse_h[:, None, None]*(h[:, None, None] - abs(nearest))
        abs_u = abs(u)
        log_K = np.where((room <= 0), -np.inf, np.log(room) + np.log1p(abs_u))
        sign_u = np.sign(u)
        slope = np.where((room <= 0), 0, sign_u/(1 + abs_u) - sign_u/room)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def cauchy_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, cauchy kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}

        {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _cauchy_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _cauchy_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_period = 1/period
    inverse_h = 1/h
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        u_squared = u**2
        log_K = -np.log1p(u_squared)
        slope = -2*u/(1 + u_squared)
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint_slope*u, 2)
        stretch = inverse_total_joint*raw_stretch
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def von_mises_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, von_mises kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{\sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{2 \pi^{2}}

        {k'}_{r,b,j} = - \frac{\sin{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} \cos{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}}{\pi}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{\pi^{2} \sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    log_density = np.empty((R, B), z.dtype)
    all_bins = _blocks(B, J)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, all_bins[0].stop, most=R):
            block = _von_mises_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], position[rows], q[rows], log_floor[rows], period[rows], all_bins)
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows], log_density[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


def _von_mises_on_circle(z, points, a, b, h, position, q, log_floor, period, all_bins):
    offset = a[:, None] - points
    width = b - a
    inverse_h = 1/h
    turn = inverse_h*period
    inverse_period = 1/period
    inverse_turn = 1/turn
    turn_squared = turn**2
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    log_total_weight = np.log(total_weight)
    explained = explained_rest = 0
    responsibility = responsibility_rest = 0
    loss = loss_rest = 0
    raw_grad_points = raw_grad_points_rest = 0
    raw_grad_h = raw_grad_h_rest = 0
    raw_grad_a = raw_grad_a_rest = 0
    raw_grad_b = raw_grad_b_rest = 0
    all_log_density = []
    for bins in all_bins:
        delta = offset[:, None, :] + position[:, bins][:, :, None]*width[:, None, None]
        nearest = delta - period[:, None, None]*np.floor(1/2 + delta*inverse_period[:, None, None])
        u = inverse_h[:, None, None]*nearest
        inverse_turn_u = np.pi*inverse_turn[:, None, None]*u
        sin_inverse_turn_u = _sin(inverse_turn_u)
        sin_inverse_turn_u_squared = sin_inverse_turn_u**2
        log_K = -1/2*sin_inverse_turn_u_squared*turn_squared[:, None, None]/np.pi**2
        slope = -sin_inverse_turn_u*turn[:, None, None]*_cos(inverse_turn_u)/np.pi
        log_joint = centred[:, None, :] + log_K
        top_joint = _max(log_joint, 2)
        joint = log_joint - top_joint[:, :, None]
        np.exp(joint, out=joint)
        total_joint = np.sum(joint, 2)
        joint_slope = joint*slope
        raw_pull = np.sum(joint_slope, 2)
        inverse_total_joint = 1/np.maximum(total_joint, 1)
        pull = inverse_total_joint*raw_pull
        raw_stretch = np.sum(joint*sin_inverse_turn_u_squared, 2)
        stretch = -inverse_total_joint*raw_stretch*turn_squared[:, None]/np.pi**2
        log_p = top_joint + np.log(total_joint) - log_total_weight[:, None]
        log_q = np.logaddexp(log_floor[:, None], log_p)
        share = np.where((log_p == -np.inf), 0, 1/(1 + np.exp(log_floor[:, None] - log_p)))
        mass = q[:, bins]*share
        explained, explained_rest = _accumulate(explained, explained_rest, np.sum(mass, 1))
        mass_over_total_joint = inverse_total_joint*mass
        responsibility, responsibility_rest = _accumulate(responsibility, responsibility_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint))
        loss, loss_rest = _accumulate(loss, loss_rest, np.sum(np.where((q[:, bins] == 0), 0, -log_q*q[:, bins]), 1))
        raw_grad_points, raw_grad_points_rest = _accumulate(raw_grad_points, raw_grad_points_rest, np.einsum("rb,rbj->rj", mass_over_total_joint, joint_slope))
        raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, np.sum(mass*stretch, 1))
        mass_pull = mass*pull
        raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, np.sum(mass_pull*(1 - position[:, bins]), 1))
        raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, np.sum(mass_pull*position[:, bins], 1))
        log_density = log_p
        all_log_density.append(log_density)
    log_density = np.concatenate(all_log_density, 1)
    explained_over_total_weight = explained/total_weight
    grad_z = explained_over_total_weight[:, None]*weight - responsibility
    grad_points = inverse_h[:, None]*raw_grad_points
    grad_h = inverse_h*raw_grad_h
    grad_a = -inverse_h*raw_grad_a
    grad_b = -inverse_h*raw_grad_b
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density
