"""Kernels of bounded support, without bins: the target is cut where supports begin and end, and each gap has a closed form.

Time O(J log J), memory O(J). All is computed in double, and sums of what cannot be negative are never taken by subtraction.
"""

from typing import Any, NamedTuple

import numpy as np

from .losses import kernels
from .places import clip, copies, cut, distance, place, room, shifted, take, turned, two_sum
from .windows import by_entry, log_sum, spread, windows


def compact_rows(xp, kernel, rows, zero="inf"):
    """(loss, grad z, grad points, grad h, grad a, grad b, log of the mean responsibilities) of the rows z, points (R, J), h, a, b (R,).

    kernel: "box", "triangular" or "epanechnikov"; zero: "inf" or "skip". With rows["period"], distances are to the nearest image; a is
    less than a turn from 0 and b - a at most one. Where the loss is infinite, grad z is over what is explained, and the other
    gradients mean nothing.
    """
    if kernel == "box":
        loss, grad_z, lo, hi, grad_a, grad_b, log_R = box_rows(xp, rows, rows["points"], rows["points"], zero)
        out = loss, grad_z, lo + hi, (hi - lo).sum(-1), grad_a, grad_b, log_R
    else:
        out = polynomial_rows(xp, kernel, rows, zero)
    return finished(xp, out, rows, rows["points"])


def interval_rows(xp, rows, zero="inf"):
    """(loss, grad z, grad lo, grad hi, grad a, grad b, log of the mean responsibilities) of intervals rows["points[0]"] to rows["points[1]"].

    With rows["period"], an interval goes up from lo to hi; one of a whole turn or more holds everything. An edge outside (a, b) has gradient 0.
    Where two edges meet, the gradient is that of the order lo before hi: one of several.
    """
    lo, hi = rows["points[0]"], rows["points[1]"]
    return finished(
        xp, box_rows(xp, {**rows, "h": xp.zeros(len(lo))}, lo, hi, zero), rows, xp.where(xp.isnan(lo), lo, hi)
    )


def compact_hessian_product(xp, kernel, rows, v):
    """E[r (r . v)] (R, J) in double, for the responsibilities r at a place of what is held of the target, and a vector v (R, J).

    It is what the Hessian in z has beyond products of S and of the mean responsibilities. Rows as for `compact_rows`, or `interval_rows` with
    kernel "box".
    """
    return box_product(xp, rows, v) if kernel == "box" else polynomial_product(xp, kernel, rows, v)


def generated(xp, stem, name):
    """A kernel that takes parts of arrays, too."""
    kernel = getattr(kernels(xp, stem), name)
    return lambda *arrays: kernel(*map(xp.ascontiguousarray, arrays))


def finished(xp, out, rows, positions):
    """The results in the dtype of the rows, NaN in those that hold NaN."""
    bad = xp.isnan(rows["z"]).any(-1) | xp.isnan(positions).any(-1)
    return tuple(xp.where(bad.reshape(-1, *(1,) * (v.ndim - 1)), np.nan, v).astype(rows["z"].dtype) for v in out)


def as_columns(rows, *names):
    """The named rows in double, with two axes each; None for what is not there."""
    column = lambda v: v if v.ndim == 2 else v[:, None]
    return (column(rows[name].astype(float)) if name in rows else None for name in names)


def of_points(xp, z, log_total, log_R, *grads):
    """(grad z, log of the mean responsibilities, other gradients): what the copies of a point on a circle have, together."""
    log_R = log_sum(xp, by_copy(log_R, z).swapaxes(1, 2))
    return xp.exp(z - log_total[:, None]) - xp.exp(log_R), log_R, *(by_copy(v, z).sum(1) for v in grads)


def by_copy(v, z):
    """(R, copies, J)."""
    R, J = z.shape
    return v.reshape(R, v.shape[-1] // J, J)


def with_policy(xp, zero, loss, grad_z, held, width, lost):
    """(loss, grad z) over the length `held`; if more is lost and not to be skipped, an infinite loss to which only that length contributes."""
    lost = lost & ((zero == "inf") | (held == 0))
    share = xp.where(held > 0, held / width[0][:, 0], 0.0)[:, None]
    return xp.where(lost, np.inf, loss), xp.where(lost[:, None], share * xp.nan_to_num(grad_z), grad_z)


# ------------------------------------------------------------------------------------------- box
def box_rows(xp, rows, lo, hi, zero):
    """`interval_rows` of the intervals from lo - h to hi + h."""
    with np.errstate(all="ignore"):
        z, log_z, lo, hi, width = intervals(xp, rows, lo, hi)
        log_total, gaps = log_sum(xp, z), box(xp, log_z, log_sum(xp, z), lo, hi, width)
        by_lo, by_hi = (moved(xp, gaps.grad_length, *at, width) for at in ((lo, gaps.first), (hi, gaps.last)))
        grad_z, log_R, by_lo, by_hi = of_points(
            xp, z, log_total, log_z + over(xp, gaps, gaps.log_density), by_lo, by_hi
        )
        lost = ((gaps.length > 0) & xp.isneginf(gaps.log_mass)).any(-1)
        loss, grad_z = with_policy(xp, zero, gaps.loss, grad_z, gaps.held, width, lost)
        grad_a, grad_b = at_ends(xp, -gaps.grad_length, gaps.grad_length, gaps.length)
    return loss, grad_z, by_lo, by_hi, grad_a, grad_b, log_R


def box_product(xp, rows, v):
    """`compact_hessian_product` of boxes and intervals: the same sums as for the gradient."""
    lo, hi = (rows["points"],) * 2 if "points" in rows else (rows["points[0]"], rows["points[1]"])
    rows = {"h": xp.zeros(len(lo)), **rows}
    with np.errstate(all="ignore"):
        z, log_z, lo, hi, width = intervals(xp, rows, lo, hi)
        gaps = box(xp, log_z, log_sum(xp, z), lo, hi, width)
        v = xp.tile(v, log_z.shape[-1] // z.shape[-1])
        parts = (log_z + xp.log(xp.maximum(sign * v, 0.0)) for sign in (1, -1))  # no difference before the last
        log_rv = (spread(xp, part, gaps.first, gaps.last, gaps.length.shape[-1]) - gaps.log_mass for part in parts)
        above, below = (
            xp.exp(log_z + over(xp, gaps, gaps.log_density + xp.where(gaps.length > 0, v, -np.inf))) for v in log_rv
        )
    return by_copy(above - below, z).sum(1)


def intervals(xp, rows, lo, hi):
    """(z, the logits of all copies, places where they begin and end in [0, width], width) of the intervals from lo - h to hi + h."""
    z, a, b, h, period = as_columns(rows, "z", "a", "b", "h", "period")
    log_z = z = z - z.max(-1, keepdims=True)
    lo, hi, width = lo.astype(float), hi.astype(float), place(xp, b, a)
    if period is None:
        lo, hi = place(xp, lo, a, -h), place(xp, hi, a, h)
    else:
        log_z, lo, hi = on_line(xp, z, place(xp, xp.fmod(lo, period), a, -h), place(xp, hi, lo, 2 * h), period)
    beyond = xp.isneginf(log_z)  # points without weight cut nothing
    lo, hi = (clip(xp, (xp.where(beyond, np.inf, edge[0]), edge[1]), width) for edge in (lo, hi))
    return z, log_z, lo, hi, width


def on_line(xp, z, lo, length, period):
    """The intervals of a circle in three copies; of one that holds a whole turn, a single copy has weight."""
    whole = distance(length, (period, 0.0)) >= 0
    (lo,) = turned(xp, period, tuple(xp.where(whole, 0.0, part) for part in lo))
    length = xp.where(whole, 2 * period, length[0]), xp.where(whole, 0.0, length[1])
    total, rest = two_sum(xp, lo[0], length[0])
    hi = two_sum(xp, total, rest + (lo[1] + length[1]))
    once = xp.where(whole, -np.inf, z)
    return xp.concatenate([once, z, once], -1), copies(xp, lo, period), copies(xp, hi, period)


class BoxGaps(NamedTuple):
    """A target cut at the edges of intervals, (R, K) where not said otherwise."""

    first: Any  # (R, J): the gaps from first
    last: Any  # up to, not including, last are held
    length: Any
    log_mass: Any
    loss: Any  # (R,), over the length that is held
    grad_length: Any
    log_density: Any
    held: Any  # (R,)


def over(xp, gaps, log_values):
    """(R, J): the logarithms of sums over what each interval holds."""
    add = lambda left, right, *_: xp.logaddexp(left, right)
    return windows(xp, add, log_values[None], gaps.first, gaps.last)[0]


def box(xp, z, log_total, lo, hi, width):
    (first, last), lower, upper = cut(xp, (lo, hi), width)
    length = room(xp, upper, lower)
    log_mass = spread(xp, z, first, last, length.shape[-1])
    return BoxGaps(first, last, length, log_mass, *generated(xp, "box_integral", "box_gaps")(log_mass, length, log_total))


def moved(xp, grad_length, edge, rank, width):
    """The gradient in edges: one that moves up makes the gap below it longer and the gap above it shorter."""
    below, above = rank - 1, xp.minimum(rank, grad_length.shape[-1] - 1)
    below, above = (xp.take_along_axis(grad_length, gap, -1) for gap in (below, above))
    return xp.where((edge[0] > 0) & (distance(edge, width) < 0), below - above, 0.0)


def at_ends(xp, first_value, last_value, length):
    """The values of the first gap and of the last one that are not empty."""
    first, from_end = (xp.argmax(v > 0, -1)[:, None] for v in (length, length[:, ::-1]))
    at = lambda value, gap: xp.take_along_axis(value, gap, -1)[:, 0]
    return at(first_value, first), at(last_value, length.shape[-1] - 1 - from_end)


# ------------------------------------------------------------------------------------------- triangular and epanechnikov
class Cuts(NamedTuple):
    """Points in order of their places, and the target cut at the edges of their supports."""

    z: Any  # (R, J), centred
    h: Any  # (R, 1)
    log_total: Any  # (R,)
    lo: Any  # places (R, J) where kernels begin,
    x: Any  # are centred,
    hi: Any  # and end
    ranks: Any  # of each kind of edge (R, J): the gap above it
    counts: Any  # of each kind of edge (R, K): how many lie at the lower end of a gap or below
    lower: Any  # places (R, K) where gaps begin
    upper: Any  # and end
    length: Any  # (R, K)


class Gaps(NamedTuple):
    """What a gap kernel gives, and what it was given; all (R, K) but `loss` and `reach` (R,)."""

    ends: Any  # log P at both ends
    empty: Any
    loss: Any
    reach: Any
    grad_length: Any
    omega: Any  # (4, R, K)


def polynomial_rows(xp, kernel, rows, zero):
    """`compact_rows` of a kernel in SHAPES."""
    with np.errstate(all="ignore"):
        z, c, order, width = points_on_line(xp, kernel, rows)
        gaps, *sorted_points, grad_h = polynomial(xp, kernel, c, zero)
        per_point = xp.empty((2, *c.z.shape))
        xp.put_along_axis(per_point, order[None], xp.stack(sorted_points), -1)
        grad_z, log_R, grad_points = of_points(xp, z, c.log_total, *per_point)
        lost = ((c.length > 0) & gaps.empty).any(-1)
        loss, grad_z = with_policy(xp, zero, gaps.loss, grad_z, gaps.reach, width, lost)
        start, end = (v / gaps.reach[:, None] for v in excess(xp, c, gaps))
        grad_a, grad_b = at_ends(xp, start, end, c.length)
    return loss, grad_z, grad_points, grad_h, grad_a, -grad_b, log_R


def polynomial_product(xp, kernel, rows, v):
    """`compact_hessian_product` of a kernel in SHAPES, by quadrature on each gap to 1e-11 of the largest |v|.

    The integrand K_j P_v / P^2, P_v the mixture with the weights S v, has no short antiderivative. Nodes crowd towards the ends of a gap, near
    which P may vanish; they are taken one after another, so that memory stays O(J).
    """
    with np.errstate(all="ignore"):
        z, c, order, _ = points_on_line(xp, kernel, rows)
        shape, reach = SHAPES[kernel], solved(xp, SHAPES[kernel], c).reach[:, None]
        v = xp.take_along_axis(xp.tile(v, order.shape[-1] // z.shape[-1]), order, -1)
        weights = [c.z, *(c.z + xp.log(xp.maximum(sign * v, 0.0)) for sign in (1, -1))]  # no difference before the last
        mixtures = [shape.mixture(xp, c, weight)[0] for weight in weights]
        omega = xp.full((2, 4, *c.length.shape), -np.inf)
        for share, other, weight in NODES:
            nearer = (c.lower, share * c.length) if share < other else (c.upper, -other * c.length)
            log_P, *log_P_v = (at(shifted(xp, *nearer)) for at in mixtures)
            below, above = xp.log(share * c.length), xp.log(other * c.length)
            moments = xp.stack([xp.zeros_like(below), below, above, below + above])
            per_P = moments + xp.log(weight * c.length / reach) - 2 * log_P
            omega = xp.logaddexp(omega, xp.where(xp.isneginf(log_P), -np.inf, per_P + xp.stack(log_P_v)[:, None]))
        plus, minus = (xp.exp(shape.shares(xp, c, part)[0]) for part in omega)
        product = xp.empty_like(plus)
        xp.put_along_axis(product, order, plus - minus, -1)
    return by_copy(product, z).sum(1)


def double_exponential(step, steps):
    """((share of a gap below the node, share above it, weight), ...) of tanh-sinh quadrature."""
    t = step * np.arange(-steps, steps + 1)
    below, above = (1 / (1 + np.exp(sign * np.pi * np.sinh(t))) for sign in (-1, 1))
    weight = below * above * np.cosh(t)
    return np.stack([below, above, weight / weight.sum()], -1).tolist()


NODES = double_exponential(0.1, 34)


def points_on_line(xp, kernel, rows):
    """(z, Cuts of all copies, the order of the copies, width)."""
    z, points, a, b, h, period = as_columns(rows, "z", "points", "a", "b", "h", "period")
    z, x, width = z - z.max(-1, keepdims=True), place(xp, points, a), place(xp, b, a)
    log_total, log_z, reach = log_sum(xp, z), z, h
    if period is not None:
        (x,) = turned(xp, period, place(xp, xp.fmod(points, period), a))
        x, log_z, reach = copies(xp, x, period), xp.tile(z, 3), xp.minimum(h, period / 2)
    beyond = xp.maximum(x[0].max(-1, keepdims=True), width[0]) + 2 * h
    x = tuple(xp.where(xp.isneginf(log_z), end, part) for end, part in zip((beyond, 0.0), x))  # they cut nothing
    c, order = sorted_cuts(xp, kernel, log_z, log_total, x, h, reach, width)
    return z, c, order, width


def polynomial(xp, kernel, c, zero):
    """(Gaps, log responsibilities, gradient in the points, gradient in h)."""
    gaps, shares = solved(xp, SHAPES[kernel], c), SHAPES[kernel].shares
    vanishing = xp.isposinf(gaps.omega[0])
    log_R, *grads = shares(xp, c, xp.where(xp.isposinf(gaps.omega), -np.inf, gaps.omega))
    if vanishing.any() and zero == "inf":
        grads = diverging(xp, c, gaps, vanishing, *grads)
    elif vanishing.any():
        _, *grads = shares(xp, c, xp.where(vanishing, -np.inf, gaps.omega))
        grads = moving_along(xp, c, gaps, vanishing, *grads)
    return gaps, log_R, *grads


def sorted_cuts(xp, kernel, z, log_total, x, h, reach, width):
    """(Cuts, the order of the points) of points at x, whose supports are cut off at `reach`."""
    order = xp.argsort(x[0], -1, kind="stable")
    z, x = xp.take_along_axis(z, order, -1), take(xp, x, order)
    edges = [clip(xp, shifted(xp, x, side * reach), width) for side in SHAPES[kernel].cuts]
    ranks, lower, upper = cut(xp, edges, width)
    length = room(xp, upper, lower)
    counts = [count(xp, rank, length.shape[-1]) for rank in ranks]
    lo, hi = shifted(xp, x, -h), shifted(xp, x, h)
    return Cuts(z, h, log_total, lo, x, hi, ranks, counts, lower, upper, length), order


def count(xp, ranks, gaps):
    """(R, gaps): how many of the ranks are at most that of the gap."""
    marks = xp.zeros((len(ranks), gaps + 1), int)
    xp.put_along_axis(marks, ranks, 1, -1)
    return xp.cumsum(marks, -1)[:, :-1]


def excess(xp, c, gaps):
    """log p + loss at the lower and at the upper ends of the gaps; 0 where nothing is explained."""
    return (xp.where(gaps.empty, 0.0, log_P - (c.log_total - gaps.loss)[:, None]) for log_P in gaps.ends)


def over_points(xp, c, z, first, last):
    items = xp.stack([z, *(xp.full_like(z, -np.inf),) * 3])
    return windows(xp, joining(xp, c.x, c.x), items, first, last)


def window_sums(xp, found, below, above):
    """Logarithms of the sums of w (x - l), of w (r - x) and of their product; the window is [l, r], `below` and `above` beyond what it holds."""
    return generated(xp, "polynomial_kernels", "window_sums")(*found, below, above)


def triangular_mixture(xp, c, z):
    """(the logarithm of sum_j exp(z_j) K_j at places (R, K), one in each gap; None)."""
    begun, passed, ended = c.counts
    found = over_points(xp, c, z, xp.concatenate([ended, passed], -1), xp.concatenate([passed, begun], -1))
    K = c.length.shape[-1]

    def log_sum_at(y):
        rooms = room(xp, take(xp, c.hi, ended), y), room(xp, y, take(xp, c.lo, begun - 1))
        falling, rising = window_sums(xp, found, *(xp.concatenate([v, v], -1) for v in rooms))[:2]
        return xp.logaddexp(falling[:, :K], rising[:, K:]) - xp.log(c.h)

    return log_sum_at, None


def epanechnikov_mixture(xp, c, z):
    """(the logarithm of sum_j exp(z_j) K_j at places (R, K), one in each gap; that of sum_j exp(z_j) over the points that hold it)."""
    begun, ended = c.counts
    found = over_points(xp, c, z, ended, begun)
    rooms = lambda y: (room(xp, take(xp, c.hi, ended), y), room(xp, y, take(xp, c.lo, begun - 1)))
    return lambda y: window_sums(xp, found, *rooms(y))[2] - 2 * xp.log(c.h), found[0]


def solved(xp, shape, c):
    """The Gaps of a mixture."""
    at, log_mass = shape.mixture(xp, c, c.z)
    ends = at(c.lower), at(c.upper)
    given = ends if log_mass is None else (*ends, log_mass, c.h[:, 0])
    solve = generated(xp, "polynomial_kernels", shape.gaps)
    loss, reach, grad_length, *omega = solve(*given, c.length, c.log_total)
    omega += [xp.full_like(c.length, -np.inf)] * (4 - len(omega))
    return Gaps(
        ends,
        xp.isneginf(xp.maximum(*ends) if log_mass is None else log_mass),
        loss,
        reach,
        grad_length,
        xp.stack(omega),
    )


def triangular_shares(xp, c, omega):
    """(log mean responsibilities, gradient in the points, gradient in h)."""
    first, middle, last = c.ranks
    starts, stops = xp.concatenate([first, middle], -1), xp.concatenate([middle, last], -1)
    found = windows(xp, joining(xp, c.lower, c.upper), omega, starts, stops)
    rooms = room(xp, take(xp, c.lower, first), c.lo), room(xp, c.hi, take(xp, c.upper, last - 1))
    J = c.z.shape[-1]
    rising, falling = window_sums(xp, found, *(xp.concatenate([v, v], -1) for v in rooms))[:2]
    log_R = c.z + xp.logaddexp(rising[:, :J], falling[:, J:]) - xp.log(c.h)
    left, right = (xp.exp(c.z + mass) for mass in (found[0, :, :J], found[0, :, J:]))
    return log_R, (left - right) / c.h, (xp.exp(log_R) - (left + right)).sum(-1) / c.h[:, 0]


def epanechnikov_shares(xp, c, omega):
    first, last = c.ranks
    found = windows(xp, joining(xp, c.lower, c.upper), omega, first, last)
    rooms = room(xp, take(xp, c.lower, first), c.lo), room(xp, c.hi, take(xp, c.upper, last - 1))
    lower, upper, both = (c.z + v - 2 * xp.log(c.h) for v in window_sums(xp, found, *rooms))
    grad_h = 2 * (xp.exp(both) - xp.exp(c.z + found[0])).sum(-1) / c.h[:, 0]
    return both, xp.exp(upper) - xp.exp(lower), grad_h


def joining(xp, low, high):
    """The `join` of `windows` for items that lie from the places low to high and have the four sums of `join_blocks`."""
    at = lambda place, row, i: (place[0][row, i], place[1][row, i])

    def join(left, right, row, start, middle, end):
        ahead = room(xp, at(low, row, middle), at(low, row, start))
        beyond = room(xp, at(high, row, end), at(high, row, middle - 1))
        return by_entry(xp, generated(xp, "polynomial_kernels", "join_blocks"), (*left, *right, ahead, beyond))

    return join


class Shape(NamedTuple):
    """What tells one polynomial kernel from another."""

    cuts: tuple  # where the target is cut, in reaches of a support from a point
    mixture: Any
    gaps: str  # the generated kernel
    shares: Any


SHAPES = {
    "triangular": Shape((-1, 0, 1), triangular_mixture, "triangular_gaps", triangular_shares),
    "epanechnikov": Shape((-1, 1), epanechnikov_mixture, "epanechnikov_gaps", epanechnikov_shares),
}


def diverging(xp, c, gaps, vanishing, grad_points, grad_h):
    """Gradients where P vanishes at an end of a gap: its points may move one way only, and the first step has infinite slope."""
    start, end = c.ranks[0], c.ranks[-1]
    for log_P, slope in zip(gaps.ends, (np.inf, -np.inf)):
        passed = xp.cumsum(xp.pad(vanishing & xp.isneginf(log_P), ((0, 0), (1, 0))), -1)
        held = xp.take_along_axis(passed, end, -1) > xp.take_along_axis(passed, start, -1)
        grad_points = grad_points + xp.where(held, slope, 0.0)
    return grad_points, xp.where(vanishing.any(-1), -np.inf, grad_h)


def moving_along(xp, c, gaps, vanishing, grad_points, grad_h):
    """Gradients with those of gaps where P vanishes at an end, which is skipped beyond: such a gap moves and grows with its one point.

    There log p = log K + constant, so that with u = (y - x)/h both are values at the ends, of which the vanishing one has none.
    """
    row, gap = xp.nonzero(vanishing)
    opens = xp.isneginf(gaps.ends[0][row, gap])
    point = xp.where(opens, c.counts[0][row, gap] - 1, c.counts[-1][row, gap])
    lower, upper = (xp.where(xp.isfinite(v), v, 0.0)[row, gap] for v in excess(xp, c, gaps))
    at = lambda place, i: (place[0][row, i], place[1][row, i])
    u_lower, u_upper = (distance(at(y, gap), at(c.x, point)) / c.h[row, 0] for y in (c.lower, c.upper))
    grown = -(gaps.grad_length * c.length)[row, gap] * gaps.reach[row] / c.h[row, 0]
    xp.add.at(grad_points, (row, point), -(lower - upper) / gaps.reach[row])
    xp.add.at(grad_h, row, -(grown + u_lower * lower - u_upper * upper) / gaps.reach[row])
    return grad_points, grad_h
