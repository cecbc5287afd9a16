"""Sums over windows of neighbours, joined from blocks of 1, 2, 4, ... of them: no term is ever subtracted, or added one after another.

Source: {prf:ref}`thm-windows` in ``derivations/box_integral.py``.
"""

import numpy as np


def log_sum(xp, x):
    """The logarithm of the sum of exp(x) over the last axis; -inf for a sum of nothing."""
    top = xp.maximum(x.max(-1, keepdims=True), np.finfo(x.dtype).min)
    return (top + xp.log(xp.exp(x - top).sum(-1, keepdims=True)))[..., 0]


def levels(xp, first, last):
    """On which level a window first <= i < last is the end of one block of 2^level items and the start of the next; -1: one item."""
    return xp.frexp((first ^ (last - 1)).astype(float))[1] - 1


def windows(xp, join, items, first, last):
    """What `join` makes of the items in the windows first <= i < last; -inf for an empty window.

    items: array (parts, R, N) of logarithms; first, last: (R, Q). `join(left, right, row, start, middle, end)` takes the parts of two
    neighbouring blocks, of the items start to middle - 1 and middle to end.
    """
    _, R, N = items.shape
    heads, tails = items.copy(), items.copy()  # of each block: its items up to this one, its items from this one on
    row, i = xp.arange(R)[:, None], xp.arange(N)
    level, found = levels(xp, first, last), xp.full((len(items), *first.shape), -np.inf)
    of, at = xp.nonzero((level < 0) & (first < last))
    found[:, of, at] = items[:, of, first[of, at]]
    for k in range((N - 1).bit_length()):
        half = 1 << k
        of, at = xp.nonzero((level == k) & (first < last))
        start, end = first[of, at], last[of, at] - 1
        middle = end & -half
        found[:, of, at] = join(tails[:, of, start], heads[:, of, end], of, start, middle, end)
        if 2 * half >= N:
            return found
        end = i[i & half > 0]
        middle = end & -half
        heads[:, :, end] = join(heads[:, :, middle - 1], heads[:, :, end], row, middle - half, middle, end)
        start = i[(i & half == 0) & ((i | half) & -half < N)]
        middle = (start | half) & -half
        end = xp.minimum(middle + half, N) - 1
        tails[:, :, start] = join(tails[:, :, start], tails[:, :, middle], row, start, middle, end)
    return found


def spread(xp, z, first, last, N):
    """(R, N): the logarithm of the sum of exp(z) over the windows first <= i < last (R, J) that hold i: `windows` transposed.

    No two windows begin, and no two end, with the same item.
    """
    R, depth = len(z), (N - 1).bit_length()
    heads, tails = xp.full(
        (2, R, 1 << depth), -np.inf
    )  # what is to reach a block's items up to this one, or from it on
    level = levels(xp, first, last)

    def add(sums, item, k):
        of, at = xp.nonzero(level == k)
        held = of, item[of, at]
        sums[held] = xp.logaddexp(sums[held], z[of, at])

    for k in reversed(range(depth)):
        if k + 1 < depth:
            up, down = (v.reshape(R, 1 << depth - k - 1, 2, 1 << k) for v in (heads, tails))
            up[:, :, 0, -1] = xp.logaddexp(up[:, :, 0, -1], log_sum(xp, up[:, :, 1]))
            down[:, :, 1, 0] = xp.logaddexp(down[:, :, 1, 0], log_sum(xp, down[:, :, 0]))
        add(tails, first, k)
        add(heads, last - 1, k)
    add(heads, first, -1)
    return xp.logaddexp(heads, tails)[:, :N]


def by_entry(xp, kernel, arrays, width=512):
    """(outputs, ...) of an elementwise kernel, which takes rows and shares them among threads, on arrays of any shape."""
    flat, size = [v.reshape(-1) for v in arrays], arrays[0].size
    whole = size - size % width
    parts = [(slice(whole), (-1, width)), (slice(whole, None), (1, -1))]
    out = [kernel(*(v[part].reshape(rows) for v in flat)) for part, rows in parts if flat[0][part].size]
    joined = [xp.concatenate([v.reshape(-1) for v in pieces]) for pieces in zip(*out)]
    return xp.stack(joined).reshape(len(joined), *arrays[0].shape) if joined else xp.empty((4, *arrays[0].shape))
