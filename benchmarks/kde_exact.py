"""The exact KDE cross-entropy of the Laplace kernel against bins: time and error, in one run.

Aims: with numba, 1000 rows of 64 points take at most the time of 64 bins (better: of 32), and 1024 bins take ten times as long; one
row of 1e5 points takes at most the time of 100 bins; with numpy, the rows take at most the time of 256 bins. On one thread of an AMD
EPYC with nothing beside it, in three runs: 64 bins take 1.6 times as long as the exact form, 32 bins .85, 1024 bins 25; with numpy,
256 bins take 7 to 8 times as long. At 1e5 points 100 bins take 1.1 times as long; with other work beside it, .85. Fast sums of 1024
bins take about as long as the exact form, for an error of 4e-6; with 1e5 points and as many bins, a quarter of its time, for errors of 1e-12
in the loss and 3e-10 in grad z: where so many digits are enough, they win.

All give the loss and the gradients in z, points, h, a and b. kdeviz is called as its users call it, sorting and checks included. Fast
sum updating (book/fast_sums.py) is the strongest way to take bins, O(J + B); it sums kernels, not their logarithms; the last
table says what that costs. Errors are the largest of any row, against the exact form with numba: of the loss, relative to max(1, |loss|),
and of grad z, the sum of absolute errors relative to that of absolute values.

    python benchmarks/kde_exact.py [--rounds 9] [--threads 1] [--quick]
"""

import argparse
import os
import resource
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numba
import numpy as np

import kdeviz
from book import fast_sums

BINS, FAST = (16, 32, 64, 256, 1024), (16, 64, 256, 1024, 4096)
LONG_BINS, LONG_FAST = (100,), (100, 1000, 10**4, 10**5)
TARGETS = {  # (points, backend, bins): how many times as long as the exact form they are to take, at least
    (64, "numba", 32): 1, (64, "numba", 64): 1, (64, "numba", 1024): 10, (64, "numpy", 256): 1, (10**5, "numba", 100): 1
}  # fmt: skip
HEAD = f"{'contestant':<24}{'ms':>10}{'exacts':>9}{'aim':>7}{'loss error':>12}{'grad error':>12}"


def random_rows(R, J, h):
    rng = np.random.default_rng(J)
    points = rng.uniform(-1, 2, (R, J))
    return {"z": rng.normal(size=(R, J)), "points": points, "a": np.zeros(R), "b": np.ones(R), "h": np.full(R, h)}


def by_kdeviz(backend, bins, rows):
    """(loss, grad z)"""
    os.environ["KDEVIZ_BACKEND"] = backend
    loss, grad = kdeviz.kde_cross_entropy(**rows, bins=bins)
    return loss, grad.z


def by_fast_sums(bins, rows):
    return fast_sums.binned(**rows, bins=bins)[:2]


def contestants(backends, bins, fast):
    """{(name, number of bins or None for the exact form): function of rows}"""
    by_us = {(b, n): partial(by_kdeviz, b, n) for b in backends for n in (None, *bins)}
    return by_us | {("fast sums", n): partial(by_fast_sums, n) for n in fast}


def median_times(functions, rows, rounds):
    """{name: seconds}, interleaved, so that what else the machine does hits all alike. The first call, which may compile, is not timed."""
    seconds = {name: [] for name in functions}
    for turn in range(-1, rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function(rows)
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def errors(found, right):
    """The largest errors of any row: of the loss, relative to max(1, |loss|), and of the gradient, relative to its size."""
    of_loss = abs(found[0] - right[0]) / np.maximum(1, abs(right[0]))
    of_grad = abs(found[1] - right[1]).sum(-1) / abs(right[1]).sum(-1)
    return of_loss.max(), of_grad.max()


def table(functions, rows, rounds):
    times = median_times(functions, rows, rounds)
    right, J = functions["numba", None](rows), rows["z"].shape[1]
    for (name, bins), function in functions.items():
        exact = times[name if name == "numpy" else "numba", None]
        of_loss, of_grad = errors(function(rows), right)
        what = f"{name}, {f'{bins} bins' if bins else 'exact'}"
        aim = TARGETS.get((J, name, bins), "")
        seconds = times[name, bins]
        yield f"{what:<24}{1e3 * seconds:>10.2f}{seconds / exact:>9.2f}{aim:>7}{of_loss:>12.1e}{of_grad:>12.1e}"


def digits_of_sums(bins=64):
    """What fast sums lose by not being logarithms: against the same bins, or the exact form where bins are exact, by kdeviz."""
    yield f"{'fast sums, 64 bins':<42}{'loss error':>12}{'grad error':>12}"
    one_side = random_rows(100, 64, 0.1)
    one_side["points"] += 1e8
    wide = {w: random_rows(100, 64, 1 / w) for w in (100, 1000)}
    two_points = {name: v[:, :2] if v.ndim == 2 else v for name, v in wide[1000].items()}
    cases = {f"64 points, [a, b] of {w} bandwidths": (rows, bins) for w, rows in wide.items()}
    cases["2 points, [a, b] of 1000 bandwidths"] = two_points, bins
    cases["64 points, 1e9 bandwidths to the right"] = one_side, None
    for name, (rows, of_right) in cases.items():
        of_loss, of_grad = errors(by_fast_sums(bins, rows), by_kdeviz("numba", of_right, rows))
        yield f"{name:<42}{of_loss:>12.1e}{of_grad:>12.1e}"


def one_long_row(backend, J):
    """(seconds, bytes that the process grew by at most), in a process of its own."""
    by_kdeviz(backend, None, random_rows(1, 1000, 0.1))
    rows = random_rows(1, J, 0.1)
    before, start = peak_memory(), time.perf_counter()
    by_kdeviz(backend, None, rows)
    return time.perf_counter() - start, peak_memory() - before


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def long_rows(J, rounds):
    for backend in ("numba", "numpy"):
        runs = []
        for _ in range(rounds):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                runs.append(alone.submit(one_long_row, backend, J).result())
        seconds, memory = (statistics.median(v) for v in zip(*runs))
        yield f"{backend + ', exact':<24}{1e3 * seconds:>10.0f} ms{memory / 2**20:>9.0f} MiB: {memory / 8 / J:.0f} numbers a point"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1, help="that numba may use; fast sums use one")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, three rounds")
    options = parser.parse_args()
    numba.config.NUMBA_NUM_THREADS = min(options.threads, numba.config.NUMBA_NUM_THREADS)
    R, rounds = (100, 3) if options.quick else (1000, options.rounds)
    backends = ("numba", "numpy")
    print(f"{R} rows of 64 points, h = 0.1\n{HEAD}")
    for line in table(contestants(backends, BINS, FAST), random_rows(R, 64, 0.1), rounds):
        print(line, flush=True)
    print(f"\none row of 1e5 points\n{HEAD}")
    for line in table(contestants(backends, LONG_BINS, LONG_FAST), random_rows(1, 10**5, 0.1), rounds):
        print(line, flush=True)
    print("\none row of 1e6 points", *long_rows(10**6, min(rounds, 3)), "", *digits_of_sums(), sep="\n")


if __name__ == "__main__":
    main()
