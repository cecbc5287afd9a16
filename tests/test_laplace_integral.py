"""The exact Laplace kernels against quadrature of the formula as it stands, and what must hold whatever the input."""

from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath.calculus.quadrature import GaussLegendre
from oracle import assert_close, bounds, largest_exponent

from derivations import laplace_integral as derivation
from kdeviz.codegen import evaluate
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
    return computed_with(rows, vector(rows))


def computed_with(rows, v):
    found = dict(zip(("loss", *GRADIENTS), laplace_rows(np, rows)))
    return found | {"product": laplace_hessian_product_rows(np, rows, v), "log_R": laplace_em_rows(np, rows)}


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


def test_gradients_are_differences_of_the_quadrature():
    """So that the oracle's own gradients, which are integrals, are not taken on trust."""
    for case in (ON_LINE["random"], CIRCLE["arc"]):
        rows = rows_of(*(x[:3] if np.ndim(x) else x for x in case))
        arguments = {key: a[0] for key, a in rows.items()} | {"v": vector(rows)[0]}
        with mpmath.workdps(30):
            want = exact_row(**arguments)
            for name, places in {"z": range(3), "points": range(3), "h": [()], "a": [()], "b": [()]}.items():
                for place in places:
                    slope = slope_of_quadrature(arguments, name, place)
                    assert abs(np.array(want[f"grad_{name}"])[place] - slope) < 1e-8


def slope_of_quadrature(arguments, name, place, step=2.0**-20):
    """A central difference; the steps are exact in floating point."""
    ends = []
    for sign in (1, -1):
        moved = np.array(arguments[name])
        moved[place] += sign * step
        ends.append(exact_row(**(arguments | {name: moved}))["loss"])
    return (ends[0] - ends[1]) / (2 * step)


# --------------------------------------------------------------------------------------------------- many random rows
def random_rows(seed, R=40, J=7, circular=False):
    """Bandwidths and scales over six orders of magnitude, logits over three; some points twice, some removed."""
    draw = np.random.default_rng(seed)
    spread, b = 10 ** draw.uniform(-1, 2, (R, 1)), 10 ** draw.uniform(-3, 3, R)
    z, points = draw.normal(size=(R, J)) * spread, draw.uniform(-1, 2, (R, J)) * b[:, None]
    points[::3, 1], z[::4, 2] = points[::3, 0], -INF
    rows = {"z": z, "points": points, "a": np.zeros(R), "b": b, "h": b * 10 ** draw.uniform(-1, 4, R)}
    return rows | ({"period": b * draw.uniform(1, 4, R)} if circular else {})


def declared(name, rows, **more):
    """The declared equations at 50 digits; the points sorted, and with one at b behind them, by other means than the package's."""
    found = []
    for i in range(len(rows["z"])):
        row = {key: a[i : i + 1] for key, a in (rows | more).items()}
        if "period" in row:
            row["points"] = row["points"] - row["period"] * np.rint(
                (row["points"] - (row["a"] + row["b"]) / 2) / row["period"]
            )
        order = np.lexsort((row["z"][0], row["points"][0]))
        ends = {"z": -INF, "points": row["b"][0], "v": 0.0}
        row |= {key: np.append(row[key][0][order], end)[None] for key, end in ends.items() if key in row}
        values = evaluate(KERNELS[name + "_on_circle" * ("period" in row)], row)
        found.append({key: a[0][np.argsort(order)] if a.ndim == 2 else a[0] for key, a in values.items()})
    return {key: np.array([values[key] for values in found], float) for key in found[0]}


KERNELS = {kernel.name: kernel for kernel in derivation.kernels}


@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_random_rows_meet_the_declared_equations(backend, circular):
    rows = random_rows(1, R=24, circular=circular)
    found, v = computed(rows), vector(rows)
    want = declared("laplace", rows) | declared("laplace_hvp", rows, v=v) | declared("laplace_em", rows)
    row_of = lambda arrays, i: {key: a[i : i + 1] for key, a in arrays.items()}
    for i in range(len(rows["z"])):
        assert_meets(row_of(found, i), row_of(want, i), row_of(rows, i))


def test_tiny_responsibilities_keep_their_digits(backend):
    """log R of -1e4 to eps times that; a point removed has R = 0."""
    z = np.array([[0.0, -30.0, -700.0, -1e4, 2.0, -INF]])
    rows = rows_of(z, [[0.1, 0.5, 0.6, 0.7, 0.9, 0.2]], 0, 1, 0.05)
    got, want = laplace_em_rows(np, rows), declared("laplace_em", rows)["log_R"]
    assert np.isneginf(got[0, -1]) and want[0, 3] < -9e3
    assert_close(got[:, :-1] / want[:, :-1], np.ones((1, 5)), 1e-15)


# ---------------------------------------------------------------------------------------------------------- properties
@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_a_batch_equals_its_rows_to_the_last_bit(backend, circular):
    rows = random_rows(2, circular=circular)
    whole = computed(rows)
    for i in range(len(rows["z"])):
        alone = {key: a[i : i + 1] for key, a in rows.items()}
        for key, value in computed_with(alone, vector(rows)[i : i + 1]).items():
            assert np.array_equal(value, whole[key][i : i + 1])


@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_another_order_of_the_points_changes_no_bit(backend, circular):
    """Points of one place too, where their logits differ."""
    rows, v = random_rows(3, circular=circular), vector(random_rows(3))
    order = np.random.default_rng(0).permutation(v.shape[1])
    permuted = rows | {"z": rows["z"][:, order], "points": rows["points"][:, order]}
    for key, value in computed_with(permuted, v[:, order]).items():
        want = computed_with(rows, v)[key]
        assert np.array_equal(value, want[:, order] if want.ndim == 2 else want)


def test_two_points_that_are_one_share_alike(backend):
    loss, grad_z, *_ = laplace_rows(np, rows_of([[0.3, 0.3, 1.0]], [[0.4, 0.4, 0.8]], 0, 1, 0.2))
    single, grad, *_ = laplace_rows(np, rows_of([[0.3 + np.log(2), 1.0]], [[0.4, 0.8]], 0, 1, 0.2))
    assert_close(grad_z[:, 0], grad_z[:, 1], 1e-16)
    assert_close(grad_z[:, :2].sum(1), grad[:, 0], 1e-15)
    assert_close(loss, single, 1e-15)


@pytest.mark.parametrize("name", ["z", "points"])
@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_nan_makes_its_row_nan_and_no_other(backend, name, circular):
    rows = random_rows(4, R=3, circular=circular)
    rows[name][1, 3] = np.nan
    for value in computed(rows).values():
        assert np.isnan(value[1]).all() and not np.isnan(value[[0, 2]]).any()


@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_invariances(backend, circular):
    """Logits count up to a constant, lengths have neither unit nor origin; on a circle whole turns do not count."""
    rows = random_rows(5, circular=circular)
    loss, grad_z, grad_points, grad_h, grad_a, grad_b = laplace_rows(np, rows)
    assert_close(grad_z.sum(1), np.zeros(len(loss)), 1e-15)
    scale = 1 / rows["h"]
    assert_close(grad_points.sum(1) + grad_a + grad_b, np.zeros(len(loss)), 1e-14, scale)
    shifted = rows | {"z": rows["z"] + 2.0**40}
    assert_close(laplace_rows(np, shifted)[1], grad_z, 1e-3)  # eps 2^40
    doubled = rows | {key: 2 * rows[key] for key in ("points", "a", "b", "h", "period") if key in rows}
    for value, want in zip(
        laplace_rows(np, doubled), (loss, grad_z, *(g / 2 for g in (grad_points, grad_h, grad_a, grad_b)))
    ):
        assert np.array_equal(value, want)
    if circular:
        turns = np.arange(rows["z"].shape[1]) % 4 - 1
        turned = rows | {"points": rows["points"] + turns * rows["period"][:, None]}
        assert_close(laplace_rows(np, turned)[1], grad_z, 1e-13)


@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_the_hessian_is_symmetric_and_blind_to_constants(backend, circular):
    rows = random_rows(6, R=1, J=5, circular=circular)
    many = {key: np.repeat(a, 5, 0) for key, a in rows.items()}
    H = laplace_hessian_product_rows(np, many, np.eye(5))
    assert_close(H, H.T, 1e-15)
    assert_close(laplace_hessian_product_rows(np, rows, np.full((1, 5), 3.0)), np.zeros((1, 5)), 1e-14)
    assert np.abs(np.linalg.eigvalsh(H)).max() <= 0.5


def test_a_wide_circle_is_a_line(backend):
    line = rows_of(*CASES["random"])
    circle = laplace_rows(np, line | {"period": np.full(1, 1e3)})
    for value, want in zip(circle, laplace_rows(np, line)):
        assert_close(value, want, 1e-14)


def test_a_target_of_no_width_is_a_place(backend):
    """On a circle a = b is allowed: the loss is -log p there."""
    z, points, h, period = np.array([[0.3, -1.0, 0.8]]), np.array([[0.2, 1.3, 0.9]]), 0.4, 2.5
    for place in (0.7, 0.2, 1e6):
        rows = rows_of(z, points, place, place, h, period)
        loss, grad_z, grad_points, grad_h, grad_a, grad_b = laplace_rows(np, rows)
        ahead = np.mod(place - points, period)
        K = (np.exp(-ahead / h) + np.exp((ahead - period) / h)) / (1 - np.exp(-period / h))
        S = np.exp(z) / np.exp(z).sum()
        assert_close(loss, -np.log((S * K).sum(1)), 1e-14)
        assert_close(grad_z, S - S * K / (S * K).sum(), 1e-14)
        assert np.isfinite([grad_h, grad_a, grad_b]).all()


def test_far_points_on_one_side_do_not_see_where_in_the_target_a_place_is(backend):
    """Then the gradient is S - softmax(z - d/h), at any distance."""
    z, away = np.array([[0.3, 1.0, 0.1]]), np.array([[0.0, 0.25, 0.125]])
    for distance in (0.0, 1.0, 2.0**30):
        grad_z = laplace_rows(np, rows_of(z, 1 + distance + away, 0, 1, 0.5))[1]
        softmax = lambda u: np.exp(u) / np.exp(u).sum()
        assert_close(grad_z, softmax(z) - softmax(z - away / 0.5), 1e-15)


def test_a_long_row(monkeypatch):
    """1e5 points: numpy cuts its scans into parts, numba does not."""
    draw = np.random.default_rng(7)
    rows = rows_of(draw.normal(size=100_000), draw.uniform(-1, 2, 100_000), 0, 1, 0.1)
    found = {}
    for name in ("numpy", "numba"):
        monkeypatch.setenv("KDEVIZ_BACKEND", name)
        found[name] = laplace_rows(np, rows)
        assert abs(found[name][1].sum()) < 1e-14
    for by_numpy, by_numba, bound in zip(*found.values(), (1e-14, 1e-16, 1e-15, 1e-13, 1e-12, 1e-12)):
        assert_close(by_numpy, by_numba, bound)


@pytest.mark.parametrize("circular", [False, True], ids=["line", "circle"])
def test_on_a_device_it_is_the_same(cupy, circular):
    rows = random_rows(8, R=6, J=5, circular=circular)
    on_device = {key: cupy.asarray(a) for key, a in rows.items()}
    for value, want in zip(laplace_rows(cupy, on_device), laplace_rows(np, rows)):
        assert_close(value.get(), want, 1e-13, 1 + np.abs(want).max())
    v = vector(rows)
    assert_close(
        laplace_hessian_product_rows(cupy, on_device, cupy.asarray(v)).get(),
        laplace_hessian_product_rows(np, rows, v),
        1e-13,
    )
    assert_close(laplace_em_rows(cupy, on_device).get(), laplace_em_rows(np, rows), 1e-11)
