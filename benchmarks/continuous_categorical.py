"""What the log-partition and the means of the continuous categorical cost: in softmaxes of the same array, in one run.

Aim: log Z with all means within 10 softmaxes at D = 10, 100 and 1000 and 4 at D = 1e5 by numba on two threads, and within 60, 60,
30 and 5 by numpy alone. On two free cores of an AMD EPYC with AVX-512, in ten runs (two at D >= 1000): 7.3 to 10.2 (median 9.0), 3.7 to 6.7
(5.1), 1.0 and 0.7 to 1.5 by numba; 51 to 53 (52), 42 to 64 (58), 13 and 4.7 by numpy: the kernel's time at D = 100 hardly varies, the
yardstick's does, so that three of ten runs are at or above that aim. The yardstick is a plain numpy softmax, one thread, of
the same 1000 rows; of 100 at D = 1e5, for both. Others: the poster's formula and the closed form on gaps, O(D^2) and log Z alone, on
10 rows at D = 1000; mpmath's de Hoog inversion of one row; torch's ContinuousBernoulli at D = 2, with what its float32 is worth. They
are compared row by row. Errors are those of log Z, relative to max(1, |log Z|), against the numpy kernel, which
tests/test_cc_contour.py holds to 1e-15.

    python benchmarks/continuous_categorical.py [--rounds 9] [--quick]
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time
from functools import partial

import numpy as np
from mpmath import mp

from book.closed_forms import closed_form, poster
from kdeviz import contour

SIZES = (2, 10, 100, 1000, 10**4, 10**5)
TARGETS = {"numba, 2 threads": {10: 10, 100: 10, 1000: 10, 10**5: 4}, "numpy": {10: 60, 100: 60, 1000: 30, 10**5: 5}}
ROWS, ENTRIES = 1000, 10**7  # at most so many rows, and so many numbers in the largest array of a contestant
HEAD = f"{'D':>7}  {'contestant':<22}{'rows':>6}{'ms a row':>11}{'softmaxes':>11}{'target':>8}{'error':>9}"


def softmax(eta):
    weights = np.exp(eta - eta.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def with_backend(name, threads, eta):
    """log Z and the means by kdeviz, computed by numpy or by numba on so many threads."""
    os.environ["KDEVIZ_BACKEND"] = name
    if threads:
        import numba

        numba.config.NUMBA_NUM_THREADS = threads
    top, log_Z, _ = contour.log_partition_and_mean(eta)
    return top + log_Z


def torch_on_two(eta):
    """log Z by torch's continuous Bernoulli, and its mean."""
    import torch

    distribution = torch.distributions.ContinuousBernoulli(logits=torch.from_numpy(eta[:, 0] - eta[:, 1]))
    log_norm_const, _ = distribution._cont_bern_log_norm(), distribution.mean
    return np.logaddexp(*eta.T) - log_norm_const.numpy()


def de_hoog(eta):
    """log Z of the first row, from the Laplace transform 1/prod (s - eta) of t -> exp[t eta], at t = 1."""
    with mp.workdps(15):
        row = [mp.mpf(e) for e in eta[0] - eta[0].max()]
        at_1 = mp.invertlaplace(lambda s: 1 / mp.fprod(s - e for e in row), 1, method="dehoog")
        return np.array([float(mp.log(at_1)) if at_1 > 0 else np.nan]) + eta[0].max()


def has(module):
    return importlib.util.find_spec(module) is not None


def contestants(D):
    """{name: (function, rows)}."""
    rows = min(ROWS, ENTRIES // D)
    entrants = {"numpy": (partial(with_backend, "numpy", 0), rows)}
    if has("numba"):
        entrants |= {f"numba, {n} thread{'s' * (n > 1)}": (partial(with_backend, "numba", n), rows) for n in (1, 2)}
    if D <= 1000:
        entrants |= {
            name: (f, min(ROWS, ENTRIES // D**2)) for name, f in (("poster", poster), ("closed form", closed_form))
        }
    if D == 2 and has("torch"):
        entrants["torch"] = (torch_on_two, rows)
    return entrants | ({"de Hoog": (de_hoog, 1)} if D <= 100 else {})


def median_times(functions, eta, rounds):
    """{name: seconds}, interleaved, so that what else the machine does hits all alike. The first call, which may compile, is not timed."""
    seconds = {name: [] for name in functions}
    for turn in range(-1, rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function(eta)
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def lines(D, rounds, share):
    """One line of the table for each contestant, the yardstick first; those with equally many rows take turns."""
    entrants = contestants(D)
    for rows in sorted({rows for _, rows in entrants.values()}, reverse=True):
        eta = np.random.default_rng(D).normal(size=(max(1, int(rows * share)), D))
        running = {name: function for name, (function, at_most) in entrants.items() if at_most == rows}
        if rows == max(at_most for _, at_most in entrants.values()):
            times = median_times({"softmax": softmax} | running, eta, rounds)
            yardstick = times["softmax"] / len(eta)
            yield line(D, "softmax", len(eta), yardstick, 1)
        else:
            times = median_times(running, eta, rounds)
        right = with_backend("numpy", 0, eta)
        for name, function in running.items():
            each = times[name] / len(eta)
            yield line(D, name, len(eta), each, each / yardstick, f"{worst_error(function(eta), right):.0e}")


def line(D, name, rows, seconds, ratio, error=""):
    target = TARGETS.get(name, {}).get(D, "")
    return f"{D:>7}  {name:<22}{rows:>6}{1e3 * seconds:>11.4f}{ratio:>11.1f}{target:>8}{error:>9}"


def worst_error(found, right):
    """inf where a contestant has no number."""
    errors = abs(found - right) / np.maximum(1, abs(right))
    return np.where(np.isfinite(errors), errors, np.inf).max()


def torch_at_two():
    """What torch's float32 is worth at D = 2: its variance where the two weights are nearly equal, its gradient where they are not."""
    import torch

    logit = torch.tensor([0.001, 0.004, 0.01, 20.0, 100.0, -20.0, -100.0], requires_grad=True)
    distribution = torch.distributions.ContinuousBernoulli(logits=logit)
    (slope,) = torch.autograd.grad(distribution._cont_bern_log_norm().sum(), logit)
    eta = np.stack([logit.detach().numpy(), np.zeros(len(logit), np.float32)], 1)
    _, _, mean = contour.log_partition_and_mean(eta)
    variance = contour.variance(eta)[:, 0]
    exact_slope = 1 / (1 + np.exp(-eta[:, 0].astype(float))) - mean[:, 0]  # of log C = LSE - log Z
    yield f"torch {torch.__version__}, float32, D = 2 (kdeviz in brackets)"
    yield f"{'logit':>8}{'variance':>26}{'d log C/d logit':>28}"
    for row in zip(eta[:, 0], distribution.variance.tolist(), variance, slope.tolist(), exact_slope):
        yield "{:>8g}{:>12.6f} ({:>10.6f}){:>14.3g} ({:>10.3g})".format(*row)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, three rounds")
    options = parser.parse_args()
    rounds, share = (3, 0.1) if options.quick else (options.rounds, 1.0)
    print(HEAD)
    for D in SIZES:
        print(f"D = {D} ...", file=sys.stderr, flush=True)
        for line in lines(D, rounds, share):
            print(line, flush=True)
    if has("torch"):
        print("", *torch_at_two(), sep="\n")
    missing = [name for name in ("numba", "torch") if not has(name)]
    for name in missing:
        print(f"Without {name}, which is not installed: pip install 'kdeviz[{name}]'.")


if __name__ == "__main__":
    main()
