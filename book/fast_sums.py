"""The Laplace kernel on equal bins in time O(J + B), by fast sum updating: what a closed form has to be measured against.

From one bin to the next, the kernels of all points further left fall by the same factor exp(-width/h), so one number carries them on,
and another those further right; the gradients are sums over the bins that are carried on likewise. Equal bins need no sorted points.
The sums are of kernels, not of their logarithms. So points outside [a, b] are moved to its edge first, which is exact
(derivations/laplace_theorems.py) and keeps p above exp(-(b - a)/h): from (b - a)/h = 700 or so it may underflow, and the loss be +inf.

After N. Langrene and X. Warin, Fast and stable multivariate kernel density estimation by fast sum updating, 2019: the sums; the
gradients are ours. Needs numba.
"""

import math

import numba
import numpy as np


def binned(z, points, a, b, h, bins):
    """The loss (R,) and its gradients in z, points (R, J), h, a, b (R,), of arrays of these shapes, float64; nothing is checked."""
    outputs = np.empty_like(a), np.empty_like(z), np.empty_like(z), *(np.empty_like(a) for _ in range(3))
    _binned(z, points, a, b, h, bins, *outputs)
    return outputs


@numba.njit(nogil=True, error_model="numpy")
def _binned(z, points, a, b, h, B, loss, grad_z, grad_points, grad_h, grad_a, grad_b):
    R, J = z.shape
    cell, at_left, at_right = np.empty(J, np.int64), np.empty(J), np.empty(J)
    left, right, share, before, after = np.zeros((5, B + 2))  # bins are 1 to B
    for r in range(R):
        decay = math.exp((a[r] - b[r]) / B / h[r])
        log_unit = _place(z[r], points[r], a[r], b[r], h[r], B, cell, at_left, at_right)
        log_p = _sums(cell, at_left, at_right, decay, left, right, share, before, after)
        log_total = _log_sum_exp(z[r])
        loss[r] = log_total - log_unit - log_p
        slope = far = moment = 0.0
        for i in range(1, B + 1):
            slope += (left[i] - right[i]) * share[i]
            far += (left[i] - right[i]) * share[i] * (i - 0.5) / B
        for j in range(J):
            from_left, from_right = at_right[j] * after[cell[j] + 1], at_left[j] * before[cell[j]]
            grad_z[r, j] = math.exp(z[r, j] - log_total) - (from_left + from_right)
            grad_points[r, j] = (from_right - from_left) / h[r]
            moment += (points[r, j] - a[r]) * grad_points[r, j]
        grad_a[r], grad_b[r] = (slope - far) / h[r], far / h[r]
        grad_h[r] = -(moment + (b[r] - a[r]) * grad_b[r]) / h[r]  # Euler: a common scale of all lengths changes nothing


@numba.njit(error_model="numpy")
def _log_sum_exp(z):
    top, total = z.max(), 0.0
    for j in range(len(z)):
        total += math.exp(z[j] - top)
    return top + math.log(total)


@numba.njit(error_model="numpy")
def _place(z, points, a, b, h, B, cell, at_left, at_right):
    """How many bins lie left of each point, and its weighted kernel at its neighbours on either side; returns the logarithm of their unit.

    Outside points are moved to the edge. All come nearer by as much as the nearest has to: so no digits are lost far away.
    """
    width, nearest, top = (b - a) / B, math.inf, -math.inf
    for j in range(len(z)):
        nearest = min(nearest, max(a - points[j], points[j] - b, 0.0))
    for j in range(len(z)):
        at_left[j] = z[j] - (max(a - points[j], points[j] - b, 0.0) - nearest) / h
        top = max(top, at_left[j])
    for j in range(len(z)):
        inside = min(max(points[j], a), b) - a
        cell[j] = min(max(int(math.ceil(inside / width - 0.5)), 0), B)
        beyond = inside - (cell[j] - 0.5) * width
        log_weight = at_left[j] - top
        at_left[j], at_right[j] = math.exp(log_weight - beyond / h), math.exp(log_weight - (width - beyond) / h)
    return top - nearest / h


@numba.njit(error_model="numpy")
def _sums(cell, at_left, at_right, decay, left, right, share, before, after):
    """At each bin: the kernels of points on its left and right, 1/(B p), and its sums over the bins up to here and from here on.

    Returns the mean of log p.
    """
    B, log_p = len(left) - 2, 0.0
    left[:], right[:] = 0.0, 0.0
    for j in range(len(cell)):
        left[cell[j] + 1] += at_right[j]
        right[cell[j]] += at_left[j]
    for i in range(B, 0, -1):
        right[i] += decay * right[i + 1]
    for i in range(1, B + 1):
        left[i] += decay * left[i - 1]
        log_p += math.log(left[i] + right[i])
        share[i] = 1 / (B * (left[i] + right[i]))
        before[i] = share[i] + decay * before[i - 1]
    for i in range(B, 0, -1):
        after[i] = share[i] + decay * after[i + 1]
    return log_p / B
