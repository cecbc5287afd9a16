"""derivations/laplace_theorems.py in numbers: what a common distance does to the gradient, and where each statement stops."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdeviz import kde_cross_entropy, mixture_cross_entropy
from kdeviz.codegen.__main__ import HOME

EPS = np.finfo(float).eps
CASES = settings(derandomize=True, deadline=None, max_examples=100)
softmax = lambda u: np.exp(u - np.logaddexp.reduce(u))
size = lambda vector: abs(vector).sum()


def rounding(*exponents):
    """What two computations of a gradient may differ by: an exponent of size m is rounded by m eps/2, a relative error of each term."""
    return 4 * EPS * (10 + sum(np.max(np.abs(e)) for e in exponents))


def close(actual, wanted, tolerance):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=tolerance)


EITHER, POSITIVE = st.sampled_from([-1.0, 1.0]), st.floats(0.1, 20)


def cases(sides=EITHER, distances=POSITIVE, least_points=1):
    """Logits, sides (-1 left, 1 right), edge distances, a, b, h and a number of bins."""
    return st.integers(least_points, 6).flatmap(
        lambda J: st.tuples(
            hnp.arrays(float, J, elements=st.floats(-10, 10)),
            hnp.arrays(float, J, elements=sides),
            hnp.arrays(float, J, elements=distances),
            st.floats(-1, 0),
            st.floats(0.1, 3),
            st.floats(0.3, 5),
            st.integers(1, 20),
        )
    )


def outside(sides, distances, a, b):
    """Points at these edge distances from [a, b]."""
    return np.where(sides < 0, a - distances, b + distances)


one_sided = cases(sides=st.just(-1.0))
kde = lambda z, points, a, b, h, bins, **options: kde_cross_entropy(z, points, a, b, h, bins=bins, **options)


# ------------------------------------------------------------------------------------------- the edge, radial moves


@CASES
@given(cases())
def test_outside_point_explains_as_the_edge_point_with_a_lower_logit(case):
    z, sides, d, a, b, h, bins = case
    edges = np.where(sides < 0, a, b)
    plain, lowered = kde(z, outside(sides, d, a, b), a, b, h, bins), kde(z - d / h, edges, a, b, h, bins)
    tolerance = rounding(z, d / h, (b - a) / h)
    close(softmax(z) - plain.grad.z, softmax(z - d / h) - lowered.grad.z, tolerance)
    close(plain.loss, lowered.loss + np.logaddexp.reduce(z) - np.logaddexp.reduce(z - d / h), tolerance)


@pytest.mark.claim(id="A12")
@CASES
@given(cases(), st.floats(-20, 1))
def test_radial_moves_up_to_the_edge_change_no_gradient_but_that_in_h(case, part):
    """Nearer by any part of the least edge distance, all of it included, or further away; the loss falls by c/h."""
    z, sides, d, a, b, h, bins = case
    c = part * d.min()
    plain, moved = (kde(z, outside(sides, distances, a, b), a, b, h, bins) for distances in (d, d - c))
    tolerance = rounding(z, 21 * d / h, (b - a) / h)
    close(moved.loss, plain.loss - c / h, tolerance)
    close(moved.grad.z, plain.grad.z, tolerance)
    for name in ("points", "a", "b"):
        close(getattr(moved.grad, name) * h, getattr(plain.grad, name) * h, tolerance)
    close((moved.grad.h - plain.grad.h) * h, c / h, tolerance * (1 + 21 * d.max() / h))


@CASES
@given(one_sided, st.floats(-50, 1))
def test_one_sided_points_may_be_shifted_together_and_see_no_width(case, part):
    z, sides, d, a, b, h, bins = case
    shift = part * d.min()
    tolerance = rounding(z, 51 * d / h, (b - a) / h)
    shifted = kde(z, a - d + shift, a, b, h, bins).grad.z
    close(shifted, softmax(z) - softmax(z - d / h), tolerance)
    close(shifted, kde(z, a - d + shift, a, b + 1, h, bins).grad.z, tolerance + rounding(1 / h))


def test_one_sided_points_that_are_shifted_past_the_edge_change_the_gradient():
    z, points = np.zeros(2), np.array([-1.0, -0.5])
    before, landed, past = (kde(z, points + shift, 0.0, 1.0, 1.0, 64).grad.z for shift in (0, 0.5, 1.0))
    close(landed, before, rounding())
    assert size(past - before) > 0.1


@CASES
@given(cases(least_points=2), st.floats(0.01, 0.99))
def test_a_shift_of_points_on_both_sides_tilts_the_responsibilities(case, part):
    z, sides, d, a, b, h, bins = case
    sides[:2] = -1, 1
    points, s = outside(sides, d, a, b), part * d.min()
    shifted, tilted = kde(z, points + s, a, b, h, bins), kde(z - sides * s / h, points, a, b, h, bins)
    tolerance = rounding(z, d / h, (b - a) / h)
    close(softmax(z) - shifted.grad.z, softmax(z - sides * s / h) - tilted.grad.z, tolerance)
    left = sides < 0
    gain = (kde(z, points, a, b, h, bins).grad.z - shifted.grad.z)[left].sum()
    assert gain > -tolerance


def test_a_shift_of_points_on_both_sides_changes_the_gradient():
    """Even points at distance 1 from one bin, h = 1: the odds become e^(2 s)."""
    bin_at_0 = (np.zeros(1), np.ones(1))
    grad = kde_cross_entropy(np.zeros(2), np.array([-0.7, 1.3]), None, None, 1.0, bins=bin_at_0).grad.z
    close(grad, [0.5 - 1 / (1 + np.exp(-0.6)), 0.5 - 1 / (1 + np.exp(0.6))], rounding())


# ---------------------------------------------------------------------------------------------- towards the centre

logits = lambda J: hnp.arrays(float, J, elements=st.floats(-10, 10))


@CASES
@given(st.integers(1, 8).flatmap(lambda J: st.tuples(logits(J), logits(J))))
def test_a_perturbed_softmax_moves_by_at_most_2_tanh_of_a_quarter_of_the_oscillation(case):
    u, delta = case
    assert size(softmax(u + delta) - softmax(u)) <= 2 * np.tanh(np.ptp(delta) / 4) + rounding(u, delta)


@pytest.mark.parametrize("oscillation", [1e-3, 1.0, 30.0])
def test_two_points_reach_that_bound(oscillation):
    u, delta = np.array([-oscillation / 2, 0.0]), np.array([oscillation, 0.0])
    close(size(softmax(u + delta) - softmax(u)), 2 * np.tanh(oscillation / 4), rounding(oscillation))


def by_the_centre_rule(points, a, b):
    """All points go to the centre until the first is there."""
    middle = (a + b) / 2
    return points - np.sign(points - middle) * abs(points - middle).min()


def moved_by_the_centre_rule(z, points, a, b, h, bins):
    """Sum of the sizes of what the gradient changes by."""
    before, after = (kde(z, x, a, b, h, bins).grad.z for x in (points, by_the_centre_rule(points, a, b)))
    return size(after - before)


anywhere = cases(distances=st.floats(-3, 20))  # of a negative distance: inside, or beyond the other edge


@pytest.mark.claim(id="A12")
@CASES
@given(anywhere)
def test_centre_rule_moves_the_gradient_by_at_most_2_tanh_of_an_eighth_of_the_width(case):
    z, sides, d, a, b, h, bins = case
    bound = 8 * h / (b - a) * np.log(np.cosh((b - a) / (4 * h)))
    assert bound <= 2 * np.tanh((b - a) / (8 * h)) * (1 + 1e-9)
    tolerance = rounding(z, d / h, (b - a) / h)
    assert moved_by_the_centre_rule(z, outside(sides, d, a, b), a, b, h, 64) <= bound * (1 + 1e-3) + tolerance
    # bins in place of the integral: their mean distance from the centre is no larger
    moved = moved_by_the_centre_rule(z, outside(sides, d, a, b), a, b, h, bins)
    assert moved <= 2 * np.tanh((b - a) / (8 * h)) + tolerance


@CASES
@given(anywhere, hnp.arrays(float, 5, elements=st.floats(0, 1)))
def test_centre_rule_moves_the_gradient_of_any_target_by_at_most_2_tanh_of_a_quarter_of_the_width(case, places):
    z, sides, d, a, b, h, _ = case
    points, bins = outside(sides, d, a, b), (a + (b - a) * places, np.full(5, 0.2))
    grads = [
        kde_cross_entropy(z, x, None, None, h, bins=bins).grad.z for x in (points, by_the_centre_rule(points, a, b))
    ]
    assert size(np.subtract(*grads)) <= 2 * np.tanh((b - a) / (4 * h)) + rounding(z, d / h, (b - a) / h)


@pytest.mark.claim(id="A12")
@CASES
@given(anywhere)
def test_centre_rule_is_exact_for_one_bin(case):
    z, sides, d, a, b, h, _ = case
    close(moved_by_the_centre_rule(z, outside(sides, d, a, b), a, b, h, 1), 0, 2 * rounding(z, d / h, (b - a) / h))


@pytest.mark.claim(id="A12")
def test_centre_rule_is_not_exact_for_an_interval():
    z, points = np.array([1.2, -0.3, 0.4, 0.1]), np.array([-3.0, -2.5, 3.2, 4.0])
    assert moved_by_the_centre_rule(z, points, 0.0, 1.0, 0.4, 64) > 0.1
    narrow = [moved_by_the_centre_rule(z, points, 0.5 - w / 2, 0.5 + w / 2, 0.4, 64) for w in (1e-2, 1e-3)]
    assert narrow[1] < narrow[0] / 9 < 1e-3  # it vanishes with the width


def test_bound_of_the_centre_rule_for_any_target_is_reached_by_a_bin_on_the_edge():
    """[a, b] = [-1, 1], all mass at 1; the point at 1 goes to the centre, the one at 5 to 4."""
    h, right_edge = 0.5, (np.ones(1), np.ones(1))
    z, points = np.array([0.0, 3 / h]), np.array([1.0, 5.0])  # the nearer one has odds e^(1/h), then e^(-1/h)
    before, after = (
        kde_cross_entropy(z, x, None, None, h, bins=right_edge).grad.z
        for x in (points, by_the_centre_rule(points, -1.0, 1.0))
    )
    close(size(after - before), 2 * np.tanh(2 / (4 * h)), rounding(z, 5 / h))


@pytest.mark.parametrize("width, least", [(100.0, 1.5), (1e4, 1.9), (1e6, 1.99)])
def test_centre_rule_can_move_the_gradient_by_almost_2(width, least):
    points, favour = width * np.array([-0.5, 0.5, -1.0, 1.0]), width / 2 - np.sqrt(width)
    assert moved_by_the_centre_rule(np.array([0, 0, favour, favour]), points, -width / 2, width / 2, 1.0, 4096) > least


# ----------------------------------------------------------------------------------------------------- on a circle

PERIOD = 8.0


def geodesic(z, points, places, h):
    """Gradient with K = exp(-shortest distance/h), bins of even mass."""
    apart = abs(places[:, None] - points) % PERIOD
    log_K = -np.minimum(apart, PERIOD - apart) / h
    return mixture_cross_entropy(z, log_K, np.full(len(places), 1 / len(places))).grad.z


on_circle = st.integers(1, 6).flatmap(
    lambda J: st.tuples(
        logits(J),
        hnp.arrays(float, J, elements=st.sampled_from([-1.0, 1.0])),
        hnp.arrays(float, J, elements=st.floats(0.1, 2)),  # outside [-1, 1] and its antipodal arc
        st.floats(0.3, 5),
        st.floats(0, 1),
    )
)
TARGET = np.linspace(-1, 1, 9)


@pytest.mark.claim(id="A13")
@CASES
@given(on_circle)
def test_radial_moves_that_avoid_the_antipodal_arc_change_nothing_on_a_circle(case):
    z, sides, d, h, part = case
    before, after = (geodesic(z, sides * (1 + at), TARGET, h) for at in (d, d - part * d.min()))
    close(after, before, rounding(z, 4 / h))


@pytest.mark.claim(id="A13")
def test_a_radial_move_in_the_antipodal_arc_changes_the_gradient():
    """The example of the derivation: for the bin at -1 the first point gets no nearer."""
    before, after = (geodesic(np.zeros(2), np.array(x), np.array([-1.0, 1.0]), 1.0) for x in ([3.5, 2.0], [2.5, 1.0]))
    at_log_odds = lambda *odds: 0.5 - np.mean(1 / (1 + np.exp(-np.array(odds))))  # of the first point, at -1 and at 1
    close(before[0], at_log_odds(-0.5, -1.5), rounding())
    close(after[0], at_log_odds(-1.5, -1.5), rounding())


@CASES
@given(on_circle)
def test_wrapped_kernel_has_the_invariance_up_to_the_other_way_round(case):
    z, sides, d, h, part = case
    bins = (TARGET, np.full(len(TARGET), 1 / len(TARGET)))
    before, after = (
        kde_cross_entropy(z, sides * (1 + at), None, None, h, period=PERIOD, bins=bins).grad.z
        for at in (d, d - part * d.min())
    )
    longest = 2 + d.max()
    bound = 2 * np.tanh(np.log1p(np.exp(-(PERIOD - 2 * longest) / h)) / 4)
    assert bound <= 2 * (np.sqrt(2) - 1) ** 2 + EPS
    assert size(after - before) <= bound + rounding(z, PERIOD / h)


@pytest.mark.claim(id="A13")
def test_wrapped_kernel_does_not_have_the_invariance():
    before, after = (
        kde_cross_entropy(np.zeros(2), np.array(x), -1.0, 1.0, 2.0, period=PERIOD, bins=64).grad.z
        for x in ([3.0, 2.0], [2.0, 1.0])
    )
    assert size(after - before) > 0.05


# -------------------------------------------------------------------------------------------- which kernels, how far

FALLING = ("laplace", "gaussian", "cauchy")
AT_0 = (np.zeros(1), np.ones(1))
at_distances = lambda z, d, kernel: kde_cross_entropy(z, d, None, None, 1.0, kernel=kernel, bins=AT_0).grad.z
ordered = st.integers(2, 6).flatmap(
    lambda J: st.tuples(hnp.arrays(float, J, elements=st.floats(-5, 5)), hnp.arrays(float, J, elements=st.floats(0, 5)))
)


@pytest.mark.claim(id="A11")
@CASES
@given(ordered, st.floats(0.1, 10), st.floats(0, 50))
def test_exponentials_of_any_rate_are_radially_invariant(case, rate, c):
    z, d = case
    log_K = lambda d: -rate * d[None]
    near, far = (mixture_cross_entropy(z, log_K(x), np.ones(1)).grad.z for x in (d, d + c))
    close(far, near, rounding(z, 60 * rate))


@pytest.mark.parametrize("kernel", FALLING[1:])
def test_other_tails_are_not_radially_invariant(kernel):
    near, far = (at_distances(np.zeros(2), np.array([3.0, 4.0]) + c, kernel) for c in (0, 1))
    assert size(far - near) > 0.02


def test_an_additive_kernel_on_some_distances_is_invariant_without_being_exponential():
    """log K(m + n sqrt 2) = -m - 2n: radial moves by such amounts change nothing, and no rate fits."""
    log_K = lambda m, n: -(m + 2.0 * n)[None]
    z, m, n = np.zeros(3), np.array([1.0, 2, 3]), np.array([2.0, 1, 5])
    near, far = (mixture_cross_entropy(z, log_K(m + s, n + t), np.ones(1)).grad.z for s, t in ((0, 0), (7, -4)))
    close(far, near, rounding(20))
    d = m + n * np.sqrt(2)
    assert np.ptp(log_K(m, n)[0] / d) > 0.1


@pytest.mark.claim(id="A11")
@CASES
@given(ordered, st.floats(0, 30), st.floats(0, 30))
def test_gradient_grows_stays_or_shrinks_as_the_points_recede(case, D, further):
    """Concave, affine, convex log K; the Cauchy kernel from one bandwidth on."""
    z, d = case
    norm = lambda kernel, shift: size(at_distances(z, d + shift, kernel))
    far = (1 + D, 1 + D + further)
    tolerance = rounding(z, (far[1] + 5) ** 2)
    assert norm("gaussian", far[1]) >= norm("gaussian", far[0]) - tolerance
    assert norm("cauchy", far[1]) <= norm("cauchy", far[0]) + tolerance
    close(norm("laplace", far[1]), norm("laplace", far[0]), tolerance)


@CASES
@given(ordered.filter(lambda case: np.diff(np.sort(case[1])).min() > 0.05), st.sampled_from(FALLING))
def test_gradient_tends_to_what_the_slope_of_log_K_says(case, kernel):
    z, d = case
    nearest = np.where(d == d.min(), z, -np.inf)
    limit = softmax(z) - softmax({"laplace": z - d, "gaussian": nearest, "cauchy": z}[kernel])
    far = 1e4
    left_over = {"laplace": 0, "gaussian": 5 * np.exp(10 - 0.05 * far), "cauchy": 2 * 5 / far}[kernel]
    close(at_distances(z, d + far, kernel), limit, left_over + rounding(z, far**2 if kernel == "gaussian" else far))


@CASES
@given(one_sided, st.floats(0, 20))
def test_gradient_of_an_interval_grows_or_shrinks_too_if_the_points_are_on_one_side(case, further):
    z, _, d, a, b, h, bins = case
    norm = lambda kernel, shift: size(kde(z, a - h - d - shift, a, b, h, bins, kernel=kernel).grad.z)
    tolerance = rounding(z, (((b - a) + 41) / h + 1) ** 2)
    assert norm("gaussian", further) >= norm("gaussian", 0) - tolerance
    assert norm("cauchy", further) <= norm("cauchy", 0) + tolerance


def test_nearer_than_a_bandwidth_the_cauchy_kernel_teaches_more_as_points_recede():
    norms = [size(at_distances(np.zeros(2), np.array([0.0, 0.1]) + D, "cauchy")) for D in (0, 0.3, 0.6, 0.9)]
    assert (np.diff(norms) > 0).all()


@pytest.mark.claim(id="A16")
@pytest.mark.parametrize("D", [1.0, 10.0, 1e3])
def test_squared_error_learns_more_with_distance_and_probability_less_and_the_laplace_loss_the_same(D):
    """Central differences of the squared error of the forecast and of -p; one place at 0, h = 1."""
    z, d, step = np.array([0.3, -0.2]), np.array([1.0, 1.5]), 1e-5

    def slope(loss, shift):
        return (loss(z + step * np.eye(2)[0], d + shift) - loss(z - step * np.eye(2)[0], d + shift)) / (2 * step)

    squared_error = lambda z, x: (softmax(z) @ x) ** 2
    probability = lambda z, x: -softmax(z) @ np.exp(-x)
    forecast = softmax(z) @ d
    np.testing.assert_allclose(slope(squared_error, D) / slope(squared_error, 0), 1 + D / forecast, rtol=1e-5)
    close(slope(probability, D) / slope(probability, 0), np.exp(-D), 1e-6)
    close(at_distances(z, d + D, "laplace"), at_distances(z, d, "laplace"), rounding(D))


# ------------------------------------------------------------------------------------------------ a wrong step breaks

MISTAKES = {
    "log_K(points) - log_K(edges) + distances / h": "log_K(points) - log_K(edges) - distances / h",
    "b + d[2] - c]": "b + d[2] + c]",
    "[s, s, -s]": "[s, s, s]",
    "(1 - (sigma + 1) * share) ** 2": "(1 - sigma * share) ** 2",
    "bound = 8 * h": "bound = 4 * h",
    "(sp.Rational(5, 2), 1)": "(sp.Rational(3, 2), 0)",
    "circle = 8": "circle = 20",
    "+ sp.log(1 + sp.exp(2 * u - turn))": "+ sp.log(1 + sp.exp(u - turn))",
}


@pytest.mark.parametrize("right", MISTAKES)
def test_a_wrong_step_breaks_the_derivation(right):
    text = (HOME / "derivations" / "laplace_theorems.py").read_text()
    assert right in text, "the derivation has changed: change this mistake with it"
    with pytest.raises(AssertionError):
        exec(compile(text.replace(right, MISTAKES[right]), "<wrong>", "exec"), {"__name__": "wrong"})
