"""Label smoothing with the cross-entropy and with the continuous categorical: a small network on two data sets.

The network's logits are multiplied by (D + 1)^power before they meet a loss. A row of a batch is scored by

- `one_hot`: the cross-entropy of the class label;
- `smoothed`: the cross-entropy of the smoothed label;
- `cc`: the continuous categorical's loss of the smoothed label, exact;
- `closed_form`: the same with means as the code published with arXiv 2011.05231 computes them, in float32; a row that this
  fails on gets the cross-entropy of its smoothed label instead, as there.

Equal seeds share training rows, first weights, batches and dropout masks, whatever the loss.
"""

from itertools import islice, product
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

import kdeviz
from book import closed_forms
from book.experiments.networks import Adam, Network

ALPHA, BATCH, HIDDEN = 0.1, 64, (128, 128)
RATE, EPOCHS, DROPOUTS = 1e-3, 200, (0.0, 0.3)
FREQUENCIES = np.arange(1, 7)
WRONG = 0.01  # an error of a mean that counts as wrong
BINS = 15  # of the calibration error
CELLS = [
    ("one_hot", 0),
    *product(["smoothed"], (-1, -0.5, 0, 0.5)),
    *product(["cc"], (0, 0.5, 1, 1.5)),
    ("closed_form", 0),
]
EXACT = [("one_hot", 0), ("smoothed", 0), ("cc", 0), ("cc", 1)]


def units(cells, dropouts=(0.0,), rate=RATE, epochs=EPOCHS):
    """Settings of the runs of some cells (loss, power)."""
    for seed, data, dropout, (loss, power) in product(range(10), DATA, dropouts, cells):
        setting = {"loss": loss, "power": power, "dropout": dropout, "rate": rate, "epochs": epochs}
        yield {"data": data, **setting, "seed": seed}


# ---------------------------------------------------------------------------------------------------------------- data
class Split(NamedTuple):
    """Training and test rows: x (rows, inputs), labels y (rows,); D categories."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    D: int


def digits(seed, train=500):
    """scikit-learn's digits, 8 x 8 grey values from 0 to 1: `train` rows to learn from, the other 1297 to test."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    x, y = x[order] / 16, y[order]
    return Split(x[:train], y[:train], x[train:], y[train:], 10)


def signals(seed, train=1000, test=1000, D=20, points=40):
    """D fixed waves of `points` values; a row is one of them moved by up to a tenth, 0.5 to 1.5 times as high, with noise."""
    waves = np.random.default_rng(0)
    height, phase = waves.normal(size=(D, 6)), waves.uniform(0, 2 * np.pi, (D, 6))
    rng, rows = np.random.default_rng(seed), train + test
    y = rng.integers(D, size=rows)
    time = np.arange(points) / points + rng.uniform(-0.1, 0.1, (rows, 1))
    turn = 2 * np.pi * FREQUENCIES * time[..., None] + phase[y][:, None]
    x = (height[y][:, None] * np.cos(turn)).sum(-1) / np.sqrt(3)  # of variance 1 on average
    x = x * rng.uniform(0.5, 1.5, (rows, 1)) + rng.normal(0, 0.6, x.shape)
    return Split(x[:train], y[:train], x[train:], y[train:], D)


DATA = {"digits": digits, "signals": signals}


# ------------------------------------------------------------------------------------------------------------ training
def gradient(loss, z, y):
    """Gradient in the logits z (rows, D) of labels y (rows, D); which rows the closed form failed on, and got wrong."""
    none = np.zeros(len(z), bool)
    if loss == "cc":
        return kdeviz.cc_cross_entropy(z, y).grad.z, none, none
    plain = kdeviz.softmax_cross_entropy(z, y).grad.z
    if loss != "closed_form":
        return plain, none, none
    mean = closed_forms.closed_form_mean(z.astype(np.float32))
    lost = np.isnan(mean).any(-1)
    wrong = abs(mean - kdeviz.ContinuousCategorical(z).mean).max(-1) > WRONG  # not where it is NaN
    return np.where(lost[:, None], plain, mean - y), lost, wrong


def training(split, loss, power, dropout, rate, seed):
    """Train without end; after each epoch, the logits as a function of x and the shares of lost and wrong rows."""
    scale, rng = (split.D + 1) ** power, np.random.default_rng([seed, 1])
    network = Network((split.x.shape[1], *HIDDEN, split.D), rng)
    adam, rows = Adam(network.parameters, rate), len(split.y)
    labels = kdeviz.smooth_labels(split.y, split.D, 0.0 if loss == "one_hot" else ALPHA)
    while True:
        failures = np.zeros(2)
        for batch in np.array_split(rng.permutation(rows), -(-rows // BATCH)):
            z = scale * network.forward(split.x[batch], dropout, rng)
            grad, *failed = gradient(loss, z, labels[batch])
            adam.step(network.backward(scale * grad / len(batch)))
            failures += np.sum(failed, axis=1)
        yield lambda x: scale * network.forward(x), *failures / rows


# ----------------------------------------------------------------------------------------------------------- measuring
def run(data, epochs, loss, **settings):
    """One training: accuracies, the gap of the logits, calibration, failures of the closed form by epoch, an early trace."""
    split, scores, failures = DATA[data](settings["seed"]), [], []
    for logits, *failed in islice(training(split, loss, **settings), epochs):
        z = logits(split.x_test)
        scores.append((np.mean(z.argmax(-1) == split.y_test), abs(z).mean()))
        failures.append(failed)
    accuracy, size = np.transpose(scores)
    found = {"accuracy": accuracy[-1], "best": accuracy.max(), "curve": thinned(accuracy, 10), "trace": list(size[:3])}
    for rows, z_of, y in (("train", logits(split.x), split.y), ("test", z, split.y_test)):
        found |= {f"gap_{rows}": np.median(gaps(z_of, y).mean(-1)), f"spread_{rows}": np.median(gaps(z_of, y).std(-1))}
    found |= calibration("softmax", softmax(z, axis=-1), split.y_test)
    if loss in ("cc", "closed_form"):
        found |= calibration("mean", kdeviz.ContinuousCategorical(z).mean, split.y_test)
    if loss == "closed_form":
        lost, wrong = np.transpose(failures)
        found |= {
            "lost": thinned(lost, 2),
            "wrong": thinned(wrong, 2),
            "lost_mean": lost.mean(),
            "wrong_mean": wrong.mean(),
        }
    return found


def thinned(curve, every):
    """The values of epochs 1, 1 + every, ... of a curve, to four digits."""
    return [round(value, 4) for value in curve[::every].tolist()]


def trace(data, loss, epochs=3, **settings):
    """What `run` finds in its first epochs, to be repeated quickly: the mean size of the test rows' logits."""
    split = DATA[data](settings["seed"])
    states = islice(training(split, loss, **settings), epochs)
    return {"trace": [abs(logits(split.x_test)).mean() for logits, *_ in states]}


def gaps(z, y):
    """(rows, D - 1): the label's logit less each of the others."""
    own = y[:, None] == np.arange(z.shape[-1])
    return z[own][:, None] - z[~own].reshape(len(z), -1)


def calibration(name, share, y):
    """Negative logarithm of the label's share in nats, and the expected calibration error over bins of equal width."""
    top, right = share.max(-1), share.argmax(-1) == y
    in_bin = np.minimum((top * BINS).astype(int), BINS - 1)
    error = abs(np.bincount(in_bin, right - top)).sum() / len(y)
    return {f"nll_{name}": -np.log(share[np.arange(len(y)), y]).mean(), f"ece_{name}": error}


UNITS = [
    *units(CELLS, DROPOUTS),
    *units(EXACT, rate=3 * RATE),
    *units(EXACT, epochs=500),
]
