"""Draws from the continuous categorical: exact rejection, derived in ``derivations/cc_sampling.py``. Needs no log-partition."""

from typing import Any, NamedTuple

import numpy as np

BLOCK = 2**17  # numbers proposed at a time: a few arrays of a megabyte
LEAST_OFFSET = 2.0**-10  # of s above the largest logit: the law is the same for every s, and so all rates are positive
MOST_ROUNDS = 1000  # a proposal is accepted with probability 1/8 or more, and (7/8)^1000 < 1e-57


class Plan(NamedTuple):
    """How each row is proposed. The *group* is rescaled to the mass that the other classes leave."""

    rate: Any  # (rows, D) theta_k = s - eta_k, positive; inf for a weight of zero
    group: Any  # (rows, D) bool: the n classes with the least rates
    peak: Any  # (rows,) n - 1, or n if the group is everything: where the weight is largest, as a function of v
    least_mean: Any  # (rows,) the least 1/theta_k of the group, or NaN if the group is everything


def draw(eta, count, rng=None):
    r"""Independent draws from the continuous categorical of each row, :math:`p(y) = e^{\eta\cdot y - A(\eta)}`.

    Parameters
    ----------
    eta : array (rows, D), float32 or float64
        Logits with any offset. Dimensionless; -inf: weight zero.
    count : int
        Draws per row.
    rng : numpy.random.Generator, optional
        Source of randomness; its state and the arguments determine the result. None: ``np.random.default_rng()``.

    Returns
    -------
    array (count, rows, D), dtype of `eta`
        Points of the simplex: non-negative, with sum 1 up to rounding; 0 where `eta` is -inf. NaN in rows that hold NaN or +inf, or
        nothing but -inf.

    Raises
    ------
    RuntimeError
        If 1000 proposals in a row are rejected: the generator is broken.

    Notes
    -----
    The law is exact, up to rounding in float64. A proposal takes D exponentials and is accepted with a probability of at least
    :math:`1/(e\sqrt{1+H_{D-1}/2\pi})`, H the harmonic number: 0.34 for D = 2, 0.20 for a million, 1/8 for all that can be indexed; and
    1 for equal logits.

    Accuracy: see ``test_marginals_follow_the_law`` and ``test_draws_lie_on_the_simplex``.

    Source: equations (cc-group-weight) and (cc-group-acceptance) in ``derivations/cc_sampling.py``.

    Examples
    --------
    >>> import numpy as np
    >>> draw(np.array([[2.0, 0.0, -np.inf]]), 4, np.random.default_rng(0)).sum(-1).ravel().round(12)
    array([1., 1., 1., 1.])
    """
    rng = np.random.default_rng() if rng is None else rng
    rows, D = eta.shape
    y = np.full((count, rows, D), np.nan, eta.dtype)
    top = eta.max(1)
    good = np.flatnonzero(np.isfinite(top))  # a maximum is NaN if anything is
    if not len(good):
        return y
    with np.errstate(over="ignore"):  # too far below for the format is as good as infinitely far
        plan = planned(top[good, None].astype(np.float64) - eta[good])
    place, row = np.divmod(np.arange(count * len(good)), len(good))
    height = max(1, BLOCK // D)
    for start in range(0, len(row), height):
        block = slice(start, start + height)
        fill(y, place[block], good, row[block], plan, rng)
    return y


def fill(y, place, good, row, plan, rng):
    """Write an accepted draw for rows `row` of the plan, rows `good[row]` of y, to each `place`."""
    for _ in range(MOST_ROUNDS):
        proposed, accepted = propose(plan, row, rng)
        y[place[accepted], good[row[accepted]]] = proposed[accepted]
        place, row = place[~accepted], row[~accepted]
        if not len(row):
            return
    raise RuntimeError(
        f"`rng` must be a working numpy.random.Generator; got {rng!r}, of whose proposals {MOST_ROUNDS} in a row were rejected."
    )


def propose(plan, row, rng):
    """A proposal for each of the given rows, (P, D), and whether it is accepted, (P,)."""
    rate, group, peak, least_mean = (of_rows[row] for of_rows in plan)
    unit = rng.standard_exponential(rate.shape)
    y = unit / rate
    left = 1 - np.where(group, 0, y).sum(1)
    total = np.where(group, y, 0).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):  # nothing is left, or all exponentials are 0: not accepted
        mean_rate = np.where(group, unit, 0).sum(1) / total
        v = left * mean_rate
        log_weight = peak * np.log(v / np.maximum(peak, 1)) + peak - v
        log_weight += np.where(np.isnan(least_mean), 0, np.log(mean_rate * least_mean))
        y = np.where(
            group, y / total[:, None] * left[:, None], y
        )  # in this order a group of one has exactly what is left
    return y, (left > 0) & (rng.standard_exponential(len(row)) > -log_weight)


# ---------------------------------------------------------------------------------------------------- the best group
def planned(gap):
    """The plan with the largest acceptance for logits that lie `gap` (rows, D) below the largest of their row."""
    ordered = np.sort(gap, axis=1)
    finite = np.isfinite(ordered).sum(1)
    n, offset, score = best_group(ordered, finite)
    ties = np.maximum(1, (ordered == 0).sum(1))
    single, near, single_score = with_own_offset(
        ordered, finite, ties
    )  # near s, the top class alone gains up to a factor e
    chosen = single_score > score
    n, offset = np.where(chosen, single, n), np.where(chosen, near, offset)
    edge = np.take_along_axis(ordered, n[:, None] - 1, 1)
    whole = n == finite
    least_mean = np.where(whole, np.nan, 1 / (edge[:, 0] + offset))
    return Plan(gap + offset[:, None], gap <= edge, np.where(whole, n, n - 1), least_mean)


def best_group(ordered, finite):
    """The group of the best acceptance at the saddle: its size, its own offset, and its score."""
    rows, D = ordered.shape
    with np.errstate(divide="ignore"):
        score = log_stirling(np.arange(D)) - np.log(ordered + saddle(ordered)[:, None])
    score[np.arange(rows), finite - 1] = log_stirling(finite) - np.log(finite)
    return with_own_offset(ordered, finite, score.argmax(1) + 1)


def with_own_offset(ordered, finite, n):
    """The best s - max eta for groups of the n largest; the score is the log-acceptance up to a constant of the row."""
    rows, whole = np.arange(len(n)), n == finite
    others = ordered.copy()
    others[rows, n - 1] = np.where(whole, others[rows, n - 1], np.inf)
    offset = saddle(others)
    log_rates = np.log(np.where(np.isfinite(others), others + offset[:, None], 1)).sum(1)
    peak = np.where(whole, log_stirling(n) - np.log(n), log_stirling(n - 1))
    return n, offset, log_rates - offset + peak


def log_stirling(j):
    """log(j!/(j/e)^j): 0 at j = 0, from there on near log sqrt(2 pi j)."""
    log_factorial = np.cumsum(np.log(np.maximum(np.arange(j.max() + 1), 1)))
    return log_factorial[j] + j - j * np.log(np.maximum(j, 1))


def saddle(gap):
    """t (rows,) with sum_k 1/(t + gap_k) = 1, or the least offset if that is larger. Newton on the concave reciprocal, from below.

    Every t > 0 gives an exact sampler, so a sum within a hundredth of its standard deviation is close enough.
    """
    t = np.maximum(LEAST_OFFSET, 1 - gap.min(1))
    for _ in range(60):
        mean = 1 / (t[:, None] + gap)
        total, square = mean.sum(1), (mean * mean).sum(1)
        if not np.any(total - 1 > 0.01 * np.sqrt(square)):
            break
        t += np.maximum(total - 1, 0) * total / np.where(square > 0, square, 1)
    return t
