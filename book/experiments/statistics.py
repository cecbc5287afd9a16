"""Stored results, and paired comparisons of them."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

RESULTS = Path(__file__).resolve().parent / "results"


class Interval(NamedTuple):
    """A mean with a confidence interval, from n numbers of which so many are positive."""

    mean: float
    low: float
    high: float
    n: int
    positive: int

    def __format__(self, spec):
        """As in f"{interval:+.2f}": the mean, then the interval in brackets."""
        mean, low, high = (format(x, spec or ".3g").replace("-", "\N{MINUS SIGN}") for x in self[:3])
        return f"{mean} [{low}, {high}]"


def provenance(name):
    """Commit, versions, date and seconds of one core of the stored results of an experiment."""
    return stored(name)["provenance"]


def load(name):
    """The stored runs of an experiment: settings and results of each in one dict."""
    return [run["unit"] | run["result"] | {"seconds": run["seconds"]} for run in stored(name)["runs"]]


def stored(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def select(runs, **settings):
    """Those runs that have all these settings."""
    return [run for run in runs if all(run[key] == value for key, value in settings.items())]


def mean(numbers, level=0.95):
    """Student's confidence interval of the mean of independent numbers."""
    numbers = np.asarray(numbers, float)
    n = len(numbers)
    if n < 2:
        raise ValueError(f"numbers must be at least two for an interval, got {n}")
    reach = stats.t.ppf((1 + level) / 2, n - 1) * numbers.std(ddof=1) / np.sqrt(n)
    return Interval(numbers.mean(), numbers.mean() - reach, numbers.mean() + reach, n, int((numbers > 0).sum()))


def paired(runs, value, a, b, by="seed", level=0.95):
    """Interval of the mean difference of `value`, runs with settings `a` minus runs with settings `b`, paired by `by`."""
    first, second = ({run[by]: run[value] for run in select(runs, **settings)} for settings in (a, b))
    if set(first) != set(second):
        raise ValueError(f"a and b must have the same values of {by!r}, got {sorted(first)} and {sorted(second)}")
    return mean([first[key] - second[key] for key in sorted(first)], level)


def repeats(name, unit, found, rtol=1e-6):
    """Assert that what was found anew, key by key, is the beginning of what is stored for a unit."""
    (run,) = (run["result"] for run in stored(name)["runs"] if run["unit"] == unit)
    for key, values in found.items():
        start = np.ravel(run[key])[: np.size(values)]
        np.testing.assert_allclose(np.ravel(values), start, rtol, err_msg=f"{key} of {unit} is not what is stored")
