"""log Z, mean and covariance of the continuous categorical, row by row: which kernel serves which row.

Formulas, tables and thresholds are derived in ``derivations/cc_contour.py``; here, rows meet kernels. All functions take
``eta``: rows (R, D) of one dtype, numpy or cupy, any offset, -inf allowed. NaN, +inf or nothing but -inf makes a row NaN.
The arithmetic is in double precision also for float32, whose rule has fewer nodes; results have the dtype of ``eta``.
"""

from functools import cache, cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from .arrays import namespace
from .kernels.numpy.cc_contour import TABLES
from .losses import backend, kernels

STEPS = 60  # never reached below 2^73 categories: derivations/cc_theorems.py
NODES = {  # (largest p, number of nodes, the first of them in the tables)
    "float64": ((0.13, 16, 60), (0.235, 20, 60), (0.45, 30, 60), (0.617, 50, 0), (np.inf, 60, 0)),
    "float32": ((0.276, 12, 0), (0.58, 18, 0), (np.inf, 24, 0)),
}
FLAT = ((0.0072, 10), (0.0484, 20))  # (largest p, power sums): a row without a larger p needs no products
SMALL, TERMS = 0.0075, 20  # in other rows, categories with p up to SMALL are served by so many power sums
PRODUCTS = 64  # so few categories, or a row of larger weights than those of flat rows, lose nothing by products that share logarithms
WHOLE = 8  # vector code takes so many nodes at once; for what is left over numba's loops take longer than for a whole one
AMPLIFIED = 4  # peak/sigma is what the means make of a rounding of sum m; beyond this the sum is taken exactly


# Freed at once. From then on glibc keeps as much memory for the next array, where it gave back each temporary of a numpy kernel.
np.empty(2**20)


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
    """log Z relative to the top, the means, and the weighted integrand at the nodes with its sum F, where it was asked for."""

    log_Z: Any
    mean: Any
    F: Any = None
    W_x: Any = None
    W_y: Any = None


class Moments:
    """log Z, means and covariances of rows eta (R, D), solved when they are asked for."""

    def __init__(self, eta):
        self.xp, self.eta = namespace(eta=eta), eta
        top, problem = at_saddle(self.xp, eta)
        self.top = top.astype(eta.dtype)
        self.groups = [(rows, problem.take(rows), *plan) for rows, *plan in groups(self.xp, problem, eta.dtype)]

    @cached_property
    def first(self):
        """log Z and the means of each group of rows."""
        return [solve(self.xp, problem, table) for _, problem, solve, table in self.groups]

    @cached_property
    def whole(self):
        """(problem, Solution with weights, nodes and weights of the rule) of each group of rows."""
        again = lambda found, problem, table: (
            by_products(self.xp, problem, table, weights=True) if found.F is None else found
        )
        plans = zip(self.first, self.groups)
        return [(problem, again(found, problem, table), table) for found, (_, problem, _, table) in plans]

    def gathered(self, shape, parts):
        """An array (R, *shape) of what is known of each group of rows."""
        if len(self.groups) == 1:
            return next(iter(parts)).astype(self.eta.dtype, copy=False)
        whole = self.xp.empty((len(self.eta), *shape), self.eta.dtype)
        for (rows, *_), values in zip(self.groups, parts):
            whole[rows] = values
        return whole

    @property
    def log_Z(self):
        """log Z(eta - top), (R,): log Z(eta) is its sum with `top`."""
        return self.gathered((), (found.log_Z for found in self.first))

    @property
    def log_Z_alone(self):
        """The same without the cost of the means; its last digit may differ."""
        parts = (solve(self.xp, problem, table, mean=False) for _, problem, solve, table in self.groups)
        return self.gathered((), (found.log_Z for found in parts))

    @property
    def mean(self):
        """(R, D)"""
        return self.gathered(self.eta.shape[1:], (found.mean for found in self.first))

    def variance(self):
        """(R, D)"""
        return self.gathered(self.eta.shape[1:], (variances(self.xp, *group) for group in self.whole))

    def covariance_matvec(self, v):
        """The covariance of each row times v (R, D)."""
        parts = (v[rows].astype(float) for rows, *_ in self.groups)
        products = (matvec(self.xp, *group, part) for group, part in zip(self.whole, parts))  # type: ignore[call-arg]
        return self.gathered(self.eta.shape[1:], products)

    def covariance(self):
        """(R, D, D), symmetric bit for bit."""
        D = self.eta.shape[1]
        return self.gathered((D, D), (matrix(self.xp, *group) for group in self.whole))


def log_partition(eta):
    """(top, log Z(eta - top)), both (R,), with top the largest eta of each row: log Z(eta) is their sum."""
    moments = Moments(eta)
    return moments.top, moments.log_Z_alone


def log_partition_and_mean(eta):
    """(top, log Z(eta - top), mean): (R,), (R,), (R, D)."""
    moments = Moments(eta)
    return moments.top, moments.log_Z, moments.mean


def variance(eta):
    """The variance of each category (R, D)."""
    return Moments(eta).variance()


def covariance_matvec(eta, v):
    """The covariance matrix of each row times v: (R, D)."""
    return Moments(eta).covariance_matvec(v)


# ---------------------------------------------------------------------------------------------------- covariances
def variances(xp, problem, found, table):
    """That of a dominant category from its covariances with the others, which do not cancel: they are all negative."""
    (own,) = kernels(xp, "cc_contour").variances(*problem[:3], *found[1:], *table[:2])
    rows, _ = dominated(xp, found)
    if len(rows):
        some, of_some = problem.take(rows), Solution(*(a[rows] for a in found))
        top = xp.arange(own.shape[1]) == xp.argmax(of_some.mean, 1)[:, None]
        own[rows] = xp.where(top, matvec(xp, some, of_some, table, top.astype(float)), own[rows])
    return own


def dominated(xp, found):
    """(rows with a mean above 1/2, the category that has it)"""
    rows = xp.nonzero(found.mean.max(1) > 0.5)[0]
    return rows, xp.argmax(found.mean[rows], 1)[:, None]


def matvec(xp, problem, found, table, v):
    """Covariance times v. Its rows sum to 0, so v may be 0 at a dominant category, whose entry is what the others leave."""
    rows, top = dominated(xp, found)
    at_top = xp.arange(v.shape[1]) == top
    v = v.copy()
    v[rows] -= xp.take_along_axis(v[rows], top, 1)
    (product,) = kernels(xp, "cc_contour").covariance_matvec(*problem[:3], *found[1:], *table[:2], v)
    others = xp.where(at_top, 0, product[rows])
    product[rows] = xp.where(at_top, -others.sum(1)[:, None], others)
    return product


def matrix(xp, problem, found, table):
    """The covariance matrix of each row, from its products with unit vectors and the variances."""
    R, D = found.mean.shape
    unit = lambda k: xp.zeros((R, D)) + (xp.arange(D) == k)
    columns = xp.stack([matvec(xp, problem, found, table, unit(k)) for k in range(D)], -1)
    whole = (columns + columns.transpose((0, 2, 1))) / 2
    whole[:, xp.arange(D), xp.arange(D)] = variances(xp, problem, found, table)
    return whole


# ---------------------------------------------------------------------------------------------------- the saddle
def at_saddle(xp, eta):
    """(top, Problem) in double precision."""
    cc, eta = kernels(xp, "cc_contour"), eta.astype(float, copy=False)
    top, gap, tau, next_tau, sigma, excess = cc.saddle_start(eta, xp.full(len(eta), float(eta.shape[1])))
    for _ in range(STEPS):
        if not (next_tau > tau).any():
            break
        tau = next_tau  # a row that has arrived stays where it is
        next_tau, sigma, excess = cc.saddle_step(gap, tau)
    top[sigma == 0] = sigma[sigma == 0] = np.nan  # nothing but -inf
    amplified = xp.nonzero(Problem(gap, tau, sigma, excess).peak > AMPLIFIED * sigma)[0]
    if len(amplified):
        (missing,) = cc.saddle_excess(eta[amplified], top[amplified], tau[amplified])
        excess[amplified] = missing / sigma[amplified]
    return top, Problem(gap, tau, sigma, excess)


# ---------------------------------------------------------------------------------------------------- which kernel
def groups(xp, problem, dtype):
    """(rows, how to solve them, nodes and weights) of each group of rows that the same kernels serve."""
    peak, limits, D = problem.peak, NODES[dtype.name], problem.gap.shape[1]
    beyond = lambda limits: xp.searchsorted(xp.asarray(limits), peak)  # how many limits are below the peak
    plan = beyond([P for P, _ in FLAT])
    if D <= PRODUCTS:
        plan += plan == len(FLAT)
    elif (plan == len(FLAT)).any():
        least = 1 / ((problem.tau + problem.gap.max(1)) * problem.sigma)
        plan += (plan == len(FLAT)) & (least > FLAT[-1][0])
    key = len(limits) * plan + beyond([P for P, *_ in limits[:-1]])
    keys = xp.nonzero(xp.bincount(key))[0].tolist()
    for value in keys:
        number, nodes = divmod(value, len(limits))
        rows = xp.nonzero(key == value)[0] if len(keys) > 1 else slice(None)
        yield rows, PLANS[number], tables(xp, dtype, *limits[nodes][1:])


def tables(xp, dtype, nodes, first=0):
    """So many nodes and weights of the tables for a precision, as doubles."""
    whole = WHOLE if xp is np and backend() == "numba" else 1
    return list(xp.asarray(rule(dtype.name, nodes, first, whole)))


@cache
def rule(precision, nodes, first, whole):
    """zeta_x, zeta_y, w_x, w_y, (4, nodes), with further nodes of weight 0 up to a whole multiple."""
    columns = np.array([column[first : first + nodes] for column in TABLES[precision].values()])
    filled = np.pad(columns, ((0, 0), (0, -columns.shape[1] % whole)))
    filled.flags.writeable = False
    return filled


def by_products(xp, problem, table, mean=True, weights=False):
    """Products for all categories; with or without the weights, which covariances need."""
    cc = kernels(xp, "cc_contour")
    if not mean:
        return Solution(cc.log_partition(*problem, *table)[0], mean=None)
    if not weights:
        return Solution(*cc.log_partition_and_mean(*problem, *table))
    none = xp.zeros((len(problem.tau), len(table[0])))
    return Solution(*cc.log_partition_mean_and_weights(*problem, *table, none, none, none[:, 0].copy()))


def by_power_sums(xp, problem, table, terms, mean=True):
    """All categories of these rows are small."""
    nobody = problem._replace(gap=xp.empty((len(problem.tau), 0)))
    found, means = beside(xp, nobody, problem, table, terms, mean)
    return found._replace(mean=means)


def by_both(xp, problem, table, mean=True):
    """Products for the large categories of a row, power sums for the others; rows with equally many large ones at a time."""
    large = 1 / ((problem.gap + problem.tau[:, None]) * problem.sigma[:, None]) > SMALL
    counts, (R, D) = large.sum(1), large.shape
    shapes = (R,), (R, D), (R,), (R, len(table[0])), (R, len(table[0]))
    result = Solution(*(xp.full(shape, np.nan) for shape in shapes))
    for count in xp.unique(counts).tolist():
        rows = xp.nonzero(counts == count)[0]
        found = with_large(xp, problem.take(rows), large[rows], table, mean)
        for whole, piece in zip(result, found):
            if piece is not None:
                whole[rows] = piece
    return result


def with_large(xp, problem, large, table, mean):
    """The Solution of rows that have equally many large categories."""
    (R, D), count = large.shape, int(large[0].sum())
    if count == D:
        return by_products(xp, problem, table, mean, weights=True)
    few = problem._replace(gap=problem.gap[large].reshape(R, count))
    many = problem._replace(gap=problem.gap[~large].reshape(R, D - count))
    found, mean_of_many = beside(xp, few, many, table, TERMS, mean)
    if not mean:
        return found._replace(mean=None)
    means = xp.empty((R, D))
    means[large], means[~large] = found.mean.ravel(), mean_of_many.ravel()
    return found._replace(mean=means)


def beside(xp, few, many, table, terms, mean=True):
    """(the Solution with the means of few categories, which take products; the means of the many, which take power sums)."""
    cc = kernels(xp, "cc_contour")
    rest = getattr(cc, f"power_sums_{terms}")(*many[:3], *table[:2])
    found = Solution(*cc.log_partition_mean_and_weights(*few, *table, *rest))
    means = getattr(cc, f"power_means_{terms}")(*many[:3], *found[2:], *table[:2])[0] if mean else None
    return found, means


PLANS = [*(partial(by_power_sums, terms=count) for _, count in FLAT), by_both, by_products]
