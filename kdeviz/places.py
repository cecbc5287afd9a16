"""Places on a line to twice the digits of a float, so that a gap between two of them has all digits of its length, wherever it lies."""


def two_sum(xp, x, y):
    """(x + y rounded, what rounding has taken); nothing of what is infinite."""
    total = x + y
    of_y = total - x
    return total, xp.where(xp.isfinite(total), (x - (total - of_y)) + (y - of_y), 0.0)


def place(xp, x, origin, shift=0.0):
    """x - origin + shift as an unevaluated sum of two floats: its distance to any other place has all digits."""
    return shifted(xp, two_sum(xp, x, -origin), shift)


def shifted(xp, x, shift):
    total, rest = two_sum(xp, x[0], shift)
    return two_sum(xp, total, rest + x[1])


def distance(x, y):
    """x - y of two places."""
    return (x[0] - y[0]) + (x[1] - y[1])


def room(xp, x, y):
    """The distance of x above y, never below 0."""
    return xp.maximum(distance(x, y), 0.0)


def take(xp, x, i):
    """The places at the indices i (R, Q), which are moved into range."""
    return tuple(xp.take_along_axis(part, xp.clip(i, 0, part.shape[-1] - 1), -1) for part in x)


def clip(xp, x, width):
    """The place, moved into [0, width]."""
    above = distance(x, width) > 0
    return tuple(xp.where(x[0] < 0, 0.0, xp.where(above, end, part)) for part, end in zip(x, width))


def turned(xp, period, *places):
    """The places, all moved by the whole turns that bring the first into [0, period): from no more than three turns away."""
    for _ in range(3):
        above = distance(places[0], (period, 0.0)) >= 0
        shift = xp.where(places[0][0] < 0, period, xp.where(above, -period, 0.0))
        places = tuple(shifted(xp, x, shift) for x in places)
    return places


def copies(xp, x, period):
    """(R, 3 J): the places a turn below, here, and a turn above. No support is wider than a turn, so no others reach the target."""
    parts = zip(*(shifted(xp, x, turns * period) for turns in (-1, 0, 1)))
    return tuple(xp.concatenate(part, -1) for part in parts)


def cut(xp, edges, width):
    """(ranks of each array of edges (R, J), places of the lower and of the upper ends of the gaps) of [0, width], cut at all edges.

    Equal edges keep the order in which they come, so every end is that of one edge: it has the gap of its rank above it.
    """
    parts = xp.concatenate([xp.zeros_like(width[0]), *(e[0] for e in edges), width[0]], -1)
    rests = xp.concatenate([xp.zeros_like(width[0]), *(e[1] for e in edges), width[1]], -1)
    order = xp.argsort(rests, -1, kind="stable")
    order = xp.take_along_axis(order, xp.argsort(xp.take_along_axis(parts, order, -1), -1, kind="stable"), -1)
    ranks = xp.empty_like(order)
    xp.put_along_axis(ranks, order, xp.broadcast_to(xp.arange(order.shape[-1]), order.shape), -1)
    parts, rests = (xp.take_along_axis(v, order, -1) for v in (parts, rests))
    ranks = xp.split(ranks[:, 1:-1], len(edges), -1)
    return ranks, (parts[:, :-1], rests[:, :-1]), (parts[:, 1:], rests[:, 1:])
