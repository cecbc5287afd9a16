"""The triangular and the Epanechnikov kernel without bins: against quadrature in mpmath, differences, and each limit."""

import warnings

import mpmath
import numpy as np
import pytest
from compact_oracle import as_rows, assert_row_meets, exact_row
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

from kdeviz import kde_cross_entropy
from kdeviz.compact import compact_hessian_product, compact_rows
from kdeviz.kernels.numpy import polynomial_kernels

INF = np.inf
BOTH = pytest.mark.parametrize("name", ["triangular", "epanechnikov"])


def assert_meets_oracle(name, z, points, a, b, h, exponent=0.0, dtype=np.float64, zero="inf", period=None):
    rows = as_rows(dtype, z=z, points=points, a=a, b=b, h=h, **({"period": period} if period else {}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = compact_rows(np, name, rows, zero)
    want = exact_row(name, *(rows[key][0] for key in ("z", "points", "h", "a", "b")), zero, period)
    assert_row_meets(got, want, max(1 / h, 1 / float(rows["b"][0] - rows["a"][0])), exponent)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("h", [0.4, 0.9, 5.0])
@BOTH
def test_it_meets_the_oracle(name, h, dtype):
    draw = np.random.default_rng(3)
    assert_meets_oracle(name, draw.normal(size=5), [-0.2, 0.1, 0.5, 0.77, 1.2], 0.0, 1.0, h, dtype=dtype)


HOSTILE = {
    "one point": ([0.3], [0.4], 0.0, 1.0, 0.7, 0),
    "ties": ([0.0, 1.0, 2.0, -1.0], [0.5, 0.5, 0.5, 0.2], 0.0, 1.0, 0.6, 0),
    "points on a and b": ([0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], 0.0, 1.0, 0.75, 0),
    "logits around 1e4": ([1e4, 1e4 + 1, 1e4 - 2], [0.1, 0.5, 2.0], 0.0, 1.0, 0.8, 0),
    "padding": ([0.3, -INF, 0.1, -INF], [0.1, 0.0, 1.2, 1e6], 0.0, 1.0, 0.8, 0),
    "logits of -300": ([0.0, -300.0, -20.0], [0.1, 0.5, 0.6], 0.0, 1.0, 1.2, 300),
    "bandwidth 1e4": ([0.3, 1.0, 0.1], [0.1, 0.5, 2.0], 0.0, 1.0, 1e4, 0),
    "bandwidth 1e6, at its edge": ([0.3, 1.0, 0.1], [0.1 - 1e6, 0.5 + 1e6, 0.2 + 1e6], 0.0, 1.0, 1e6 + 0.7, 0),
    "bandwidth 1e-6": ([0.3, 1.0, 0.1], [0.3, 0.3 + 1e-6, 0.3 + 2.1e-6], 0.3, 0.3 + 1.5e-6, 1e-6, 0),
    "target of width 1e-9": ([0.3, 1.0, 0.1], [0.1, 0.7 - 3e-10, -0.3 + 6e-10], 0.2, 0.2 + 1e-9, 0.5, 0),
    "origin at 1e6": ([0.3, 1.0, 0.1], [1e6, 1e6 + 0.5, 1e6 + 1.2], 1e6, 1e6 + 1, 0.5, 0),
    "a hole": ([0.3, 1.0], [0.1, 0.8], 0.0, 1.0, 0.3, 0),
    "nothing is held": ([0.3, 1.0], [-0.5, 1.5], 0.0, 1.0, 0.25, 0),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
@BOTH
def test_hostile_input_meets_the_oracle_without_a_warning(name, case):
    assert_meets_oracle(name, *case)


@pytest.mark.parametrize("h, a, b", [(0.9, 0.0, 2.5), (1.25, -0.7, 0.9), (3.0, -0.7, 0.9), (1e4, 0.0, 2.5)])
@BOTH
def test_on_a_circle_the_nearest_image_counts(name, h, a, b):
    """Up to half a period wide, then cut off where the next image is nearer; positions are taken modulo the period."""
    assert_meets_oracle(name, [0.3, 1.0, -0.4], [0.1 - 2.5, 0.9, 2.2 + 2.5], a, b, h, period=2.5)


def loss_of(name, zero, **row):
    return compact_rows(np, name, as_rows(**row), zero)[0][0]


DIFFERENCES = {
    "a hole": ([0.3, 1.0, 0.1], [0.3, 0.45, 0.8], 0.13),
    "points alone": ([0.3, 1.0, 0.1], [0.1, 0.5, 2.0], 0.13),
    "all held": ([0.3, 1.0, 0.1], [0.1, 0.45, 0.95], 0.43),
    "logits 1e4 apart": ([1e4, 0.0, -1e4], [0.1, 0.5, 0.6], 0.45),
}


@pytest.mark.parametrize("case", DIFFERENCES.values(), ids=DIFFERENCES)
@BOTH
def test_gradients_are_differences_of_the_loss_also_where_a_part_is_skipped(name, case):
    z, points, h = case
    row = {"z": np.array(z), "points": np.array(points), "h": h, "a": 0.05, "b": 1.0}
    loss, *grads, _ = compact_rows(np, name, as_rows(**row), "skip")
    step = 1e-6 if loss[0] < 10 else 1e-5
    for key, grad in zip(row, grads):
        for i in range(np.size(row[key])):
            move = step * (np.arange(np.size(row[key])) == i).reshape(np.shape(row[key]))
            ends = [loss_of(name, "skip", **row | {key: row[key] + sign * move}) for sign in (1, -1)]
            assert abs((ends[0] - ends[1]) / (2 * step) - np.ravel(grad)[i]) < 3e-9 * max(1, loss[0])


@BOTH
def test_where_the_density_just_vanishes_the_slope_is_infinite(name):
    """Support and target are the same: the bandwidth can only grow, the target only shrink, and the point not move at all."""
    loss, grad_z, grad_points, grad_h, grad_a, grad_b, _ = compact_rows(
        np, name, as_rows(z=[0.0], points=[0.5], a=0.0, b=1.0, h=0.5)
    )
    assert abs(loss[0] - (1 if name == "triangular" else 2 - 2 * np.log(2))) < 1e-15 and grad_z[0] == 0
    assert np.isnan(grad_points[0, 0]) and (grad_h[0], grad_a[0], grad_b[0]) == (-INF, -INF, INF)


@pytest.mark.parametrize("log_ratio", [0.0, 1e-12, 1e-4, 0.3, 0.999, 1.001, 3.0, 60.0])
def test_a_linear_gap_has_all_its_integrals_to_machine_precision(log_ratio):
    one = lambda v: np.array([[v]])
    for start, end in ((0.0, -log_ratio), (-log_ratio, 0.0)):
        out = polynomial_kernels.triangular_gaps(one(start), one(end), one(2.0), np.zeros(1))
        with mpmath.workdps(40):
            P = [mpmath.exp(mpf(start)), mpmath.exp(mpf(end))]
            along = lambda t, P=P: P[0] + (P[1] - P[0]) * t
            want = gap_integrals(along, log_ratio, start < end)
        assert_gap(out, want[:4])


def assert_gap(out, want):
    """eps times the largest exponent in play: a ratio below e^-40 is as good as 0."""
    loss, reach, _, *moments = out
    assert reach[0] == 2 and abs(-loss[0] - float(want[0])) < 1e-14 * max(1, abs(float(want[0])))
    assert all(abs(got[0, 0] - float(mpmath.log(v))) < 1e-14 for got, v in zip(moments, want[1:]))


def gap_integrals(along, log_ratio, rising):
    """Mean of log P, and the integrals over a length of 2 of w = 1/(2 P), w (y - y0), w (y1 - y), w (y - y0)(y1 - y).

    The nodes are graded towards the end where P is small.
    """
    grades = [mpmath.exp(-mpf(k)) for k in range(int(min(log_ratio, 90)) + 20)]
    cuts = [0, *reversed(grades)] if rising else [1 - v for v in (*grades, 0)]
    integral = lambda f: mpmath.fsum(mpmath.quad(f, ends) for ends in zip(cuts, cuts[1:]))
    weights = (lambda t: mpf(1), lambda t: 2 * t, lambda t: 2 * (1 - t), lambda t: 4 * t * (1 - t))
    return [integral(lambda t: mpmath.log(along(t))), *(integral(lambda t, w=w: w(t) / along(t)) for w in weights)]


@pytest.mark.parametrize("log_start", [-60.0, -0.5, 0.0])
@pytest.mark.parametrize("log_end", [-8.0, 0.0])
@pytest.mark.parametrize("log_mass", [-70.0, -25.0, 1.0, 9.0])
def test_a_quadratic_gap_has_all_its_integrals_to_machine_precision(log_start, log_end, log_mass):
    """P = P0 (1 - t) + P1 t + M (d/h)^2 t (1 - t), from straight to nothing but curved."""
    one = lambda v: np.array([[v]])
    out = polynomial_kernels.epanechnikov_gaps(
        *map(one, (log_start, log_end, log_mass)), np.full(1, 2.0), one(2.0), np.zeros(1)
    )
    with mpmath.workdps(30):
        P = [mpmath.exp(mpf(v)) for v in (log_start, log_end, log_mass)]
        along = lambda t: P[0] * (1 - t) + P[1] * t + P[2] * t * (1 - t)
        want = gap_integrals(along, 40, log_start < log_end)
    assert_gap(out, want)


def test_a_gap_with_a_zero_at_both_ends_keeps_what_is_finite():
    """P = k t (1 - t), k = M (d/h)^2: the mean of log P is log k - 2, and what diverges says so."""
    one = lambda v: np.array([[v]])
    loss, reach, _, *moments = polynomial_kernels.epanechnikov_gaps(
        one(-INF), one(-INF), one(0.5), np.ones(1), one(2.0), np.zeros(1)
    )
    log_k = 0.5 + 2 * np.log(2)
    assert abs(loss[0] + log_k - 2) < 1e-15 and [v[0, 0] for v in moments[:3]] == [INF] * 3
    assert abs(moments[3][0, 0] - (2 * np.log(2) - log_k)) < 1e-15


@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(1, 40), st.sampled_from(["inf", "skip"]))
@settings(max_examples=30, derandomize=True, deadline=None)
@BOTH
def test_a_batch_equals_its_rows_bit_for_bit(name, seed, R, J, zero):
    draw = np.random.default_rng(seed)
    rows = as_rows(z=draw.normal(size=(R, J)), points=draw.uniform(-0.5, 1.5, (R, J)), a=0.0, b=1.0, h=0.5)
    batch, one = (compact_rows(np, name, {k: v[r:] for k, v in rows.items()}, zero) for r in (0, R - 1))
    assert all(np.array_equal(whole[-1], row[0], equal_nan=True) for whole, row in zip(batch, one))


@BOTH
def test_gradients_obey_their_invariances(name):
    """They sum to zero; moving or scaling everything together changes nothing; the order of the points does not matter."""
    draw = np.random.default_rng(5)
    z, points, a, b, h = draw.normal(size=(3, 40)), draw.uniform(-0.5, 1.5, (3, 40)), 0.25, 1.0, 0.3
    loss, grad_z, grad_points, grad_h, grad_a, grad_b, _ = out = compact_rows(
        np, name, as_rows(z=z, points=points, a=a, b=b, h=h)
    )
    assert np.abs(grad_z.sum(-1)).max() < 1e-14
    assert np.abs(grad_points.sum(-1) + grad_a + grad_b).max() < 1e-13
    assert np.abs((points * grad_points).sum(-1) + h * grad_h + a * grad_a + b * grad_b).max() < 1e-13
    order = draw.permutation(40)
    mixed = compact_rows(np, name, as_rows(z=z[:, order], points=points[:, order], a=a, b=b, h=h))
    assert np.abs(mixed[0] - loss).max() < 1e-15 and np.abs(mixed[2] - grad_points[:, order]).max() < 1e-13
    assert all(np.isfinite(v).all() for v in out[:-1])


@BOTH
def test_many_bins_come_close(name):
    draw = np.random.default_rng(6)
    z, points = draw.normal(size=30), draw.uniform(-0.5, 1.5, 30)
    loss, grad_z, grad_points, grad_h, grad_a, grad_b, _ = compact_rows(
        np, name, as_rows(z=z, points=points, a=0.0, b=1.0, h=0.4)
    )
    binned = kde_cross_entropy(z, points, 0.0, 1.0, 0.4, kernel=name, bins=20_000)
    assert abs(loss[0] - binned.loss) < 1e-9 and np.abs(grad_z[0] - binned.grad.z).max() < 1e-9
    jumping = zip((grad_points, grad_h, grad_a, grad_b), binned.grad[1:])  # K' jumps, and bins see that to 1/B
    assert all(np.abs(exact[0] - near).max() < 1e-3 for exact, near in jumping)


@BOTH
def test_a_long_row_is_its_points_said_once(name):
    """Each of 64 points 512 times, with the weights divided among them."""
    draw = np.random.default_rng(7)
    z, points = draw.normal(size=64), draw.uniform(-0.2, 1.2, 64)
    few = compact_rows(np, name, as_rows(z=z, points=points, a=0.0, b=1.0, h=0.2))
    many = compact_rows(np, name, as_rows(z=np.tile(z, 512), points=np.tile(points, 512), a=0.0, b=1.0, h=0.2))
    assert abs(few[0][0] - many[0][0]) < 1e-13 and abs(few[3][0] - many[3][0]) < 1e-12
    assert np.abs(512 * many[1][0, :64] - few[1][0]).max() < 1e-13


@BOTH
def test_nan_in_the_logits_stays_in_its_row(name):
    z = np.array([[0.0, np.nan], [0.0, 1.0]])
    loss, grad_z, *_ = compact_rows(np, name, as_rows(z=z, points=[[0.1, 0.4]] * 2, a=0.0, b=1.0, h=1.0))
    assert np.isnan(loss[0]) and np.isfinite(loss[1]) and np.isfinite(grad_z[1]).all()


@pytest.mark.parametrize("h", [0.3, 0.6, 2.0])
@BOTH
def test_the_product_with_the_hessian_is_a_difference_of_gradients(name, h):
    """d R/dz v = R v - E[r (r.v)]; and E[r (r.1)] = R."""
    draw = np.random.default_rng(4)
    z, v, step = draw.normal(size=(2, 6)) * [[1.0], [6.0]], draw.normal(size=(2, 6)), 1e-5
    rows = as_rows(z=z, points=[[-0.2, 0.1, 0.35, 0.6, 0.9, 1.2]] * 2, h=h, a=0.0, b=1.0)
    R, up, down = (np.exp(compact_rows(np, name, rows | {"z": z + move * v})[-1]) for move in (0, step, -step))
    got = compact_hessian_product(np, name, rows, v)
    assert np.abs(R * v - got - (up - down) / (2 * step)).max() < 1e-9
    assert np.abs(compact_hessian_product(np, name, rows, np.ones_like(v)) - R).max() < 1e-11


@BOTH
def test_the_product_with_the_hessian_counts_all_images_of_a_circle(name):
    z, v = np.array([[0.3, 1.0, -0.4]]), np.array([[1.0, -0.5, 2.0]])
    rows = as_rows(z=z, points=[[0.1, 0.9, 2.2]], h=0.9, a=0.0, b=2.5, period=2.5)
    R, up, down = (np.exp(compact_rows(np, name, rows | {"z": z + move * v})[-1]) for move in (0, 1e-5, -1e-5))
    product = compact_hessian_product(np, name, rows, v)
    assert np.abs(R * v - product - (up - down) / 2e-5).max() < 1e-9


@BOTH
def test_no_rows_give_empty_results(name):
    rows = {key: v[:0] for key, v in as_rows(z=[0.0], points=[0.5], a=0.0, b=1.0, h=1.0).items()}
    assert [v.shape for v in compact_rows(np, name, rows)] == [(0,), (0, 1), (0, 1), (0,), (0,), (0,), (0, 1)]
