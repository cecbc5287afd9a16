"""The exact Laplace kernels against quadrature of the formula as it stands, and what must hold whatever the input."""

from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath.calculus.quadrature import GaussLegendre
from oracle import assert_close, bounds, largest_exponent

from kdeviz.laplace import laplace_em_rows, laplace_hessian_product_rows, laplace_rows

INF, PERIOD = np.inf, 2.5
GRADIENTS = ("grad_z", "grad_points", "grad_h", "grad_a", "grad_b")


# ------------------------------------------------------------------------------------------------------------- oracle
@cache
def nodes(digits):
    """24 Gauss-Legendre nodes and weights on [-1, 1]."""
    return GaussLegendre(mpmath.mp).calc_nodes(4, int(3.4 * digits))


def integral(f, low, high, whole=None):
    """Of a vector, over an interval that is cut until that changes nothing; not in halves, where two points of equal mass meet."""
    middle = low + (high - low) * mpmath.mpf("0.43")
    whole = rule(f, low, high) if whole is None else whole
    left, right = rule(f, low, middle), rule(f, middle, high)
    if all(abs(w - (x + y)) < 1e-20 * (abs(x) + abs(y) + high - low) for w, x, y in zip(whole, left, right)):
        return left + right
    return integral(f, low, middle, left) + integral(f, middle, high, right)


def rule(f, low, high):
    half, middle = (high - low) / 2, (high + low) / 2
    return sum(f(middle + half * node) * (half * weight) for node, weight in nodes(mpmath.mp.dps))


def exact_row(z, points, a, b, h, v, period=None, digits=30):
    """{output: value} of one row by quadrature of the plain formulas; floats are taken as exact."""
    with mpmath.workdps(digits):
        number = lambda x: mpmath.mpf(float(x))
        z, points, v = (np.array([number(x) for x in array]) for array in (z, points, v))
        a, b, h = map(number, (a, b, h))
        terms = on_line(h) if period is None else on_circle(h, number(period))
        exp = np.vectorize(mpmath.exp, otypes=[object])
        S = exp(z - max(z)) / exp(z - max(z)).sum()

        def explained(x):
            """log p, the responsibilities, and d log K/dx_j and d log K/dh of each point, at a place x."""
            log_K, by_point, by_h = (np.array(list(found)) for found in zip(*(terms(x - t) for t in points)))
            top = max(z + log_K)
            joint = exp(z + log_K - top)
            return top + mpmath.log(joint.sum()) - log_sum(z), joint / joint.sum(), by_point, by_h

        def integrand(x):
            log_p, r, by_point, by_h = explained(x)
            return np.array([log_p, (r * by_h).sum(), *r, *(r * by_point), *(r * (v - (r * v).sum()))])

        places = points if period is None else a + np.array([(t - a) % number(period) for t in points])
        kinks = sorted({a, b, *(t for t in places if a < t < b)})
        mean = sum(integral(integrand, *ends) for ends in zip(kinks, kinks[1:])) / (b - a)
        R, pulls, curved = mean[2:].reshape(3, -1)
        loss = -mean[0]
        return {
            "loss": loss,
            "grad_z": S - R,
            "grad_points": -pulls,
            "grad_h": -mean[1],
            "grad_a": (explained(a)[0] + loss) / (b - a),
            "grad_b": -(explained(b)[0] + loss) / (b - a),
            "product": S * (v - (S * v).sum()) - curved,
            "log_R": np.array([mpmath.log(share) for share in R]),
        }


def log_sum(z):
    return max(z) + mpmath.log(mpmath.fsum(mpmath.exp(x - max(z)) for x in z))


def on_line(h):
    """log K of a distance x - x_j, with its derivatives in x_j and h."""
    return lambda d: (-abs(d) / h, mpmath.sign(d) / h, abs(d) / h**2)


def on_circle(h, period):
    """The same of the sum over all images: two geometric series."""
    turn = mpmath.exp(-period / h)

    def terms(d):
        ahead = d % period
        near, far = mpmath.exp(-ahead / h), mpmath.exp((ahead - period) / h)
        by_h = (ahead * near + (period - ahead) * far) / (near + far) + period * turn / (1 - turn)
        return mpmath.log((near + far) / (1 - turn)), (near - far) / (near + far) / h, by_h / h**2

    return terms


# -------------------------------------------------------------------------------------------------------------- cases
draw = np.random.default_rng(0)
CASES = {
    "random": (draw.normal(size=6), draw.uniform(-1, 2, 6), 0, 1, 0.3),
    "narrow kernel": (3 * draw.normal(size=6), draw.uniform(-1, 2, 6), 0, 1, 0.05),
    "like BeepBoop's": (draw.normal(size=6), draw.uniform(-0.2, 0.4, 6), 0.1, 0.22, 1 / 13),
    "one point": ([0.7], [0.4], 0, 1, 0.5),
    "one point a thousand bandwidths away": ([0.7], [501.0], 0, 1, 0.5),
    "ties": ([0, 1, 2, -1], [0.5, 0.5, 0.5, 0.2], 0, 1, 0.1),
    "points on the edges": ([0, 1, 0, 1], [0, 1, 0, 1], 0, 1, 0.25),
    "all points on the left": ([0.3, 1, 0.1], [-100, -100.4, -99], 0, 1, 0.1),
    "points on both sides": ([0.3, 1, 0.1], [-100, 101.5, 101], 0, 1, 0.1),
    "1e9 bandwidths away, one side": ([0.3, 1, 0.1], [5e8, 5e8 + 0.3, 5e8 + 0.1], 0, 1, 0.5),
    "1e9 bandwidths away, both sides": ([0.3, 1, 0.1], [-5e8, 7e8, 6e8], 0, 1, 0.5),
    "h = 1e-3": (draw.normal(size=3), [0.1, 0.11, 0.8], 0, 1, 1e-3),
    "h = 1e-6": (draw.normal(size=2), [0.1, 0.8], 0, 1, 1e-6),
    "h = 1e4": (draw.normal(size=4), draw.uniform(-1, 2, 4), 0, 1, 1e4),
    "h = 1e6": (draw.normal(size=4), draw.uniform(-1, 2, 4), 0, 1, 1e6),
    "logits of a thousand": ([800, -900, 750, 0, 799], [0.1, 0.4, 0.5, 0.7, 2], 0, 1, 0.05),
    "logits around 1e4": ([1e4, 1e4 + 1, 1e4 - 2], [0.1, 0.5, 2], 0, 1, 0.5),
    "logits 1e4 apart": ([1e4, 0, -1e4], [5, 0.5, 0.6], 0, 1, 1e-3),
    "a logit that makes up for its distance": ([1e4, 0], [5001, 0.5], 0, 1, 0.5),
    "padding": ([0.3, -INF, 0.1, -INF], [0.1, 0, 2, 1e6], 0, 1, 0.5),
    "padding before far points": ([-INF, 0.3, 0.1, -INF], [0.5, 3e8, 3e8 + 0.4, 0.1], 0, 1, 0.5),
    "target of width 1e-9": ([0.3, 1, 0.1], [0.1, 0.5, 2], 0.2, 0.2 + 1e-9, 0.5),
    "target of width 1e-9 around a point": ([0.3, 1, 0.1], [0.1, 0.2 + 3e-10, 2], 0.2, 0.2 + 1e-9, 0.5),
    "origin at 1e6": ([0.3, 1, 0.1], [1e6, 1e6 + 0.5, 1e6 + 2], 1e6, 1e6 + 1, 0.5),
    "a thousand bandwidths of target": ([0.3, 2, 0.1], [10, 400, 990], 0, 1000, 1),
}  # fmt: skip
CIRCLE = {
    "arc": (draw.normal(size=4), draw.uniform(0, 6, 4), 2, 3.5, 0.4, 2 * np.pi),
    "wide kernel": (draw.normal(size=4), draw.uniform(0, 6, 4), 6, 7, 5, 2 * np.pi),
    "full circle": (draw.normal(size=4), draw.uniform(0, 6, 4), 0.5, 3, 0.5, 2.5),
    "all points outside": (draw.normal(size=3), [1.5, 1.7, 2.4], 0, 1, 0.01, 2.5),
    "points on the edges": ([0.3, 1, 0.1], [0, 1, 2.5], 0, 1, 0.5, 2.5),
}
ON_LINE = {name: (*case, None) for name, case in CASES.items()}
ON_CIRCLE = {f"{name}, circle": (*case, PERIOD) for name, case in CASES.items() if case[3] - case[2] < PERIOD}
ALL = ON_LINE | ON_CIRCLE | {f"circle: {name}": case for name, case in CIRCLE.items()}
SINGLE = [name for name in ALL if "width 1e-9" not in name and "origin" not in name]  # what float32 can hold


@pytest.fixture(params=["numpy", "numba"])
def backend(request, monkeypatch):
    monkeypatch.setenv("KDEVIZ_BACKEND", request.param)


def rows_of(z, points, a, b, h, period=None, dtype=np.float64):
    """One row, or rows that share a, b, h and the period."""
    z, points = np.atleast_2d(np.asarray(z, dtype)), np.atleast_2d(np.asarray(points, dtype))
    rows = {"z": z, "points": points} | {key: np.full(len(z), x, dtype) for key, x in zip("abh", (a, b, h))}
    return rows if period is None else rows | {"period": np.full(len(z), period, dtype)}


def vector(rows):
    return np.cos(np.arange(rows["z"].size).reshape(rows["z"].shape)).astype(rows["z"].dtype)


def computed(rows):
    """{output: array} of all three functions."""
    found = dict(zip(("loss", *GRADIENTS), laplace_rows(np, rows)))
    return found | {"product": laplace_hessian_product_rows(np, rows, vector(rows)), "log_R": laplace_em_rows(np, rows)}


@cache
def truth(name, dtype):
    rows = rows_of(*ALL[name], dtype=dtype)
    found = exact_row(**{key: a[0] for key, a in rows.items()}, v=vector(rows)[0])
    return {key: np.array(x, float)[None] for key, x in found.items()}


def reach(rows):
    """The largest distance in bandwidths."""
    ends = [abs(rows["points"] - rows[edge][:, None])[np.isfinite(rows["z"])].max() for edge in "ab"]
    far = max(*ends, (rows["b"] - rows["a"]).max()) if "period" not in rows else rows["period"].max()
    return max(1.0, far / rows["h"].min())


def assert_meets(found, want, rows):
    """Within the bounds of DESIGN: gradients relative to 1/h, that in h to the largest distance in bandwidths over h."""
    by_loss, by_grad = bounds(rows["z"].dtype, max(reach(rows), largest_exponent(rows["z"].astype(float))))
    h = rows["h"].astype(float)
    scales = dict.fromkeys(("grad_points", "grad_a", "grad_b"), 1 / h.min())
    scales |= {"grad_h": reach(rows) / h.min(), "loss": np.maximum(1, abs(want["loss"]))}
    for key, value in found.items():
        kept = want[key] > -25 if key == "log_R" else np.isfinite(want[key])  # smaller ones: see below
        assert np.isfinite(value).sum() >= kept.sum() and not np.isnan(value).any()
        scale = np.broadcast_to(scales.get(key, 1.0), kept.shape)[kept]
        assert_close(value[kept], want[key][kept], by_loss if key == "loss" else by_grad, scale)


@pytest.mark.parametrize("name", ALL)
def test_everything_meets_quadrature(backend, name):
    rows = rows_of(*ALL[name])
    assert_meets(computed(rows), truth(name, np.float64), rows)


@pytest.mark.parametrize("name", SINGLE)
def test_everything_meets_quadrature_in_float32(backend, name):
    rows = rows_of(*ALL[name], dtype=np.float32)
    found = computed(rows)
    assert all(a.dtype == np.float32 for a in found.values())
    assert_meets(found, truth(name, np.float32), rows)
