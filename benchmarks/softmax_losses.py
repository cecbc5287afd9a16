"""Whether cross-entropy is cheaper than squared error on a softmax: loss and gradient in the logits, in one run.

Claim C12 of book/claims.toml: "I never read that CE loss is faster than MSE in terms of computation time". As plain numpy, one
thread: cross-entropy with an index, with dense targets, and squared error with the same dense targets, written alike. Dense targets are
given; making them costs more. Beside them kdeviz, called as its users call it, and torch with its own gradients, if it is installed.
The rounds are interleaved. The last column is the median of the ratios to cross-entropy with an index.

Found, on two cores of an AMD EPYC with other work beside it, in three runs of all four sizes: cross-entropy takes 1.1 to 1.5 times as
long with dense targets as with an index, squared error 1.0 to 1.8 times. So cross-entropy is the cheaper one where it has an index, and
the targets do it, not the loss. kdeviz makes rows of an index, and there the two differ by less than the noise. torch was not there.

    python benchmarks/softmax_losses.py [--rounds 51] [--categories 10 100 1000 10000]
"""

import argparse
import importlib.util
import statistics
import time
from functools import partial

import numpy as np

import kdeviz

NUMBERS = 2**20  # in the array of logits, whatever the number of categories
YARDSTICK = "numpy, cross-entropy, index"


def weights(z):
    """Logits less their maximum, their exponentials, and the sum of those."""
    centred = z - z.max(1, keepdims=True)
    weight = np.exp(centred)
    return centred, weight, weight.sum(1, keepdims=True)


def cross_entropy_of_index(z, labels):
    centred, weight, total = weights(z)
    place = np.arange(len(z)), labels
    loss = np.log(total[:, 0]) - centred[place]
    weight /= total
    weight[place] -= 1
    return loss, weight


def cross_entropy_of_targets(z, y):
    centred, weight, total = weights(z)
    centred -= np.log(total)
    centred *= y
    weight /= total
    weight -= y
    return -centred.sum(1), weight


def squared_error(z, y):
    _, pi, total = weights(z)
    pi /= total
    off = pi - y
    loss = np.einsum("rk,rk->r", off, off)
    off -= np.einsum("rk,rk->r", pi, off)[:, None]
    off *= pi
    off *= 2
    return loss, off


def with_torch(loss, z, targets):
    """The loss and its gradient by torch's own backward pass."""
    z.grad = None
    value = loss(z, targets)
    value.backward()
    return value, z.grad


def torch_contestants(z, labels, y):
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    logits, index, dense = torch.tensor(z, requires_grad=True), torch.tensor(labels), torch.tensor(y)
    entropy = partial(functional.cross_entropy, reduction="sum")
    square = lambda z, y: functional.mse_loss(z.softmax(1), y, reduction="sum")
    named = {"cross-entropy, index": (entropy, index), "cross-entropy, dense": (entropy, dense)}
    named |= {"squared error, dense": (square, dense)}
    return {f"torch, {name}": partial(with_torch, loss, logits, target) for name, (loss, target) in named.items()}


def contestants(D):
    """name -> function without arguments that gives the loss and the gradient in the logits of one and the same batch."""
    rng = np.random.default_rng(D)
    R = NUMBERS // D
    z, labels = rng.normal(size=(R, D)), rng.integers(0, D, R)
    y = np.eye(D)[labels]
    ours = lambda targets: (lambda result: (result.loss, result.grad.z))(kdeviz.softmax_cross_entropy(z, targets))
    all_of_them = {
        YARDSTICK: lambda: cross_entropy_of_index(z, labels),
        "numpy, cross-entropy, dense": lambda: cross_entropy_of_targets(z, y),
        "numpy, squared error, dense": lambda: squared_error(z, y),
        "kdeviz, cross-entropy, index": lambda: ours(labels),
        "kdeviz, cross-entropy, dense": lambda: ours(y),
    }
    return all_of_them | (torch_contestants(z, labels, y) if importlib.util.find_spec("torch") else {})


def check(functions):
    """All of one loss agree; torch gives the sum of the losses."""
    for loss in ("cross-entropy", "squared error"):
        first, *others = [function() for name, function in functions.items() if loss in name]
        for value, grad in others:
            assert np.isclose(float(value.sum()), first[0].sum(), rtol=1e-9)
            assert np.allclose(grad, first[1], rtol=0, atol=1e-12)


def interleaved(functions, rounds):
    """Seconds of each function in each round; all take turns, so that what else the machine does hits all alike."""
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def relative_to(yardstick, times):
    """The median over the rounds of the ratio within a round."""
    return statistics.median(mine / its for mine, its in zip(times, yardstick, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=51)
    parser.add_argument("--categories", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    options = parser.parse_args()
    for D in options.categories:
        functions = contestants(D)
        check(functions)
        times = interleaved(functions, options.rounds)
        print(f"\n{NUMBERS // D} rows of {D} categories, {kdeviz.losses.backend()} for kdeviz")
        for name, seconds in times.items():
            ratio = relative_to(times[YARDSTICK], seconds)
            print(f"  {name:<30}{1e3 * statistics.median(seconds):8.1f} ms {ratio:7.2f} x")


if __name__ == "__main__":
    main()
