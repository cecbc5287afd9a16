"""Mean responsibilities and Hessian products over bins, for every kernel: `log_K(xp, rows)` (R, B, J) is all that tells kernels apart."""

import operator
from functools import partial

import numpy as np

from .losses import kernels

AT_ONCE = 2**20  # numbers in a block of log K


def log_responsibility(xp, log_K, rows):
    """log R (R, J), R_j = sum_b q_b S_j K_bj / p_b: equation (mixture-log-R). `rows`: z, q, log_floor and what `log_K` takes."""
    return by_blocks(xp, log_K, rows, "mixture_log_responsibility", xp.logaddexp)


def hessian_product(xp, log_K, rows, v):
    """The Hessian in the logits times v (R, J): equation (mixture-hessian-product)."""
    return by_blocks(xp, log_K, rows | {"v": v}, "mixture_hessian_times_vector", operator.add)


def by_blocks(xp, log_K, rows, name, join):
    """A kernel of the mixture, whose values for parts of the bins are joined. The parts depend on the row alone."""
    (R, J), B = rows["z"].shape, rows["q"].shape[1]
    bins = max(1, min(B, AT_ONCE // J))
    at_once = max(1, AT_ONCE // (J * bins))
    found = [xp.zeros((0, J), rows["z"].dtype)]
    for start in range(0, R, at_once):
        some = {key: a[start : start + at_once] for key, a in rows.items()}
        parts = [of_bins(xp, log_K, some, name, slice(first, first + bins)) for first in range(0, B, bins)]
        whole = parts[0]
        for part in parts[1:]:
            whole = join(whole, part)
        found.append(whole)
    return xp.concatenate(found)


def of_bins(xp, log_K, rows, name, bins):
    rows = rows | {key: xp.ascontiguousarray(rows[key][:, bins]) for key in ("position", "q")}
    given = {key: rows[key] for key in ("z", "q", "log_floor", "v") if key in rows}
    (value,) = getattr(kernels(xp, "mixture_ce"), name)(log_K=log_K(xp, rows), **given)
    return value


def of_kernel(compute):
    """The `log_K` of a bins kernel: a mixture of one point alone has its kernel for a density."""
    return partial(density_of_each, compute)


def density_of_each(compute, xp, rows):
    (R, J), B = rows["z"].shape, rows["q"].shape[1]
    alone = {key: xp.repeat(a, J, 0) for key, a in rows.items() if key not in ("z", "points", "v")}
    alone |= {"z": xp.zeros((R * J, 1), rows["z"].dtype), "points": rows["points"].reshape(-1, 1)}
    alone["log_floor"] = xp.full_like(alone["log_floor"], -np.inf)
    log_density = compute(**alone)[6]
    return xp.ascontiguousarray(log_density.reshape(R, J, B).transpose((0, 2, 1)))
