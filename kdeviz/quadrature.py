"""Integrals over [a, b] for kernels without a closed form: panels with Gauss-Legendre nodes, chosen row by row until the error is small.

``derivations/quadrature.py`` says why this works. A panel is a row for the bins kernel. With the masses of two rules of opposite sign, the
kernel returns the difference of the rules: in the loss and in every gradient at once.

All functions take ``rows``, the arguments of a bins kernel without `position` and `q`, and ``compute``, that kernel. Panels are chosen on the
host, in double precision; the kernel runs where its arrays are.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import Legendre, leggauss

WANTED = {"float64": 1e-13, "float32": 1e-8}  # the error of a row, relative to its scales (see `errors`)
REFUSED = {"float64": 1e-12, "float32": 1e-6}
LIMIT = 2**20  # nodes of a row
SMOOTH = ("gaussian", "cauchy", "von_mises")  # analytic between nearest images that change
NARROWEST = 2.0**-48  # a position has 53 bits: narrower panels have no room for nodes
ROUNDING = 2.0**-52
NUDGE = 2.0**-49  # from a panel's ends to their nodes: a kernel that has a kink there is seen from inside
AT_ONCE = 2**20  # numbers in a block


class Panels(NamedTuple):
    """Panels (P,): the row of each, and its ends, positions from 0 at a to 1 at b."""

    row: Any
    left: Any
    right: Any

    @property
    def width(self):
        return self.right - self.left

    def take(self, which):
        return Panels(*(part[which] for part in self))

    def halves(self):
        middle = (self.left + self.right) / 2
        return joined([Panels(self.row, self.left, middle), Panels(self.row, middle, self.right)])

    def blocks(self, numbers):
        """Slices of panels, each of which takes so many numbers."""
        step = max(1, AT_ONCE // numbers)
        return [slice(start, start + step) for start in range(0, max(1, len(self.row)), step)]

    def per_row(self, values):
        """For each panel, the sum of the values of all panels of its row."""
        return np.bincount(self.row, values)[self.row]


def joined(parts):
    return Panels(*map(np.concatenate, zip(*parts)))


# ---------------------------------------------------------------------------------------------------- rules
def gauss(n):
    """Nodes and weights (n,) on [0, 1], exact for polynomials of degree 2n - 1."""
    x, weights = leggauss(n)
    return (1 + x) / 2, weights / 2


def lobatto(n):
    """Nodes and weights (n,) on [0, 1], both ends among them, exact for polynomials of degree 2n - 3."""
    P = Legendre.basis(n - 1)
    inner = P.deriv().roots()
    inner = inner - P.deriv()(inner) / P.deriv(2)(inner)  # the roots are those of a matrix, and have lost some digits
    x = np.concatenate([[-1.0], inner, [1.0]])
    return (1 + x) / 2, 1 / (n * (n - 1) * P(x) ** 2)


GAUSS, LOBATTO, COARSE = gauss(16), lobatto(17), lobatto(4)
NODES = len(GAUSS[0])
APART = np.append(GAUSS[0], LOBATTO[0]), np.append(GAUSS[1], -LOBATTO[1])  # the one less the other


def placed(panels, rule):
    """Positions and masses (..., n) of a rule on each panel (...); a node at an end is put just inside."""
    x, weights = rule
    left, right, width = (part[..., None] for part in (panels.left, panels.right, panels.width))
    nudge = np.minimum(NUDGE, width / 8)
    return np.clip(left + width * x, left + nudge, right - nudge), width * weights


# ---------------------------------------------------------------------------------------------------- integrals
def quadrature_rows(xp, compute, rows, kernel_name, limit=LIMIT):
    """(loss, grad_z, grad_points, grad_h, grad_a, grad_b) of the integral over [a, b], in the dtype of the rows.

    `kernel_name` is None for a kernel of the caller's own, which may have kinks at the points, a bandwidth from them and opposite to them.

    The error is at most 1e-12 (float64) or 1e-6 (float32, computed in double) by its own estimate, or a ValueError says how large it is: of the
    loss relative to max(1, |loss|), of grad_z, of h grad_h relative to H = max(1, |h grad_h|), and of h grad_points, h grad_a and h grad_b
    relative to sqrt(H). A loss beyond 4500 may have an error of its rounding, eps |loss|, in all of them: the kernel's exponents have it.
    A row of NaN comes out as the kernel makes it. Source: ``derivations/quadrature.py``.
    """
    panels = chosen_panels(xp, compute, rows, kernel_name, limit)
    return at_nodes(xp, lambda **some: compute(**some)[:6], rows, panels)


def at_nodes(xp, function, rows, panels):
    """The outputs (R, ...) of a function of rows, position and q at the nodes of chosen panels; no output may have nodes for an axis.

    Rows with equally many panels are computed together: a sum over more nodes would be rounded otherwise, and a row not be what it is alone.
    """
    dtype, rows = rows["z"].dtype, in_double(xp, rows)
    groups, outputs = list(equally_many(panels, len(rows["z"]))), []
    for which, of_these in groups:
        position, q = (xp.asarray(v.reshape(len(v), v.shape[1] * NODES)) for v in placed(of_these, GAUSS))
        outputs.append(function(**on_device(xp, rows, which), position=position, q=q))
    back = xp.asarray(np.argsort(np.concatenate([which for which, _ in groups])))
    return tuple(xp.concatenate(parts)[back].astype(dtype) for parts in zip(*outputs))


def equally_many(panels, R):
    """(rows (n,), their panels (n, count)), in blocks; one block without rows if there are none."""
    counts = np.bincount(panels.row, minlength=R)
    first = np.cumsum(counts) - counts
    for count in np.unique(counts) if R else [1]:
        which = np.flatnonzero(counts == count)
        step = max(1, AT_ONCE // (NODES * count))
        for start in range(0, max(1, len(which)), step):
            some = which[start : start + step]
            yield some, panels.take(first[some, None] + np.arange(count))


def in_double(xp, rows):
    """The rows on the host."""
    return {name: on_host(xp, a).astype(float) for name, a in rows.items()}


def on_host(xp, array):
    return array if xp is np else array.get()


def on_device(xp, rows, which):
    return {name: xp.asarray(a) for name, a in take(rows, which).items()}


def take(rows, which):
    return {name: a[which] for name, a in rows.items()}


# ---------------------------------------------------------------------------------------------------- choice of panels
class Integrand(NamedTuple):
    """A bins kernel and its rows, in double precision on the host."""

    xp: Any
    compute: Any
    rows: Any
    name: Any
    skip: bool  # places without density have no say

    def on_panels(self, panels, rule, measure, prepare=lambda rows, panels, block: rows):
        """measure(rows, panels, outputs) (..., P) of the kernel with panels for rows, in blocks."""
        found = []
        for block in panels.blocks(self.rows["z"].shape[1] + 2 * NODES):
            some = panels.take(block)
            rows = prepare(take(self.rows, some.row), some, block)
            position, q = map(self.xp.asarray, placed(some, rule))
            out = self.compute(**on_device(self.xp, rows, slice(None)), position=position, q=q)
            found.append(measure(rows, some, [on_host(self.xp, a) for a in out]))
        return np.concatenate(found, -1)


def chosen_panels(xp, compute, rows, kernel_name, limit=LIMIT, skip=False):
    """The panels of all rows, sorted, for :func:`at_nodes`; with `skip`, places without density are to be left out.

    A panel is halved until its error is at most its share of what is wanted: the larger of its width and one part of all panels of its row.
    """
    wanted, refused = WANTED[rows["z"].dtype.name], REFUSED[rows["z"].dtype.name]
    integrand = Integrand(xp, compute, in_double(xp, rows), kernel_name, skip)
    panels = starting_panels(integrand.rows, kernel_name, limit)
    found = outlines(integrand, panels)
    error = errors(integrand, panels, found, scales(panels, found))
    while (poor := is_poor(panels, found, error, wanted)).any():
        halves = panels.take(poor).halves()
        check_limit(panels, panels.per_row(1.0 + poor), error, limit)
        panels = joined([panels.take(~poor), halves])
        new = slice(-len(halves.row), None)
        found = np.append(found[:, ~poor], outlines(integrand, halves), 1)
        error = np.append(error[~poor], errors(integrand, halves, found[:, new], scales(panels, found)[:, new]))
    check_total(panels, error, np.maximum(refused, ROUNDING * np.nan_to_num(scales(panels, found)[0], posinf=0)))
    return panels.take(np.lexsort((panels.left, panels.row)))


def is_poor(panels, found, error, wanted):
    share = np.maximum(panels.width, 1 / panels.per_row(np.ones_like(error)))
    return (error > wanted * share) & (panels.width > np.maximum(NARROWEST, found[2]))


def outlines(integrand, panels):
    """Of each panel (6, P): its parts of loss and h grad_h, roughly; the width at which nothing but rounding is left; and the points that
    matter: the first and last distance to one, and how many lie between.

    A loss of +inf stays, if it is not to be skipped: such a row has no other gradient than grad_z, and the others are not waited for.
    """

    def measure(rows, some, out):
        loss, grad_z, grad_points, grad_h, *_ = out
        distance, h, width = distances(rows, some), rows["h"][:, None], some.width[:, None]
        responsible = softmax(rows["z"]) * width - grad_z > 1e-15 * width
        matters = responsible | (abs(h * grad_points) > 1e-13 / grad_z.shape[1] * width)
        matters |= ~matters.any(1, keepdims=True)
        first, last = np.where(matters, distance, np.inf).min(1), np.where(matters, distance, -np.inf).max(1)
        count = distance.shape[1] - is_outside(distance, first, last).sum(1)
        sizes = np.nan_to_num([loss, rows["h"] * grad_h], posinf=0 if integrand.skip else np.inf, neginf=0)
        return np.array([*sizes, surely_fine(rows, integrand.name, last - first), first, last, count])

    return integrand.on_panels(panels, COARSE, measure)


def softmax(z):
    with np.errstate(invalid="ignore"):
        weights = np.exp(z - z.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def surely_fine(rows, name, reach):
    """The width at which sixteen nodes leave nothing but rounding, as a share of [a, b], for points that reach so far; 0 for an unknown kernel."""
    h, width = rows["h"], rows["b"] - rows["a"]
    if name not in SMOOTH:
        return np.zeros(len(h))
    with np.errstate(divide="ignore", over="ignore"):
        if name == "cauchy":
            return h / 2 / width
        fine = 2 * h**2 / np.maximum(reach, 1e-9 * h) / width
    return np.minimum(fine, narrowest_bump(rows) / 4) if name == "von_mises" else fine


def scales(panels, found):
    """What errors are relative to (2, P): max(1, .) of the loss and of h grad_h of the panel's row; both +inf where the loss is."""
    loss, stretch = (np.maximum(1, abs(panels.per_row(part))) for part in found[:2])
    return np.array([loss, np.where(np.isinf(loss), np.inf, stretch)])


def errors(integrand, panels, found, scales):
    """The error of each panel (P,), as its part of the row's: the largest of those of the loss and the gradients, relative to their scales.

    Where some nodes have density 0 and others have not, it is all that the panel may hold. Where all have, or all is NaN, there is nothing to gain.
    """
    h = integrand.rows["h"][panels.row]
    by_loss, by_z, by_points, by_h, by_a, by_b, some, every = differences(integrand, panels, found[3:])
    by_place = h * np.maximum(by_points, np.maximum(by_a, by_b)) / np.sqrt(scales[1])
    error = np.max([by_loss / scales[0], by_z, by_place, h * by_h / scales[1]], 0)
    return np.where(every, error, np.where(some, panels.width, 0))


def differences(integrand, panels, near):
    """How far the two rules are apart in each output, and whether some and all densities are finite: (8, P).

    Of a Gaussian mixture, points that do not lie between those that matter at a panel's ends do not matter inside, and are left out.
    """
    if integrand.name != "gaussian":
        return integrand.on_panels(panels, APART, apart)
    found = np.empty((8, len(panels.row)))
    for count in np.unique(near[2]):
        which = near[2] == count
        only_near = partial(with_points, near[:2, which], int(count))
        found[:, which] = integrand.on_panels(panels.take(which), APART, apart, only_near)
    return found


def apart(rows, panels, out):
    loss, *grad, log_p = out
    finite = np.isfinite(log_p)
    return np.array(
        [abs(loss), *(abs(g.T).sum(0) if g.ndim == 2 else abs(g) for g in grad), finite.any(1), finite.all(1)]
    )


def with_points(between, count, rows, panels, block):
    """Rows with so many points: those at distances between two numbers (2, P)."""
    outside = is_outside(distances(rows, panels), *between[:, block])
    those = np.argsort(outside, axis=1, kind="stable")[:, :count]
    return rows | {name: np.take_along_axis(rows[name], those, 1) for name in ("z", "points")}


def is_outside(distance, first, last):
    """NaN is not: it must not be left out."""
    return (distance < first[:, None]) | (distance > last[:, None])


def check_limit(panels, count, error, limit):
    """Raises if a row would have more panels than its nodes allow; `count` (P,) is that of each panel's row."""
    if count.max(initial=0) * NODES > limit:
        worst = np.argmax(count)
        raise ValueError(
            f"quadrature needs more than {limit} nodes in row {panels.row[worst]}: its error is still about "
            f"{panels.per_row(error)[worst]:.0e}, relative to the loss and the gradients. Pass `bins`, e.g. bins=4096."
        )


def check_total(panels, error, refused):
    total = panels.per_row(error)
    if (total > refused).any():
        worst = np.argmax(total / refused)
        raise ValueError(
            f"quadrature has an error of about {total[worst]:.0e} in row {panels.row[worst]}, relative to the loss and the gradients; "
            f"it must be at most {refused[worst]:.0e}, and panels cannot be narrower. Pass `bins`, or a wider `h`."
        )


# ---------------------------------------------------------------------------------------------------- where panels start
def starting_panels(rows, name, limit=LIMIT):
    """Between kinks, no panel wider than twice its distance from what may be singular."""
    edges = breakpoints(rows, name)
    row = np.repeat(np.arange(len(edges)), edges.shape[1] - 1)
    panels = Panels(row, edges[:, :-1].ravel(), edges[:, 1:].ravel())
    panels = panels.take(panels.width > 0)
    check_limit(panels, panels.per_row(np.ones_like(panels.width)), panels.width, limit)
    while (wide := panels.width > np.maximum(widest(rows, panels, name), NARROWEST)).any():
        check_limit(panels, panels.per_row(1.0 + wide), panels.width, limit)
        panels = joined([panels.take(~wide), panels.take(wide).halves()])
    return panels


def breakpoints(rows, name):
    """Positions (R, n) from 0 to 1, sorted, between which the kernel is smooth: nearest images change half a period from a point."""
    h, period, start = rows["h"][:, None], rows.get("period"), rows["a"][:, None]
    shifts = [] if name in SMOOTH else [0 * h, h, -h]
    if period is not None and name != "von_mises":
        shifts.append(period[:, None] / 2)
    places = [rows["points"] + shift - start for shift in shifts]
    if period is not None:
        places = [np.mod(place, period[:, None]) for place in places]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [np.nan_to_num(place / (rows["b"][:, None] - start)).clip(0, 1) for place in places]
    inside = [np.where(rows["z"] == -np.inf, 0, share) for share in shares]
    return np.sort(np.concatenate([0 * h, *inside, 0 * h + 1], 1), 1)


def widest(rows, panels, name):
    """The widest that each panel may be (P,), as a share of [a, b]: twice sqrt(h^2 + d^2), with its distance d to the nearest point."""
    allowed = np.empty(len(panels.row))
    for block in panels.blocks(8 * rows["z"].shape[1]):
        some = panels.take(block)
        of_these = take(rows, some.row)
        width = of_these["b"] - of_these["a"]
        distance = np.where(of_these["z"] == -np.inf, np.inf, abs(distances(of_these, some)))
        nearest = np.maximum(0, np.fmin.reduce(distance, 1) - width * some.width / 2)
        with np.errstate(divide="ignore"):
            allowed[block] = 2 * np.hypot(of_these["h"], nearest) / width
    return np.minimum(allowed, 4 * narrowest_bump(rows)[panels.row]) if name == "von_mises" else allowed


def distances(rows, panels):
    """The signed distances (P, J) from the points, or their nearest images, to the middle of each panel, in the panel's own row."""
    width = (rows["b"] - rows["a"]) * (panels.left + panels.right) / 2
    distance = (rows["a"][:, None] - rows["points"]) + width[:, None]
    if "period" in rows:
        distance -= rows["period"][:, None] * np.floor(distance / rows["period"][:, None] + 0.5)
    return distance


def narrowest_bump(rows):
    """The narrowest arc on which a von Mises component may rise above another and fall again, as a share of [a, b] (R,)."""
    z = np.where(np.isfinite(rows["z"]), rows["z"], np.nan)
    spread = np.fmax.reduce(z, 1) - np.fmin.reduce(z, 1)
    bump = np.fmax(rows["h"], rows["period"] / (2 * np.pi * np.sqrt(30 + spread)))
    with np.errstate(divide="ignore"):
        return bump / (rows["b"] - rows["a"])
