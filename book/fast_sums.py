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
    cell = np.empty(z.shape[1], np.int64)
    at_left, at_right, S = np.empty((3, z.shape[1]))
    left, right, share, before, after = np.zeros((5, B + 2))  # bins are 1 to B
    for r in range(len(z)):
        width = (b[r] - a[r]) / B
        decay = math.exp(-width / h[r])
        top, unit = z[r].max(), _place(z[r], points[r], a[r], b[r], h[r], B, cell, at_left, at_right)
        S[:] = np.exp(z[r] - top)
        total = S.sum()
        loss[r] = math.log(total) + (top - unit) - _sums(cell, at_left, at_right, decay, left, right, share)
        _carry(share, decay, before, after)
        from_left, from_right = after[cell + 1] * at_right, before[cell] * at_left
        grad_z[r] = S / total - (from_left + from_right)
        grad_points[r] = (from_right - from_left) / h[r]
        slope = (left - right) * share / h[r]
        grad_b[r] = (slope * (np.arange(B + 2) - 0.5)).sum() / B
        grad_a[r] = slope.sum() - grad_b[r]
        stretch = (grad_points[r] * (points[r] - a[r])).sum() + grad_b[r] * (b[r] - a[r])  # by Euler's theorem
        grad_h[r] = -stretch / h[r]


@numba.njit(error_model="numpy")
def _place(z, points, a, b, h, B, cell, at_left, at_right):
    """How many bins lie left of each point, and its weighted kernel at its neighbours on either side; returns the logarithm of their unit."""
    width = (b - a) / B
    inside = np.minimum(np.maximum(points, a), b)
    distance = np.abs(points - inside)
    nearest = distance.min()  # all points may come nearer by this much: no digits are lost far away
    lifted = z - (distance - nearest) / h
    cell[:] = np.minimum(np.maximum(np.ceil((inside - a) / width - 0.5), 0), B)
    beyond = (inside - a) - (cell - 0.5) * width
    at_left[:] = np.exp(lifted - lifted.max() - beyond / h)
    at_right[:] = np.exp(lifted - lifted.max() - (width - beyond) / h)
    return lifted.max() - nearest / h


@numba.njit(error_model="numpy")
def _sums(cell, at_left, at_right, decay, left, right, share):
    """At each bin the kernels of points on its left and on its right, and 1/(B p); returns the mean of log p."""
    left[:], right[:], log_p = 0, 0, 0.0
    for j in range(len(cell)):
        left[cell[j] + 1] += at_right[j]
        right[cell[j]] += at_left[j]
    B = len(left) - 2
    for i in range(B, 0, -1):
        right[i] += decay * right[i + 1]
    for i in range(1, B + 1):
        left[i] += decay * left[i - 1]
        log_p += math.log(left[i] + right[i])
        share[i] = 1 / (B * (left[i] + right[i]))
    return log_p / B


@numba.njit(error_model="numpy")
def _carry(share, decay, before, after):
    """At each bin, the shares of the bins up to it and of those from it on, as the kernel sees them from there."""
    for i in range(1, len(share) - 1):
        before[i] = share[i] + decay * before[i - 1]
    for i in range(len(share) - 2, 0, -1):
        after[i] = share[i] + decay * after[i + 1]
