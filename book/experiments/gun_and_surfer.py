"""A gun and a surfer: nearest-neighbour forecasts whose metric is learned, from many losses, on waves and on a circle.

A forecast for a moment with features f weighs what its N nearest neighbours in memory met:

    S = softmax(z),  z_j = -sum_k w_k (f_k - f_jk)^2,  w_k = exp(theta_k) > 0.

Moments meet intervals [a, b]: guess factors of recorded waves, or angles of a law that is known. Held out is what comes
later: blocks of rounds of a battle, or new draws from the law.

A run is one split. It learns theta from each of LEARNERS with the same batches, and scores each on the same moments.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from scipy.stats import norm

import kdeviz
from book.data import waves
from book.experiments import statistics
from book.experiments.networks import Adam

NEIGHBOURS = 60
STEPS, BATCH, RATE, DECAY = 100, 64, 0.2, (0.9, 0.99)  # as on the page of waves; the rate falls to 0 in a straight line
LONG = 300  # steps that tell a kernel that learns slowly from one that learns something else
AGAIN = 20  # steps between two choices of neighbours, where they are chosen again
QUESTIONS = 1000  # moments of the memory to learn from, at most
SHARES = ("hit", "hit_peak", "hit_mean", "danger")  # scores that are shares of the shots
OFFERS = (8, 3)  # so often the surfer is asked, and so many places it may choose from: go on, stop, turn back

# ---------------------------------------------------------------------------------------------------- moments


class Moments(NamedTuple):
    """What was seen and what was met, W moments."""

    features: np.ndarray  # (W, F)
    a: np.ndarray  # (W,)
    b: np.ndarray  # (W,): the interval that was met
    group: np.ndarray  # (W,): moments of one group are so much alike that none is taken for another's neighbour
    period: float | None
    h: float  # bandwidth of the Laplace kernel
    places: np.ndarray  # (G,): where forecasts are evaluated

    @property
    def middle(self):
        return (self.a + self.b) / 2


class Shots(NamedTuple):
    """Q questions, each with its N neighbours, and the answers."""

    apart: np.ndarray  # (Q, N, F): (f_k - f_jk)^2, f in standard deviations of the memory
    lo: np.ndarray  # (Q, N)
    hi: np.ndarray  # (Q, N): what the neighbours met
    a: np.ndarray  # (Q,)
    b: np.ndarray  # (Q,): what is met

    @property
    def points(self):
        return (self.lo + self.hi) / 2

    @property
    def middle(self):
        return (self.a + self.b) / 2

    def some(self, which):
        return Shots(*(part[which] for part in self))


def battle(name):
    """The waves of a recorded battle, in order of time."""
    w = waves.load(name)
    f, a, b, group = (part[w.complete] for part in (w.features, w.a, w.b, w.round))
    return Moments(f, a, b, group, None, 1 / 13, np.linspace(-1.3, 1.3, 105))


SIGNALS, NOISE = 2, 4  # features
TURN, NARROW, BROAD = 1.5, 0.15, 0.5  # radians: per unit of a signal; of a usual answer; of an outlier
HALF_WIDTHS = (0.1, 0.3)  # radians, of what is met
CIRCLE_PLACES = np.linspace(-np.pi, np.pi, 126, endpoint=False)


def circle(outliers, seed, count):
    """Draws from a law on the circle: the answer follows one feature narrowly or, an outlier, another one far off and broadly.

    With f normal, y = 1.5 f_0 + 0.15 normal, or with the probability `outliers` y = pi + 1.5 f_1 + 0.5 Cauchy. Further features
    are noise. What is met is [y - w, y + w], w uniform.
    """
    rng = np.random.default_rng([1, seed, round(100 * outliers)])
    f = rng.normal(size=(count, SIGNALS + NOISE))
    usual = TURN * f[:, 0] + NARROW * rng.normal(size=count)
    far = np.pi + TURN * f[:, 1] + BROAD * rng.standard_cauchy(count)
    y, w = around(np.where(rng.random(count) < outliers, far, usual), 2 * np.pi), rng.uniform(*HALF_WIDTHS, count)
    return Moments(f, y - w, y + w, np.arange(count), 2 * np.pi, 0.15, CIRCLE_PLACES)


def true_density(f, y, outliers):
    """The density of answer y given features f (..., 6), both wrapped."""
    u = around(y - TURN * f[..., 0], 2 * np.pi)  # six deviations are a quarter turn: other images do not count
    usual = np.exp(-((u / NARROW) ** 2) / 2) / (NARROW * np.sqrt(2 * np.pi))
    v = y - np.pi - TURN * f[..., 1]
    far = np.sinh(BROAD) / (np.cosh(BROAD) - np.cos(v)) / (2 * np.pi)  # the wrapped Cauchy law
    return (1 - outliers) * usual + outliers * far


def met_density(f, x, outliers):
    """The density of a place x in what is met: y + u, u uniform on [-w, w], with w uniform on HALF_WIDTHS. It is the best forecast."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    w = np.mean(HALF_WIDTHS) + np.ptp(HALF_WIDTHS) / 2 * nodes
    u, weight = np.outer(w, nodes).ravel(), np.outer(weights, weights).ravel() / 4
    return sum(c * true_density(f, around(x - at, 2 * np.pi), outliers) for at, c in zip(u, weight))


def around(u, period):
    """The shortest way, in [-period/2, period/2); on a line u itself."""
    return u if period is None else (u + period / 2) % period - period / 2


def recall(seen, asked, memory, theta):
    """The neighbours of moments `asked` among moments `memory` (indices), by a metric."""
    spread = seen.features[memory].std(axis=0)
    f = seen.features / np.where(spread > 0, spread, 1)
    near = np.empty((len(asked), NEIGHBOURS), int)
    known, weights = np.ascontiguousarray(f[memory].T), np.exp(theta)[:, None]
    for n, query in enumerate(asked):
        apart = (weights * (known - f[query][:, None]) ** 2).sum(axis=0)
        apart[seen.group[memory] == seen.group[query]] = np.inf
        near[n] = memory[np.argsort(apart, kind="stable")[:NEIGHBOURS]]  # equal distances: the earlier one
    return Shots((f[asked, None] - f[near]) ** 2, seen.a[near], seen.b[near], seen.a[asked], seen.b[asked])


# ---------------------------------------------------------------------------------------------------- losses
# of logits z (Q, N): the loss (Q,) and its gradient in z (Q, N). `law` has the data's period and bandwidth.

# Half of a kernel lies within so many bandwidths.
HALF_MASS = {"laplace": np.log(2), "gaussian": norm.ppf(0.75), "cauchy": 1.0}
SMOOTH_BINS = 64  # where there is no closed form
SKIP = {"zero": "skip"}  # places that no neighbour met count for nothing
FLOOR = {"zero": "floor", "log_floor": np.log(1e-3), "bins": 32}  # they have this chance


def bandwidth(kernel, law):
    """That with which a kernel has half its mass as near as the Laplace kernel: what differs is the tail."""
    return law.h * HALF_MASS["laplace"] / HALF_MASS[kernel]


def log_score(z, shots, law, kernel="laplace", bins=None, width=1):
    """Minus the mean log-density over [a, b], up to a constant: exactly, or by midpoint bins."""
    h, bins = width * bandwidth(kernel, law), bins if kernel == "laplace" else SMOOTH_BINS
    how = {"kernel": kernel, "period": law.period, "bins": bins, "wrt": "z"}
    return of_z(kdeviz.kde_cross_entropy(z, shots.points, shots.a, shots.b, h, **how))


def interval_score(z, shots, law, **zero):
    """Minus the mean log-chance over [a, b] that a shot hits, each neighbour voting for all of its interval."""
    points, how = (shots.lo, shots.hi), {"kernel": "box", "period": law.period, "wrt": "z"} | (zero or SKIP)
    return of_z(kdeviz.kde_cross_entropy(z, points, shots.a, shots.b, None, **how))


def of_z(result):
    return result.loss, result.grad.z


def squared_error(z, shots, law):
    """|m - y|^2 for the weighted mean m; on a circle y and m are places in the plane."""
    S, x, y = softmax(z, axis=1), placed(shots.points, law), placed(shots.middle, law)
    m = (S * x).sum(axis=1)
    grad = 2 * ((m - y).conj()[:, None] * S * (x - m[:, None])).real
    return abs(m - y) ** 2, grad


def miss_chance(z, shots, law):
    """The chance to miss when one of the points is drawn by its weight and shot at: it gives up on what no point meets."""
    S, hit = softmax(z, axis=1), is_met(shots.points, shots, law)
    chance = (S * hit).sum(axis=1)
    return 1 - chance, S * (chance[:, None] - hit)


def placed(x, law):
    return x if law.period is None else np.exp(2j * np.pi / law.period * x)


def is_met(x, shots, law):
    """Whether places x (Q, n) lie in [a, b]."""
    return abs(around(x - shots.middle[:, None], law.period)) < ((shots.b - shots.a) / 2)[:, None]


BINS = {"1 bin": 1, "2 bins": 2, "8 bins": 8, "32 bins": 32}  # with one bin the target is a point
WIDTHS = {"h/2": 0.5, "2h": 2, "4h": 4}
LEARNERS = {
    "exact": log_score,
    **{name: partial(log_score, bins=bins) for name, bins in BINS.items()},
    "gaussian": partial(log_score, kernel="gaussian"),
    "cauchy": partial(log_score, kernel="cauchy"),
    **{f"{k}, {name}": partial(log_score, kernel=k, width=width) for k in HALF_MASS for name, width in WIDTHS.items()},
    "squared error": squared_error,
    "intervals": interval_score,
    "intervals, floor": partial(interval_score, **FLOOR),
    "miss chance": miss_chance,
}
CHOSEN_AGAIN = ("exact", "gaussian", "cauchy", "squared error")  # learners that also choose their neighbours again

# ---------------------------------------------------------------------------------------------------- learning


def logits(theta, shots):
    return -shots.apart @ np.exp(theta)


def slope(theta, shots, grad_z):
    """The gradient in theta (F,) of the mean loss, by the chain rule."""
    return -np.exp(theta) * np.einsum("qj,qjk->k", grad_z, shots.apart) / len(shots.a)


def learn(shots, loss, law, seed, choose_again=None, steps=STEPS, first=None):
    """(theta, the mean loss of each batch) of all steps or the first; `choose_again(theta)` gives the shots anew every AGAIN steps."""
    rng, theta, trace = np.random.default_rng([2, seed]), np.zeros(shots.apart.shape[2]), []
    adam = Adam(theta, RATE, DECAY)
    for step in range(steps)[:first]:
        if choose_again and step and step % AGAIN == 0:
            shots = choose_again(theta)
        some = shots.some(rng.integers(len(shots.a), size=BATCH))
        value, grad_z = loss(logits(theta, some), some, law)
        adam.rate = RATE * (1 - step / steps)
        adam.step(slope(theta, some, grad_z))
        trace.append(float(value.mean()))
    return theta, trace


# ---------------------------------------------------------------------------------------------------- scores


class Judge:
    """Scores forecasts of the same shots, all read from their weights in the same way.

    Parameters
    ----------
    shots : Shots
        What is held out.
    law : Moments
        Where they are from.
    offers : array (Q, times, choices)
        Where the surfer may go.
    """

    def __init__(self, shots, law, offers):
        self.shots, self.law, self.offers = shots, law, offers
        distance = lambda x, y: abs(around(x - y, law.period))
        half = (shots.hi - shots.lo)[:, None] / 2
        self.covers = distance(law.places[:, None], shots.points[:, None]) < half  # (Q, G, N): hit there by a shot
        self.apart = distance(shots.points[:, :, None], shots.points[:, None])
        self.error = distance(shots.points, shots.middle[:, None])

    def scores(self, theta):
        """Means over the shots, of a density by the Laplace kernel at h, whatever theta was learned from.

        log_loss: nats above a forecast that knows [a, b]. hit, hit_peak, hit_mean: the share of shots that hit, aimed where most would
        have hit, at the peak of the density, at the weighted mean. error: of the weighted mean. crps: the continuous
        ranked probability score of the weighted points. danger: how often the surfer is hit.
        """
        shots, law, z = self.shots, self.law, logits(theta, self.shots)
        S, p = softmax(z, axis=1), density(z, shots, law, law.places)
        chance = np.einsum("qgj,qj->qg", self.covers, S) + 1e-6 * p  # where shots hit alike, the densest place
        mean = mean_point(S, shots, law)
        shot = {"hit": law.places[chance.argmax(axis=1)], "hit_peak": law.places[p.argmax(axis=1)], "hit_mean": mean}
        each = {name: is_met(x[:, None], shots, law) for name, x in shot.items()} | {
            "log_loss": log_score(z, shots, law)[0] + np.log(2 * law.h / (shots.b - shots.a)),
            "error": abs(around(mean - shots.middle, law.period)),
            "crps": (S * self.error).sum(axis=1) - np.einsum("qi,qij,qj->q", S, self.apart, S) / 2,
            "danger": is_met(self.dodge(z), shots, law),
        }
        return {name: round(float(np.mean(value)), 6) for name, value in each.items()}

    def dodge(self, z):
        """Of each offer the place of the least density (Q, times): where the surfer goes."""
        p = density(z, self.shots, self.law, self.offers.reshape(len(z), -1)).reshape(self.offers.shape)
        return np.take_along_axis(self.offers, p.argmin(axis=2, keepdims=True), axis=2)[:, :, 0]


def density(z, shots, law, places):
    """The forecast (Q, G) at places (G,) or (Q, G), up to a factor: each place is a bin of its own."""
    place = np.broadcast_to(places, (len(z), np.shape(places)[-1]))[:, :, None], np.ones(1)
    how = {"period": law.period, "bins": place, "wrt": ()}
    found = kdeviz.kde_cross_entropy(z[:, None], shots.points[:, None], None, None, law.h, **how)
    return np.exp(-found.loss)


def mean_point(S, shots, law):
    """The weighted mean, on a circle its direction."""
    m = (S * placed(shots.points, law)).sum(axis=1)
    return m if law.period is None else np.angle(m) * law.period / (2 * np.pi)


def hard_share(shots, law):
    """The share of questions that no neighbour answers: none within h of [a, b]."""
    reach = (shots.b - shots.a)[:, None] / 2 + law.h
    return float(np.mean((abs(around(shots.points - shots.middle[:, None], law.period)) > reach).all(axis=1)))


def best_scores(seen, held, outliers):
    """What nobody beats on the circle in the mean: the forecast and the shot of one who knows the law, but not the half-widths to come."""
    f, a, b = seen.features[held, None], seen.a[held], seen.b[held]
    nodes, weights = np.polynomial.legendre.leggauss(24)
    log_p = np.log(met_density(f, ((a + b)[:, None] + (b - a)[:, None] * nodes) / 2, outliers)) @ weights / 2
    narrow, wide = HALF_WIDTHS
    apart = abs(around(seen.places[:, None] - seen.places, seen.period))
    hits = np.clip((wide - apart) / (wide - narrow), 0, 1)  # the chance that w is larger
    shot = seen.places[(true_density(f, seen.places, outliers) @ hits).argmax(axis=1)]
    hit = abs(around(shot - seen.middle[held], seen.period)) < (b - a) / 2
    return {"log_loss": round(float(np.mean(-log_p - np.log(b - a))), 6), "hit": float(np.mean(hit))}


# ---------------------------------------------------------------------------------------------------- runs

ROUNDS = ((4, 7), (7, 10), (10, 13), (13, 16))  # first and end of the blocks held out; the rounds before are the memory
MEMORY, HELD = 600, 400  # draws from the law on the circle
OUTLIERS = (0.0, 0.2, 0.4)
LONGER = ["exact", "gaussian", "cauchy", "laplace, 2h", "laplace, 4h"]  # learners that also have LONG steps
UNITS = [
    *({"data": name, "block": block, "seed": block} for name in waves.names() for block in range(len(ROUNDS))),
    *({"data": "circle", "outliers": share, "seed": seed, "steps": STEPS} for share in OUTLIERS for seed in range(20)),
    *(
        {"data": "circle", "outliers": 0.2, "seed": seed, "steps": LONG, "names": LONGER, "again": []}
        for seed in range(20)
    ),
]


class Split(NamedTuple):
    """A memory, what it is asked to learn from, and what is held out: indices of moments."""

    seen: Moments
    memory: np.ndarray
    questions: np.ndarray
    held: np.ndarray

    def known(self, theta):
        return recall(self.seen, self.questions, self.memory, theta)

    def asked(self, theta):
        return recall(self.seen, self.held, self.memory, theta)

    @property
    def unit(self):
        """theta of the metric with all weights 1."""
        return np.zeros(self.seen.features.shape[1])


def split(data, seed, outliers=None, block=None):
    """The memory is what came before: earlier rounds, or earlier draws."""
    if data == "circle":
        seen, (first, end) = circle(outliers, seed, MEMORY + HELD), (MEMORY, MEMORY + HELD)
    else:
        seen, (first, end) = battle(data), ROUNDS[block]
    memory = np.flatnonzero(seen.group < first)
    questions = np.random.default_rng([3, seed]).choice(memory, min(len(memory), QUESTIONS), replace=False)
    return Split(seen, memory, questions, np.flatnonzero((first <= seen.group) & (seen.group < end)))


def run(data, seed, outliers=None, block=None, steps=STEPS, names=tuple(LEARNERS), again=CHOSEN_AGAIN):
    """Scores {forecast: {score: value}}, weights {forecast: w}, the first losses of the exact learner, and what else the page shows.

    Of `names` neighbours are chosen once, of `again` time and again.
    """
    s = split(data, seed, outliers, block)
    known = s.known(s.unit)
    taught = lambda name, **how: learn(known, LEARNERS[name], s.seen, seed, steps=steps, **how)[0]
    once = {name: taught(name) for name in names}
    again = {f"{name}, chosen again": taught(name, choose_again=s.known) for name in again}
    return {
        "memory": len(s.memory),
        "held": len(s.held),
        "scores": judged(s, once, again, seed),
        "weights": {name: [float(f"{w:.3g}") for w in np.exp(theta)] for name, theta in (once | again).items()},
        "hard": {name: hard_share(s.asked(theta), s.seen) for name, theta in ({"frozen": s.unit} | again).items()},
        "best": best_scores(s.seen, s.held, outliers) if data == "circle" else None,
        **beginning(20, data=data, seed=seed, outliers=outliers, block=block, steps=steps),
    }


def judged(s, once, again, seed):
    """The scores of forecasts {name: theta}, learned with neighbours chosen once and chosen again."""
    offers = np.random.default_rng([4, seed]).choice(s.seen.middle[s.memory], (len(s.held), *OFFERS))
    frozen = Judge(s.asked(s.unit), s.seen, offers)
    simple = {"equal votes": s.unit - np.inf, "unit metric": s.unit}
    found = {name: frozen.scores(theta) for name, theta in (simple | once).items()}
    for name, theta in ({"exact, chosen once more": once["exact"]} | again).items():
        found[name] = Judge(s.asked(theta), s.seen, offers).scores(theta)
    return found


def beginning(first, data, seed, outliers=None, block=None, steps=STEPS, **_):
    """The first losses of the exact learner of a unit, to be compared with the stored ones."""
    s = split(data, seed, outliers, block)
    return {"trace": learn(s.known(s.unit), log_score, s.seen, seed, steps=steps, first=first)[1]}


# ---------------------------------------------------------------------------------------------------- comparisons


def groups(runs):
    """{"circle, 20% outliers": runs, ..., "waves": runs}"""
    found = {
        f"circle, {share:.0%} outliers": statistics.select(runs, data="circle", outliers=share, steps=STEPS)
        for share in OUTLIERS
    }
    return found | {"waves": [run for run in runs if run["data"] != "circle"]}


def independent(runs, name, score):
    """A score of a forecast: a number (n,) for each draw of a circle, and for each battle the mean of its blocks."""
    found = {}
    for run in runs:
        found.setdefault(run["seed"] if run["data"] == "circle" else run["data"], []).append(run["scores"][name][score])
    return np.array([np.mean(found[key]) for key in sorted(found)])


def compare(runs, score, name, against="exact", relative=False):
    """Student's interval of the paired difference of two forecasts: shares in percentage points, or all in percent of `against`."""
    first, second = independent(runs, name, score), independent(runs, against, score)
    scale = 100 / second.mean() if relative else 100 if score in SHARES else 1
    return statistics.mean(scale * (first - second))
