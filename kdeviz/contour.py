"""log Z, mean and covariance of the continuous categorical, row by row: which kernel serves which row.

Formulas, tables and thresholds are derived in ``derivations/cc_contour.py``; here, rows meet kernels. All functions take
``eta``: rows (R, D) of one dtype, numpy or cupy, any offset, -inf allowed. NaN, +inf or nothing but -inf makes a row NaN.
The arithmetic is in double precision also for float32, whose rule has fewer nodes; results have the dtype of ``eta``.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .arrays import namespace
from .kernels.numpy.cc_contour import TABLES
from .losses import kernels

STEPS = 60  # never reached below 2^73 categories: derivations/cc_theorems.py
NODES = {"float64": ((0.212, 30), (0.425, 42), (np.inf, 60)), "float32": ((0.276, 12), (0.58, 18), (np.inf, 24))}
FLAT = ((0.0073, 10), (0.0456, 20))  # (largest p, power sums): a row without a larger p needs no products
SMALL, TERMS = 0.0075, 20  # in other rows, categories with p up to SMALL are served by so many power sums
PRODUCTS = 512  # up to so many categories products lose nothing, and serve all
AMPLIFIED = 4  # peak/sigma is what the means make of a rounding of sum m; beyond this the sum is taken exactly


class Problem(NamedTuple):
    """What the saddle gives for each row: eta = top - gap, m = 1/(tau + gap), sigma^2 = sum m^2, excess = (1 - sum m)/sigma."""

    gap: Any
    tau: Any
    sigma: Any
    excess: Any

    @property
    def peak(self):
        """The largest p = m/sigma of each row."""
        return 1 / (self.tau * self.sigma)

    def take(self, rows):
        return Problem(*(a[rows] for a in self))


class Solution(NamedTuple):
    """log Z relative to the top, the means, and the normalised integrand at the nodes: W/F sums to 1 + something imaginary."""

    log_Z: Any
    mean: Any
    F: Any
    W_x: Any
    W_y: Any


def log_partition(eta):
    """(top, log Z(eta - top)), both (R,), with top the largest eta of each row: log Z(eta) is their sum."""
    top, log_Z, _ = log_partition_and_mean(eta)
    return top, log_Z


def log_partition_and_mean(eta):
    """(top, log Z(eta - top), mean): (R,), (R,), (R, D)."""
    xp = namespace(eta=eta)
    top, problem = at_saddle(xp, eta)
    log_Z, mean = xp.empty(len(top), eta.dtype), xp.empty(eta.shape, eta.dtype)
    for rows, solve, table in groups(xp, problem, eta.dtype):
        found = solve(xp, part(problem, rows), table)
        log_Z[rows], mean[rows] = found.log_Z, found.mean
    return top.astype(eta.dtype), log_Z, mean


def variance(eta):
    """The variance of each category (R, D)."""
    xp = namespace(eta=eta)
    _, problem = at_saddle(xp, eta)
    result = xp.empty(eta.shape, eta.dtype)
    for rows, solve, table in groups(xp, problem, eta.dtype):
        some = part(problem, rows)
        found = solve(xp, some, table)
        (own,) = kernels(xp, "cc_contour").variances(*some[:3], *found[1:], *table[:2])
        dominant = xp.nonzero(found.mean.max(1) > 0.5)[0]
        if len(dominant):
            take = lambda a: a[dominant]
            own[dominant] = with_top_from_others(xp, Problem(*map(take, some)), Solution(*map(take, found)), table, take(own))
        result[rows] = own
    return result


def with_top_from_others(xp, problem, found, table, variances):
    """Variances with that of the top category as minus the sum of its covariances, which do not cancel: they are all negative."""
    top = xp.argmax(found.mean, 1)[:, None]
    unit = (xp.arange(variances.shape[1]) == top).astype(float)
    of_top = matvec(xp, problem, found, table, unit)
    return xp.where(unit == 1, of_top, variances)


def covariance_matvec(eta, v):
    """The covariance matrix of each row times v: (R, D)."""
    xp = namespace(eta=eta)
    _, problem = at_saddle(xp, eta)
    result = xp.empty(eta.shape, eta.dtype)
    for rows, solve, table in groups(xp, problem, eta.dtype):
        some = part(problem, rows)
        result[rows] = matvec(xp, some, solve(xp, some, table), table, v[rows].astype(float))
    return result


def matvec(xp, problem, found, table, v):
    """Rows of the covariance sum to 0, so v may be shifted to 0 at the top category, and the products sum to 0."""
    top = xp.argmax(found.mean, 1)[:, None]
    shifted = v - xp.take_along_axis(v, top, 1)
    (product,) = kernels(xp, "cc_contour").covariance_matvec(*problem[:3], *found[1:], *table[:2], shifted)
    at_top = xp.arange(product.shape[1]) == top
    others = xp.where(at_top, 0, product)
    return xp.where(at_top, -others.sum(1)[:, None], others)


# ---------------------------------------------------------------------------------------------------- the saddle
def at_saddle(xp, eta):
    """(top, Problem) in double precision."""
    cc, eta = kernels(xp, "cc_contour"), eta.astype(float, copy=False)
    top = eta.max(1)
    with np.errstate(invalid="ignore"):
        gap = top[:, None] - eta
    (tau,) = cc.saddle_start(gap)
    for _ in range(STEPS):
        next_tau, sigma, excess = cc.saddle_step(gap, tau)
        if not (next_tau > tau).any():
            break
        tau = next_tau  # a row that has arrived stays where it is
    amplified = xp.nonzero(Problem(gap, tau, sigma, excess).peak > AMPLIFIED * sigma)[0]
    if len(amplified):
        (missing,) = cc.saddle_excess(eta[amplified], top[amplified], tau[amplified])
        excess[amplified] = missing / sigma[amplified]
    return top, Problem(gap, tau, sigma, excess)


# ---------------------------------------------------------------------------------------------------- which kernel
def groups(xp, problem, dtype):
    """(rows, how to solve them, nodes and weights) of each group of rows that the same kernels serve."""
    peak, limits = problem.peak, NODES[dtype.name]
    nodes = xp.full(len(peak), limits[-1][1])
    plan = xp.full(len(peak), len(FLAT) + (problem.gap.shape[1] <= PRODUCTS))
    for limit, count in limits[-2::-1]:
        nodes[peak <= limit] = count
    for number in reversed(range(len(FLAT))):
        plan[peak <= FLAT[number][0]] = number
    key = 100 * plan + nodes
    for value in xp.unique(key).tolist():
        number, count = divmod(value, 100)
        yield xp.nonzero(key == value)[0], PLANS[number], tables(xp, dtype, count)


def tables(xp, dtype, nodes):
    """The first so many nodes and weights of the rule for a precision, as doubles."""
    table = TABLES[dtype.name]
    return [xp.asarray(table[name][:nodes], float) for name in ("zeta_x", "zeta_y", "w_x", "w_y")]


def part(problem, rows):
    """Some rows, without a copy where that is all of them."""
    return problem if len(rows) == len(problem.tau) else problem.take(rows)


def by_products(xp, problem, table):
    none = xp.zeros((len(problem.tau), len(table[0])))
    return Solution(*products(xp, problem, (none, none, none[:, 0].copy()), table))


def products(xp, problem, rest, table):
    """(log Z, mean, F, W_x, W_y) of the categories at hand beside a rest that is summed already."""
    return kernels(xp, "cc_contour").log_partition_and_mean(*problem, *rest, *table)


def by_power_sums(xp, problem, table, terms):
    """All categories of these rows are small."""
    nobody = problem._replace(gap=xp.empty((len(problem.tau), 0)))
    found, mean = beside(xp, nobody, problem, table, terms)
    return found._replace(mean=mean)


def by_both(xp, problem, table):
    """Products for the large categories of a row, power sums for the others; rows with equally many large ones at a time."""
    large = 1 / ((problem.gap + problem.tau[:, None]) * problem.sigma[:, None]) > SMALL
    counts, (R, D) = large.sum(1), large.shape
    shapes = (R,), (R, D), (R,), (R, len(table[0])), (R, len(table[0]))
    result = Solution(*(xp.full(shape, np.nan) for shape in shapes))
    for count in xp.unique(counts).tolist():
        rows = xp.nonzero(counts == count)[0]
        found = with_large(xp, problem.take(rows), large[rows], table)
        for whole, piece in zip(result, found):
            whole[rows] = piece
    return result


def with_large(xp, problem, large, table):
    """The Solution of rows that have equally many large categories."""
    (R, D), count = large.shape, int(large[0].sum())
    if count == D:
        return by_products(xp, problem, table)
    few = problem._replace(gap=problem.gap[large].reshape(R, count))
    many = problem._replace(gap=problem.gap[~large].reshape(R, D - count))
    found, mean_of_many = beside(xp, few, many, table, TERMS)
    mean = xp.empty((R, D))
    mean[large], mean[~large] = found.mean.ravel(), mean_of_many.ravel()
    return found._replace(mean=mean)


def beside(xp, few, many, table, terms):
    """(the Solution with the means of few categories, which take products; the means of the many, which take power sums)."""
    cc = kernels(xp, "cc_contour")
    sums, means = getattr(cc, f"power_sums_{terms}"), getattr(cc, f"power_means_{terms}")
    found = Solution(*products(xp, few, sums(*many[:3], *table[:2]), table))
    (mean,) = means(*many[:3], *found[2:], *table[:2])
    return found, mean


PLANS = [*(partial(by_power_sums, terms=count) for _, count in FLAT), by_both, by_products]
