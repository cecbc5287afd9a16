"""What blocks and shared exponentials are worth: the generated numpy kernel against the plain formula, in one run.

Claim: for 1000 rows of 64 points and 64 bins, the generated kernel with all five gradients is faster than the plain formula
with the gradient in z alone, and its blocks of rows are worth a factor of their own.

    python benchmarks/numpy_blocks.py [--rows 1000] [--points 64] [--bins 64] [--rounds 9]
"""

import argparse
import statistics
import time

import numpy as np

from kdeviz.kernels.numpy import kde_ce


def plain(z, points, a, b, h, position, q, log_floor):
    """Loss and gradient in z as one would write them: whole (rows, bins, points) arrays, every exponential where it is used."""
    centres = a[:, None] + (b - a)[:, None] * position
    log_K = -np.abs(centres[:, :, None] - points[:, None, :]) / h[:, None, None]
    joint = z[:, None, :] + log_K
    log_joint = np.log(np.exp(joint - joint.max(-1, keepdims=True)).sum(-1)) + joint.max(-1)
    log_weight = np.log(np.exp(z - z.max(-1, keepdims=True)).sum(-1)) + z.max(-1)
    responsibility = np.exp(joint - log_joint[:, :, None])
    loss = log_weight - (q * log_joint).sum(-1)
    return loss, np.exp(z - log_weight[:, None]) - (q[:, :, None] * responsibility).sum(1)


def unblocked(**rows):
    """The generated kernel with all rows in one block."""
    blocks, kde_ce._blocks = kde_ce._blocks, lambda size, *widths: [slice(0, size)]
    try:
        return kde_ce.laplace(**rows)
    finally:
        kde_ce._blocks = blocks


def random_rows(R, J, B):
    rng = np.random.default_rng(0)
    rows = dict(
        z=rng.normal(size=(R, J)), points=rng.uniform(-1, 2, (R, J)), a=np.zeros(R), b=np.ones(R), h=np.full(R, 0.3)
    )
    return rows | dict(
        position=np.tile((np.arange(B) + 0.5) / B, (R, 1)), q=np.full((R, B), 1 / B), log_floor=np.full(R, -np.inf)
    )


def medians(contestants, rows, rounds):
    """Interleaved, so that what else the machine does hits all alike."""
    seconds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, function in contestants.items():
            start = time.perf_counter()
            function(**rows)
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("rows", 1000), ("points", 64), ("bins", 64), ("rounds", 9)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    rows = random_rows(options.rows, options.points, options.bins)
    assert np.allclose(plain(**rows)[1], kde_ce.laplace(**rows)[1], atol=1e-14)
    contestants = {
        "generated, all gradients": kde_ce.laplace,
        "the same, one block": unblocked,
        "plain formula, grad z only": plain,
    }
    times = medians(contestants, rows, options.rounds)
    fastest = times["generated, all gradients"]
    for name, seconds in times.items():
        print(f"{name:<28}{1e3 * seconds:8.1f} ms   {seconds / fastest:5.2f} x")


if __name__ == "__main__":
    main()
