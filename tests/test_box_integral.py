"""The box kernel and intervals without bins: against sums in mpmath, and each meaning of an edge."""

import warnings

import numpy as np
import pytest
from compact_oracle import as_rows, assert_row_meets, exact_intervals
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations import box_integral as derivation
from kdeviz import kde_cross_entropy
from kdeviz.compact import compact_hessian_product, compact_rows, interval_rows
from kdeviz.windows import spread, windows

INF = np.inf


def random_intervals(seed, R=1, J=6, spread=1.0):
    draw = np.random.default_rng(seed)
    centre, half = draw.uniform(-0.5, 1.5, (R, J)), draw.uniform(0.05, 0.8, (R, J))
    lo, hi = centre - half, centre + half
    lo[:, 0], hi[:, -1], hi[:, 0], lo[:, -1] = -0.2, 1.3, 0.6, 0.4  # together they hold the whole target
    return {"z": spread * draw.normal(size=(R, J)), "points[0]": lo, "points[1]": hi, "a": 0.0, "b": 1.0}


def assert_intervals_meet_oracle(row, zero="inf", dtype=np.float64, exponent=0.0):
    rows = as_rows(dtype, **row)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = interval_rows(np, rows, zero)
    want = exact_intervals(*(rows[name][0] for name in ("z", "points[0]", "points[1]", "a", "b")), zero)
    assert_row_meets(got, want, 1 / (rows["b"][0] - rows["a"][0]), exponent)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("J", [2, 3, 6, 25])
def test_intervals_meet_the_oracle(J, dtype):
    for seed in range(3):
        assert_intervals_meet_oracle(random_intervals(seed, J=J), dtype=dtype)


HOSTILE = {
    "one interval": ([0.3], [-1.0], [2.0], 0.0, 1.0, 0),
    "logits around 1e4": ([1e4, 1e4 + 1, 1e4 - 2], [-1.0, 0.2, 0.5], [0.4, 0.7, 2.0], 0.0, 1.0, 0),
    "logits 1e4 apart": ([1e4, 0.0, -1e4], [-1.0, 0.2, 0.5], [0.4, 0.7, 2.0], 0.0, 1.0, 2e4),
    "padding": ([0.3, -INF, 0.1, -INF], [-1.0, 0.2, 0.1, 0.0], [0.4, 0.7, 2.0, 1.0], 0.0, 1.0, 0),
    "unbounded": ([0.3, 0.2, 1.1], [-INF, 0.2, -INF], [INF, INF, 0.9], 0.0, 1.0, 0),
    "edges on a and b": ([0.3, 0.2, 1.1], [0.0, 0.0, 0.4], [1.0, 0.7, 1.0], 0.0, 1.0, 0),
    "tiny and huge": ([0.3, 0.2, 1.1], [-1e6, 0.5 - 1e-9, 0.5], [1e6, 0.5 + 1e-9, 0.5 + 1e-12], 0.0, 1.0, 0),
    "target of width 1e-9": ([0.3, 1.0, 0.1], [-0.3, 0.2 + 3e-10, 0.1], [0.2 + 7e-10, 0.7, 0.3], 0.2, 0.2 + 1e-9, 0),
    "origin at 1e6": ([0.3, 1.0], [1e6 - 1, 1e6 + 0.25], [1e6 + 0.75, 1e6 + 2], 1e6, 1e6 + 1, 0),
    "a hole": ([0.3, 1.0], [-0.5, 0.75], [0.25, 2.0], 0.0, 1.0, 0),
    "nothing is held": ([0.3, 1.0], [-0.5, 1.75], [-0.25, 2.0], 0.0, 1.0, 0),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_hostile_intervals_meet_the_oracle_without_a_warning(case):
    z, lo, hi, a, b, exponent = case
    assert_intervals_meet_oracle({"z": z, "points[0]": lo, "points[1]": hi, "a": a, "b": b}, exponent=exponent)


def test_skip_is_the_loss_over_what_is_held():
    row = {"z": [0.3, 1.0, -0.4], "points[0]": [-0.5, 0.75, 0.1], "points[1]": [0.25, 2.0, 0.3], "a": 0.0, "b": 1.0}
    assert_intervals_meet_oracle(row, "skip")
    loss, grad_z, *_ = interval_rows(np, as_rows(**row), "inf")
    _, skipped, *_ = interval_rows(np, as_rows(**row), "skip")
    assert loss[0] == INF and np.allclose(grad_z, 0.55 * skipped, rtol=1e-14)


@pytest.mark.parametrize("h", [2.0**-20, 0.5, 4.0, 2.0**20])
def test_a_box_is_an_interval_and_its_gradients_are_those_of_both_edges(h):
    z, points = np.array([[0.3, 1.0, 0.1]]), np.array([[0.25, 0.5, 0.875]])
    out = compact_rows(np, "box", as_rows(z=z, points=points, a=0.0, b=1.0, h=h), "skip")
    row = {"z": z, "points[0]": points - h, "points[1]": points + h, "a": 0.0, "b": 1.0}
    loss, grad_z, lo, hi, grad_a, grad_b, log_R = interval_rows(np, as_rows(**row), "skip")
    same = [loss, grad_z, lo + hi, (hi - lo).sum(-1), grad_a, grad_b, log_R]
    assert all(map(np.array_equal, out, same))


def test_a_narrow_box_far_from_zero_keeps_its_digits():
    """x +- h cannot be held in one float; the lengths of the gaps have all digits none the less."""
    h, points = 1e-6, [0.3, 0.3 + 7e-7]
    got = compact_rows(np, "box", as_rows(z=[0.0, 1.0], points=points, a=0.0, b=1.0, h=h), "skip")
    exact = [np.longdouble(v) for v in points]
    overlap = 2 * np.longdouble(h) - (exact[1] - exact[0])
    alone, held = exact[1] - exact[0], 2 * np.longdouble(h) + exact[1] - exact[0]
    S = np.exp([0.0, 1.0]) / np.exp([0.0, 1.0]).sum()
    R = [(alone + S[0] * overlap) / held, (alone + S[1] * overlap) / held]
    assert (
        np.abs(got[1][0] - (S - np.array(R, float))).max() < 1e-14
    )  # eps times the largest exponent, log 1e-7; rounded edges would leave 1e-10


def test_edges_have_a_gradient_where_over_bins_they_have_none():
    rows = as_rows(z=[0.3, 1.0], points=[0.2, 0.7], a=0.0, b=1.0, h=0.5)
    loss, _, grad_points, grad_h, *_ = compact_rows(np, "box", rows)
    step = 1e-6
    at = lambda h: compact_rows(np, "box", rows | {"h": np.array([h])})[0][0]
    assert abs((at(0.5 + step) - at(0.5 - step)) / (2 * step) - grad_h[0]) < 1e-9
    binned = kde_cross_entropy(rows["z"][0], rows["points"][0], 0.0, 1.0, 0.5, kernel="box", bins=1000)
    assert abs(binned.loss - loss[0]) < 1e-3 and not binned.grad.points.any() and abs(grad_points).min() > 0.1


def test_on_a_circle_intervals_are_those_of_all_turns():
    row = {"z": [0.3, 1.0, -0.4], "points[0]": [2.25, 0.25, -1.0], "points[1]": [3.75, 1.0, 0.125], "a": 0.0, "b": 2.5}
    on_line = {"z": row["z"] * 3, "points[0]": [], "points[1]": [], "a": 0.0, "b": 2.5}
    for edge in ("points[0]", "points[1]"):
        on_line[edge] = [v + turns * 2.5 for turns in (-1, 0, 1) for v in row[edge]]
    loss, grad_z, *by_place, R = exact_intervals(*(on_line[key] for key in on_line))
    of_points = lambda v: np.array(v, float).reshape(3, 3).sum(0)
    want = loss - np.log(3), of_points(grad_z), *map(of_points, by_place[:2]), *by_place[2:], of_points(R)
    assert_row_meets(interval_rows(np, as_rows(**row, period=2.5)), want, 1 / 2.5)


def test_an_interval_of_a_whole_turn_holds_the_circle_once():
    pair = {"points[0]": [-INF, 0.25, 1.0], "points[1]": [0.0, 2.75, 1.5]}
    loss, grad_z, lo, hi, *_ = interval_rows(np, as_rows(z=[0.0, 1.0, 0.5], **pair, a=0.25, b=2.75, period=2.5))
    S = np.exp([0.0, 1.0, 0.5]) / np.exp([0.0, 1.0, 0.5]).sum()
    assert abs(loss[0] + 0.8 * np.log(S[0] + S[1])) < 1e-15
    assert not lo[0, :2].any() and not hi[0, :2].any() and lo[0, 2] > 0 > hi[0, 2]


@pytest.mark.parametrize("h", [0.5, 1.25, 9.0])
def test_a_box_on_a_circle_is_no_wider_than_a_turn(h):
    z, points = [0.3, 1.0, -0.4], np.array([0.1, 0.9, 1.6])
    out = compact_rows(np, "box", as_rows(z=z, points=points, a=0.0, b=2.5, h=h, period=2.5), "skip")
    binned = kde_cross_entropy(z, points, 0.0, 2.5, h, kernel="box", period=2.5, bins=20_000, zero="skip")
    assert abs(out[0][0] - binned.loss) < 1e-3 and np.abs(out[1][0] - binned.grad.z).max() < 1e-3
    assert h < 1.25 or (out[0][0] == 0 and not np.any(out[3]))


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 70))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_sums_over_windows_are_those_of_their_items(seed, N, Q):
    draw = np.random.default_rng(seed)
    items, (first, last) = draw.normal(size=(1, 2, N)) * 30, np.sort(draw.integers(0, N + 1, (2, 2, Q)), 0)
    with np.errstate(all="ignore"):
        got = windows(np, lambda left, right, *_: np.logaddexp(left, right), items, first, last)[0]
    for (r, q), value in np.ndenumerate(got):
        assert np.isclose(value, np.logaddexp.reduce(items[0, r, first[r, q] : last[r, q]], initial=-INF), rtol=1e-14)


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_what_holds_an_item_is_the_sum_over_its_windows(seed, J):
    draw = np.random.default_rng(seed)
    edges = np.stack([draw.permutation(2 * J) for _ in range(2)]).reshape(2, J, 2)
    first, last, z = edges.min(-1) + 1, edges.max(-1) + 1, draw.normal(size=(2, J)) * 30
    with np.errstate(all="ignore"):
        got = spread(np, z, first, last, 2 * J + 1)
    for (r, k), value in np.ndenumerate(got):
        held = (first[r] <= k) & (k < last[r])
        assert np.isclose(value, np.logaddexp.reduce(z[r, held], initial=-INF), rtol=1e-14)


@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(2, 90), st.sampled_from(["inf", "skip"]))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_a_batch_of_intervals_equals_its_rows_bit_for_bit(seed, R, J, zero):
    rows = as_rows(**random_intervals(seed, R, J))
    batch, one = (interval_rows(np, {k: v[r:] for k, v in rows.items()}, zero) for r in (0, R - 1))
    assert all(np.array_equal(whole[-1], row[0], equal_nan=True) for whole, row in zip(batch, one))


def test_gradients_sum_to_zero_and_so_do_those_of_a_common_shift():
    for seed in range(5):
        _, grad_z, lo, hi, grad_a, grad_b, _ = interval_rows(np, as_rows(**random_intervals(seed, 4, 30)))
        assert np.abs(grad_z.sum(-1)).max() < 1e-14
        assert np.abs(lo.sum(-1) + hi.sum(-1) + grad_a + grad_b).max() < 1e-13


def test_nan_in_a_row_stays_in_it():
    for name in ("z", "points[0]", "points[1]"):
        rows = as_rows(**random_intervals(1, 2))
        rows[name][0, 2] = np.nan
        loss, grad_z, *_ = interval_rows(np, rows)
        assert np.isfinite(loss[1]) and np.isfinite(grad_z[1]).all() and (name != "z" or np.isnan(loss[0]))


def test_a_long_row_of_equal_logits_counts_how_many_hold_each_gap():
    J, h = 20_000, 0.01
    points = np.random.default_rng(0).uniform(-0.1, 1.1, J)
    loss, grad_z, *_ = compact_rows(np, "box", as_rows(z=np.zeros(J), points=points, a=0.0, b=1.0, h=h))
    edges = np.concatenate([points - h, points + h, [0.0, 1.0]])
    order = np.argsort(edges)
    holding = np.cumsum(np.repeat([1, -1, 0], [J, J, 2])[order])[:-1]
    length = np.diff(np.clip(edges[order], 0, 1))
    assert abs(loss[0] + (length * np.log(np.maximum(holding, 1) / J)).sum()) < 1e-13
    assert abs(grad_z.sum()) < 1e-14


def test_a_window_is_the_end_of_one_block_and_the_start_of_the_next():
    (left, right), half = derivation.window_blocks(5, 23)
    assert half == 16 and left == range(5, 16) and right == range(16, 23)


@pytest.mark.parametrize("period", [{}, {"period": 2.0}], ids=["line", "circle"])
def test_the_product_with_the_hessian_is_a_difference_of_gradients(period):
    """H v = S (v - S.v) - R v + E[r (r.v)]."""
    rows = as_rows(**random_intervals(3, 2, 8), **period)
    v, step = np.random.default_rng(4).normal(size=(2, 8)), 1e-5
    _, grad_z, *_, log_R = interval_rows(np, rows)
    R, S = np.exp(log_R), grad_z + np.exp(log_R)
    got = S * (v - (S * v).sum(-1, keepdims=True)) - (R * v - compact_hessian_product(np, "box", rows, v))
    up, down = (interval_rows(np, rows | {"z": rows["z"] + sign * step * v})[1] for sign in (1, -1))
    assert np.abs(got - (up - down) / (2 * step)).max() < 1e-9
    assert np.abs(compact_hessian_product(np, "box", rows, np.ones_like(v)) - R).max() < 1e-14


def test_the_product_with_the_hessian_keeps_small_entries():
    """A point of weight e^-600 has its digits, whatever the others are."""
    rows = as_rows(z=[0.0, -600.0], points=[0.0, 0.5], h=0.75, a=0.0, b=1.0)
    product = compact_hessian_product(np, "box", rows, np.array([[1.0, 0.0]]))
    want = np.exp(-600.0) * 0.75 * 1.0
    assert abs(product[0, 1] / want - 1) < 1e-12 and abs(product[0, 0] - 0.75) < 1e-15


def test_no_rows_give_empty_results():
    rows = {key: v[:0] for key, v in as_rows(**random_intervals(0)).items()}
    assert [v.shape for v in interval_rows(np, rows)] == [(0,), (0, 6), (0, 6), (0, 6), (0,), (0,), (0, 6)]


def test_a_million_turns_cost_no_bit():
    """The period is a power of two and the edges are multiples of 2^-31, so that adding the turns rounds nothing."""
    lo, hi = (np.round(v * 2**31) / 2**31 for v in (np.array([0.25, 1.6, 0.7]), np.array([1.3, 2.1, 0.9])))
    row, far = {"z": [0.3, 1.0, 0.2], "a": 0.3, "b": 1.2, "period": 2.0}, 2.0**20 * 2.0
    here, there = (
        interval_rows(np, as_rows(**row, **{"points[0]": lo + turns, "points[1]": hi + turns})) for turns in (0, far)
    )
    assert all(map(np.array_equal, here, there)) and np.isfinite(here[0][0])
