"""Actor-Mimic in the small: students that imitate exact experts of tabular tasks, by many losses.

An expert's guidance in a state is y = softmax(Q/T). A student has outputs f for each action and is scored by one of LOSSES:

- `ce`, `cc`: the cross-entropy, the continuous categorical (exact), both with the outputs as logits;
- `drop`, `fallback`: `cc` by the closed form in float32. A row that it fails on counts for nothing, or is given the
  cross-entropy; `double` is `fallback` in float64. `skip`: no row is looked at, but no step is taken where the gradient is
  not a number;
- `mixed`: exact means, but the cross-entropy in the rows that float32 would lose: the mixture without the wrong digits;
- `slow_ce`, `fast_cc`: logits divided, or multiplied, by D + 1;
- `ce_of_mean`, `cc_of_softmax`: the outputs of one loss under the other. The first is the cross-entropy of the mean of the
  continuous categorical, the second the continuous categorical whose mean is softmax(f), by `from_mean`;
- `cc_of_saddle`: the cheap relative of that, with the logits -1/softmax(f);
- `damped_0.1` to `damped_0.001`: the gradient of `cc` times the inverse of its covariance, its diagonal raised by so
  many traces; `natural_cc`, `natural_ce`: undamped and without Adam, for tables.

A student is a table of free outputs per state, or one network for all tasks. Equal seeds share first weights and batches.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice, product
from typing import NamedTuple

import numpy as np
from scipy.special import rel_entr, softmax

from book import closed_forms
from book.experiments import tasks
from book.experiments.networks import Adam, Network
from kdeviz import ContinuousCategorical

HIDDEN, BATCH, STEPS = (128, 128), 32, 3000  # of the network
SPREAD, SWEEPS = 0.1, 300  # of the tables: standard deviation of the first outputs, steps over all states
EVEN = 1e-3  # share of the even policy in a mean that is given by a softmax, which bounds the pull of a rare action
DAMPINGS = (0.1, 0.01, 0.001)  # of the inverse covariance, in units of its trace
EVERY = 10  # steps between two points of the trace


# -------------------------------------------------------------------------------------------------------------- losses
class Loss(NamedTuple):
    """What a student's outputs f (rows, D) mean, and how it learns."""

    policy: Callable  # f -> (rows, D): what is expected of y
    gradient: Callable  # f, y -> (rows, D): of the loss in f, row by row; NaN in a row that counts for nothing


def mean(eta):
    return ContinuousCategorical(eta).mean


def closed_mean(eta, dtype=np.float32):
    """The mean by the closed form, NaN in the rows that it fails on."""
    return closed_forms.closed_form_mean(eta.astype(dtype)).astype(float)


def lost(eta):
    """(rows, 1): where the closed form in float32 fails."""
    return np.isnan(closed_mean(eta)).any(-1, keepdims=True)


def or_softmax(means, f):
    """The cross-entropy's expectation where there is no other."""
    return np.where(np.isnan(means), softmax(f, -1), means)


def unchecked_or_nothing(eta):
    """All means of a batch by the closed form, however wrong, or NaN if one of them is not a number."""
    means, _ = closed_forms.unchecked_mean(eta.astype(np.float32))
    return np.where(np.isfinite(means).all(), means.astype(float), np.nan)


def inverse_covariance(cc, v):
    """Cov^+ v up to a constant, for rows v that sum to 0: solved for its product with the mean, whose matrix has entries near 1."""
    mu = np.maximum(cc.mean, 1e-150)
    relative = cc.covariance_matrix / (mu[:, :, None] * mu[:, None, :]) + mu[:, :, None] * mu[:, None, :]
    return np.linalg.solve(relative, (v / mu)[..., None])[..., 0] / mu


def damped(f, y, damping):
    cc = ContinuousCategorical(f)
    V = cc.covariance_matrix
    rho = damping * np.trace(V, axis1=1, axis2=2)[:, None, None]
    return np.linalg.solve(V + rho * np.eye(f.shape[-1]), (cc.mean - y)[..., None])[..., 0]


def natural_cc(f, y):
    cc = ContinuousCategorical(f)
    return inverse_covariance(cc, cc.mean - y)


def ce_of_mean(f, y):
    cc = ContinuousCategorical(f)
    return -cc.covariance_matvec(y / np.maximum(cc.mean, 1e-150))


def some_even(f):
    return (1 - EVEN) * softmax(f, -1) + EVEN / f.shape[-1]


def through_softmax(f, grad):
    """The gradient in f from that in some_even(f)."""
    p = softmax(f, -1)
    return (1 - EVEN) * p * (grad - (p * grad).sum(-1, keepdims=True))


def cc_of_softmax(f, y):
    mu = some_even(f)
    return through_softmax(f, inverse_covariance(ContinuousCategorical.from_mean(mu), mu - y))


def cc_of_saddle(f, y):
    s = some_even(f)
    return through_softmax(f, (mean(-1 / s) - y) / s**2)


def scaled(loss, scale):
    """The same loss with its outputs times scale(D)."""
    factor = lambda f: scale(f.shape[-1])
    gradient = lambda f, y: factor(f) * loss.gradient(factor(f) * f, y)
    return Loss(lambda f: loss.policy(factor(f) * f), gradient)


CE = Loss(lambda f: softmax(f, -1), lambda f, y: softmax(f, -1) - y)
CC = Loss(mean, lambda f, y: mean(f) - y)
LOSSES = {
    "ce": CE,
    "cc": CC,
    "drop": Loss(mean, lambda f, y: closed_mean(f) - y),
    "fallback": Loss(mean, lambda f, y: or_softmax(closed_mean(f), f) - y),
    "skip": Loss(mean, lambda f, y: unchecked_or_nothing(f) - y),
    "double": Loss(mean, lambda f, y: or_softmax(closed_mean(f, np.float64), f) - y),
    "mixed": Loss(mean, lambda f, y: np.where(lost(f), softmax(f, -1), mean(f)) - y),
    "slow_ce": scaled(CE, lambda D: 1 / (D + 1)),
    "fast_cc": scaled(CC, lambda D: D + 1),
    "ce_of_mean": Loss(mean, ce_of_mean),
    "cc_of_softmax": Loss(some_even, cc_of_softmax),
    "cc_of_saddle": Loss(lambda f: mean(-1 / some_even(f)), cc_of_saddle),
    **{f"damped_{damping}": Loss(mean, partial(damped, damping=damping)) for damping in DAMPINGS},
    "natural_cc": Loss(mean, natural_cc),
    "natural_ce": Loss(CE.policy, lambda f, y: 1 - y / softmax(f, -1)),
}
CLOSED = ("drop", "fallback", "mixed")  # rules for the rows that are lost


# ------------------------------------------------------------------------------------------------------------ students
class Table:
    """A student with outputs of its own for every state."""

    def __init__(self, states, actions, rng):
        self.parameters = rng.normal(0, SPREAD, (states, actions))

    def forward(self, states):
        return self.parameters[states]

    def backward(self, grad):
        return grad


class Descent:
    """Steps along the gradient as it is."""

    def __init__(self, parameters, rate):
        self.parameters, self.rate = parameters, rate

    def step(self, gradient):
        self.parameters -= self.rate * gradient


class Lesson(NamedTuple):
    """A task as a student sees it: n states."""

    task: tasks.Task
    x: np.ndarray  # what it is told of a state: features (n, F) for the network, its number (n,) for a table
    y: np.ndarray  # (n, A): guidance
    actions: np.ndarray  # (A,): which outputs are this task's actions


def guidance(Q, T, floor):
    """softmax(Q/T) with a share `floor` of the even policy."""
    return (1 - floor) * softmax(Q / T, -1) + floor / Q.shape[-1]


def lesson(name, T, floor, shared):
    task = tasks.load(name)
    states, y = task.states, guidance(task.Q[task.states], T, floor)
    if shared:
        return Lesson(task, tasks.features(name)[states], y, task.actions)
    return Lesson(task, np.arange(len(states)), y, np.arange(y.shape[1]))


def lessons(task, T, floor):
    """{name: lesson}: all tasks for the network, one for a table."""
    shared = task == "shared"
    return {name: lesson(name, T, floor, shared) for name in (tasks.NAMES if shared else [task])}


def training(task, loss, T, floor, rate, seed):
    """Train; after each step, the student and the share of rows that were lost, or skipped. The rate falls to 0 in a straight line."""
    rng, taught, steps = np.random.default_rng(seed), list(lessons(task, T, floor).values()), STEPS
    if task == "shared":
        student = Network((taught[0].x.shape[1], *HIDDEN, len(tasks.ACTIONS)), rng)
    else:
        student, steps = Table(*taught[0].y.shape, rng), SWEEPS
    optimiser = (Descent if loss.startswith("natural") else Adam)(student.parameters, rate)
    for step in range(steps):
        now = taught[step % len(taught)]
        rows = rng.integers(len(now.x), size=BATCH) if task == "shared" else now.x
        z = student.forward(now.x[rows])
        f = z[:, now.actions]
        gradient = LOSSES[loss].gradient(f, now.y[rows])
        failed = np.isnan(gradient).any(-1, keepdims=True)
        optimiser.rate = rate * (1 - step / steps)
        if not failed.all():
            z[:] = 0
            z[:, now.actions] = np.where(failed, 0, gradient)
            optimiser.step(student.backward(z))
        yield student, (lost(f) if loss in CLOSED else failed).mean()


# ----------------------------------------------------------------------------------------------------------- measuring
def run(task, loss, T, floor, rate, seed):
    """One student: by task, what it is worth, how far it is from its guidance, and the rows lost; an early trace."""
    sizes, lost_rows = [], []
    for student, share in training(task, loss, T, floor, rate, seed):
        sizes.append(abs(student.parameters).mean())
        lost_rows.append(share)
    found = {"trace": sizes[EVERY - 1 : 10 * EVERY : EVERY], "lost": np.mean(lost_rows)}
    taught_in_turn = lessons(task, T, floor)
    for turn, (name, taught) in enumerate(taught_in_turn.items()):
        f = student.forward(taught.x)[:, taught.actions]
        found |= {f"{what}_{name}": value for what, value in measured(LOSSES[loss], taught, f).items()}
        if loss in CLOSED:
            found[f"lost_{name}"] = np.mean(lost_rows[turn :: len(taught_in_turn)])
    return found


def measured(loss, taught, f):
    """score: worth of the greedy student, 0 for chance, 1 for the expert; right: share of states with a best action; kl in
    nats: of the expected policy from the guidance; range: median range of the outputs."""
    task, policy = taught.task, loss.policy(f)
    scores = np.zeros_like(task.Q)
    scores[task.states] = f
    Q = task.Q[task.states]
    best = Q > Q.max(1, keepdims=True) - 1e-9
    return {
        "score": tasks.score(task, tasks.greedy(scores)),
        "right": best[np.arange(len(f)), f.argmax(1)].mean(),
        "kl": rel_entr(taught.y, np.maximum(policy, 1e-150)).sum(1).mean(),
        "range": np.median(np.ptp(f, axis=1)),
    }


def trace(points=3, **settings):
    """What `run` finds in its first steps, to be repeated quickly: the mean size of the parameters."""
    students = islice(training(**settings), points * EVERY)
    return {"trace": [abs(student.parameters).mean() for student, _ in students][EVERY - 1 :: EVERY]}


def units(losses, temperatures, rates, task="shared", floor=0.0):
    """Settings of the runs of some losses."""
    for seed, T, rate, loss in product(range(10), temperatures, rates, losses):
        yield {"task": task, "loss": loss, "T": T, "floor": floor, "rate": rate, "seed": seed}


TABLES = [
    *product(("ce", "cc", "drop", "fallback", "double"), (0.2, 1.0, 5.0)),
    *product(("natural_ce", "natural_cc"), (1.0,)),
]
UNITS = [
    *(unit for task in tasks.NAMES for loss, T in TABLES for unit in units((loss,), (T,), (0.1,), task)),
    *units(("ce", "cc", "fallback", "fast_cc"), (1.0, 5.0), (1e-3, 3e-3, 1e-2)),
    *units(("drop", "slow_ce", "ce_of_mean", "cc_of_saddle"), (1.0, 5.0), (1e-3, 1e-2)),
    *units(("mixed",), (1.0, 5.0), (1e-2,)),
    *units([f"damped_{damping}" for damping in DAMPINGS], (1.0,), (1e-3, 1e-2)),
    *units(("skip", "double"), (1.0,), (1e-2,)),
    *units(("ce", "cc"), (1.0,), (1e-3, 1e-2), floor=0.1),
    *units(("cc_of_softmax",), (1.0, 5.0), (1e-3, 1e-2)),
]
