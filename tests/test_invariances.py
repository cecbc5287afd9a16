"""derivations/invariances.py in numbers: what the gradient does not see, how large it gets, and where each invariance stops."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdeviz import kde_cross_entropy, mixture_cross_entropy, softmax_cross_entropy

EPS = np.finfo(float).eps
CASES = settings(derandomize=True, deadline=None, max_examples=60)
LINE = ("laplace", "gaussian", "box", "triangular", "epanechnikov", "cauchy")
CIRCLE = (*LINE, "von_mises")
FALLING = ("laplace", "gaussian", "cauchy")  # everywhere, so that no bin is ever lost


def rounding(*exponents):
    """What two computations of a gradient (at most 1) may differ by: an exponent of size m is rounded by m eps/2, which is the relative
    error of each term of two softmaxes; sums of ten terms add as much as an exponent of 10."""
    return 4 * EPS * (10 + sum(np.max(np.abs(e)) for e in exponents))


@st.composite
def mixtures(draw, least_points=1, size=30.0):
    """Logits (J,), log-kernel (B, J) and bin masses (B,)."""
    J, B = draw(st.integers(least_points, 6)), draw(st.integers(1, 4))
    z = draw(hnp.arrays(float, J, elements=st.floats(-size, size)))
    log_K = draw(hnp.arrays(float, (B, J), elements=st.floats(-size, 0)))
    masses = draw(hnp.arrays(float, B, elements=st.floats(0.05, 1)))
    return z, log_K, masses / masses.sum()


@st.composite
def targets(draw):
    """Arguments of kde_cross_entropy in which each point reaches each bin, also of a bounded kernel."""
    J = draw(st.integers(1, 6))
    return dict(
        z=draw(hnp.arrays(float, J, elements=st.floats(-30, 30))),
        points=draw(hnp.arrays(float, J, elements=st.floats(-1, 2))),
        a=draw(st.floats(-0.5, 0.3)),
        b=draw(st.floats(0.4, 1.5)),
        h=draw(st.floats(3, 8)),
        bins=draw(st.integers(1, 9)),
    )


numbers = lambda low, high: st.floats(low, high)
kde_kernels = pytest.mark.parametrize("kernel, period", [(k, None) for k in LINE] + [(k, 7.0) for k in CIRCLE])


def close(actual, wanted, tolerance):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=tolerance)


# ---------------------------------------------------------------------------------- a common shift of the logits


@pytest.mark.claim(id="A4")
@CASES
@given(mixtures(), numbers(-1e4, 1e4))
def test_common_shift_of_the_logits_cancels(case, shift):
    z, log_K, q = case
    plain, shifted = mixture_cross_entropy(z, log_K, q), mixture_cross_entropy(z + shift, log_K, q)
    tolerance = rounding(z, log_K, shift)
    close(shifted.loss, plain.loss, tolerance)
    close(shifted.grad.z, plain.grad.z, tolerance)
    close(shifted.grad.log_K, plain.grad.log_K, tolerance)


@CASES
@given(mixtures(), numbers(-1e4, 1e4), numbers(-10, 2))
def test_common_shift_cancels_with_a_floor_too(case, shift, log_floor):
    z, log_K, q = case
    plain, shifted = (
        mixture_cross_entropy(logits, log_K, q, zero="floor", log_floor=log_floor) for logits in (z, z + shift)
    )
    close(shifted.loss, plain.loss, rounding(z, log_K, shift))
    close(shifted.grad.z, plain.grad.z, rounding(z, log_K, shift))


@CASES
@given(mixtures(), numbers(-1e4, 1e4))
def test_common_shift_cancels_in_softmax_cross_entropy(case, shift):
    z, *_ = case
    plain, shifted = softmax_cross_entropy(z, 0), softmax_cross_entropy(z + shift, 0)
    close(shifted.loss, plain.loss, rounding(z, z, shift))
    close(shifted.grad.z, plain.grad.z, rounding(z, shift))


@kde_kernels
@settings(CASES, max_examples=20)
@given(case=targets(), shift=numbers(-1e4, 1e4))
def test_common_shift_cancels_in_every_gradient_of_a_kde(kernel, period, case, shift):
    plain = kde_cross_entropy(**case, kernel=kernel, period=period)
    shifted = kde_cross_entropy(**case | {"z": case["z"] + shift}, kernel=kernel, period=period)
    for actual, wanted in zip((shifted.loss, *shifted.grad), (plain.loss, *plain.grad), strict=True):
        close(actual, wanted, rounding(case["z"], shift, np.max(np.abs(wanted))))


# ----------------------------------------------------------------------------------------- the sum, and the norm


@pytest.mark.claim(id="A4")
@CASES
@given(mixtures(size=1e4))
def test_gradient_sums_to_zero(case):
    """A sum of at most 6 entries below 1, whatever the exponents: the rounding is that of sums and quotients."""
    close(mixture_cross_entropy(*case).grad.z.sum(), 0, rounding())


@CASES
@given(mixtures(size=1e4))
def test_softmax_gradient_sums_to_zero(case):
    z, *_ = case
    close(softmax_cross_entropy(z, 0).grad.z.sum(), 0, rounding())


@kde_kernels
@settings(CASES, max_examples=20)
@given(case=targets())
def test_kde_gradient_sums_to_zero(kernel, period, case):
    close(kde_cross_entropy(**case, kernel=kernel, period=period).grad.z.sum(), 0, rounding())


@CASES
@given(mixtures(size=1e4))
def test_norm_of_the_gradient_is_at_most_2_and_each_entry_at_most_1(case):
    grad = mixture_cross_entropy(*case).grad.z
    assert abs(grad).sum() <= 2 + rounding() and abs(grad).max() <= 1 + rounding()


@CASES
@given(mixtures())
def test_norm_is_twice_what_prior_and_responsibility_do_not_share(case):
    z, log_K, q = case
    prior = np.exp(z - np.logaddexp.reduce(z))
    result = mixture_cross_entropy(z, log_K, q)
    responsibility = -result.grad.log_K.sum(0)
    close(responsibility.sum(), 1, rounding())
    close(abs(result.grad.z).sum(), 2 * (1 - np.minimum(prior, responsibility).sum()), 2 * rounding(z, log_K))


@pytest.mark.parametrize("t", [0.25, 1e-2, 1e-6, 1e-12])
def test_norm_comes_as_close_to_2_as_one_likes(t):
    """Two points with weights t and 1 - t, of which the light one is ((1 - t)/t)^2 times as good."""
    z, log_K = np.log([t, 1 - t]), 2 * np.log([[1 - t, t]])
    close(abs(mixture_cross_entropy(z, log_K, np.ones(1)).grad.z).sum(), 2 * (1 - 2 * t), 2 * rounding(z, log_K))


# ------------------------------------------------------------------------------------------- a common scale of K


@pytest.mark.claim(id="A9")
@CASES
@given(mixtures(), st.lists(numbers(-100, 100), min_size=4, max_size=4))
def test_common_scale_of_K_in_a_bin_cancels(case, log_c):
    """Each bin has its own scale c_b; the loss falls by the mean of log c_b."""
    z, log_K, q = case
    log_c = np.array(log_c[: len(q)])
    plain, scaled = mixture_cross_entropy(z, log_K, q), mixture_cross_entropy(z, log_K + log_c[:, None], q)
    tolerance = rounding(z, log_K, log_c)
    close(scaled.grad.z, plain.grad.z, tolerance)
    close(scaled.grad.log_K, plain.grad.log_K, tolerance)
    close(scaled.loss, plain.loss - q @ log_c, tolerance)


@pytest.mark.claim(id="A15")
@CASES
@given(mixtures(), numbers(2, 1000))
def test_multiplying_K_does_not_multiply_the_gradient(case, c):
    """c times the gradient is off by c - 1 gradients."""
    z, log_K, q = case
    plain = mixture_cross_entropy(z, log_K, q).grad.z
    scaled = mixture_cross_entropy(z, log_K + np.log(c), q).grad.z
    close(abs(c * plain - scaled).sum(), (c - 1) * abs(plain).sum(), 2 * c * rounding(z, log_K, np.log(c)))


@pytest.mark.claim(id="A15")
def test_multiplying_K_by_ten_in_the_example_of_the_derivation():
    z, log_K, q = np.log([1.0, 2.0, 3.0]), np.log([[1.0, 2.0, 4.0]]), np.ones(1)
    expected = np.array([11 / 102, 5 / 51, -7 / 34])
    close(mixture_cross_entropy(z, log_K, q).grad.z, expected, rounding())
    close(mixture_cross_entropy(z, log_K + np.log(10), q).grad.z, expected, rounding())
    assert abs(10 * expected - expected).sum() > 3


@pytest.mark.claim(id="A15")
@CASES
@given(mixtures(size=5.0), numbers(0.1, 10))
def test_multiplying_K_multiplies_the_gradient_of_the_probability(case, c):
    """Where the sentence holds: of the first bin, dp/dz = -p dL/dz, which is S (K - p) and of degree 1."""
    z, log_K, _ = case
    scaled = mixture_cross_entropy(z, log_K[:1] + np.log(c), np.ones(1))
    S, K = np.exp(z - np.logaddexp.reduce(z)), np.exp(log_K[0])
    close(-np.exp(-scaled.loss) * scaled.grad.z, c * S * (K - S @ K), 2 * c * rounding(z, log_K, np.log(c)))


@CASES
@given(mixtures(), numbers(-20, 20))
def test_scale_of_one_point_does_not_cancel_but_moves_its_logit_in_the_responsibilities(case, log_c):
    z, log_K, q = case
    first = np.eye(len(z))[0] * log_c
    own_scale, own_logit = mixture_cross_entropy(z, log_K + first, q), mixture_cross_entropy(z + first, log_K, q)
    close(own_scale.grad.log_K, own_logit.grad.log_K, rounding(z, log_K, log_c))


@pytest.mark.claim(id="A14")
def test_scale_of_one_point_changes_the_gradient():
    z, log_K, q = np.zeros(2), np.zeros((1, 2)), np.ones(1)
    close(mixture_cross_entropy(z, log_K + np.log([3.0, 1.0]), q).grad.z, [-0.25, 0.25], rounding())
    close(mixture_cross_entropy(z, log_K, q).grad.z, [0, 0], rounding())


@pytest.mark.claim(id="A9")
@CASES
@given(mixtures(), numbers(1, 10))
def test_scale_counts_against_a_floor_unless_the_floor_is_scaled_too(case, log_c):
    z, log_K, q = case
    floor = lambda log_K, log_floor: mixture_cross_entropy(z, log_K, q, zero="floor", log_floor=log_floor)
    plain, both = floor(log_K, -3.0), floor(log_K + log_c, -3.0 + log_c)
    close(both.grad.z, plain.grad.z, rounding(z, log_K, log_c))
    close(both.loss, plain.loss - log_c, rounding(z, log_K, log_c))
    assert floor(log_K + log_c, -3.0).loss > plain.loss - log_c


# -------------------------------------------------------------------------------------------------- equal kernels


@CASES
@given(mixtures(), st.lists(numbers(-30, 0), min_size=4, max_size=4))
def test_equal_kernels_teach_nothing(case, level):
    """Near or far: all points explain bin b equally well, at any level."""
    z, log_K, q = case
    log_K = np.broadcast_to(np.array(level[: len(q)])[:, None], log_K.shape)
    close(mixture_cross_entropy(z, log_K, q).grad.z, 0, rounding(z, log_K))


@CASES
@given(mixtures(), numbers(-30, 0), numbers(0.05, 0.95))
def test_a_bin_of_equal_kernels_only_takes_its_mass_away(case, level, mass):
    z, log_K, q = case
    with_it = mixture_cross_entropy(z, np.vstack([log_K, np.full(len(z), level)]), np.append((1 - mass) * q, mass))
    close(with_it.grad.z, (1 - mass) * mixture_cross_entropy(z, log_K, q).grad.z, rounding(z, log_K, level))


@pytest.mark.claim(id="A10")
@CASES
@given(mixtures(least_points=2))
def test_points_with_equal_kernels_learn_equally_per_weight(case):
    """g_0/S_0 = g_1/S_1, without the quotients."""
    z, log_K, q = case
    log_K = np.column_stack([log_K[:, 1], log_K[:, 1:]])
    S, g = np.exp(z - np.logaddexp.reduce(z)), mixture_cross_entropy(z, log_K, q).grad.z
    close(g[0] * S[1], g[1] * S[0], rounding(z, log_K))


@pytest.mark.claim(id="A10")
@pytest.mark.parametrize("distance", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("kernel", FALLING)
def test_two_points_equally_far_learn_at_rate_0_however_far(kernel, distance):
    """Up to the rounding of z + log K, which is -5050 for the Gaussian that is the farthest."""
    points = np.array([-distance, 1 + distance])
    middle = np.array([0.5]), np.ones(1)
    grad = kde_cross_entropy(np.array([0.3, -1.0]), points, None, None, 1.0, kernel=kernel, bins=middle).grad.z
    close(grad, 0, EPS * max(4, (distance + 0.5) ** 2 / 2))


def test_gradient_also_vanishes_where_bins_pull_against_each_other():
    log_K = np.log([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    close(mixture_cross_entropy(np.zeros(3), log_K, np.full(2, 0.5)).grad.z, 0, rounding())
    assert abs(mixture_cross_entropy(np.zeros(3), log_K[:1], np.ones(1)).grad.z).sum() > 0.3


# ----------------------------------------------------------------------------------- the order of points and bins


@CASES
@given(mixtures(), st.randoms(use_true_random=False))
def test_gradient_follows_the_order_of_the_points_and_ignores_that_of_the_bins(case, random):
    z, log_K, q = case
    points, bins = (random.sample(range(n), n) for n in (len(z), len(q)))
    plain = mixture_cross_entropy(z, log_K, q)
    other = mixture_cross_entropy(z[points], log_K[bins][:, points], q[bins])
    close(other.loss, plain.loss, rounding(z, log_K))
    close(other.grad.z, plain.grad.z[points], rounding(z, log_K))
    close(other.grad.log_K, plain.grad.log_K[bins][:, points], rounding(z, log_K))


@kde_kernels
@settings(CASES, max_examples=20)
@given(case=targets(), random=st.randoms(use_true_random=False))
def test_kde_gradients_follow_the_order_of_the_points(kernel, period, case, random):
    order = random.sample(range(len(case["z"])), len(case["z"]))
    plain = kde_cross_entropy(**case, kernel=kernel, period=period)
    other = kde_cross_entropy(
        **case | {"z": case["z"][order], "points": case["points"][order]}, kernel=kernel, period=period
    )
    close(other.grad.z, plain.grad.z[order], rounding(case["z"]))
    close(other.grad.points, plain.grad.points[order], rounding(case["z"]))
    for actual, wanted in zip((other.loss, *other.grad[2:]), (plain.loss, *plain.grad[2:]), strict=True):
        close(actual, wanted, rounding(case["z"]))


# -------------------------------------------------------------------------------------------- origin and unit of x


@kde_kernels
@settings(CASES, max_examples=20)
@given(case=targets(), origin=numbers(-100, 100), unit=numbers(0.01, 100))
def test_origin_and_unit_of_x_cancel(kernel, period, case, origin, unit):
    """Gradients in lengths are per unit of x. h is 3 or more, so that a position of size m is rounded by less than m eps of u; near the
    edge of a bounded kernel log K may be steep: 1/K is below 10 here, hence the factor."""
    moved = {name: unit * (case[name] + origin) for name in ("points", "a", "b")} | {"h": unit * case["h"]}
    plain = kde_cross_entropy(**case, kernel=kernel, period=period)
    other = kde_cross_entropy(**case | moved, kernel=kernel, period=period and unit * period)
    tolerance = 10 * rounding(case["z"], origin)
    close(other.loss, plain.loss, tolerance)
    close(other.grad.z, plain.grad.z, tolerance)
    for actual, wanted in zip(other.grad[1:], plain.grad[1:], strict=True):
        close(unit * actual, wanted, tolerance)


@kde_kernels
@settings(CASES, max_examples=20)
@given(case=targets())
def test_gradients_in_positions_sum_to_zero(kernel, period, case):
    grad = kde_cross_entropy(**case, kernel=kernel, period=period).grad
    close(grad.points.sum() + grad.a + grad.b, 0, rounding(case["z"]))


@pytest.mark.parametrize("kernel", [k for k in LINE if k != "box"])
@settings(CASES, max_examples=50)
@given(case=targets())
def test_lengths_times_their_gradients_sum_to_zero(kernel, case):
    grad = kde_cross_entropy(**case, kernel=kernel).grad
    total = case["points"] @ grad.points + case["a"] * grad.a + case["b"] * grad.b + case["h"] * grad.h
    close(total, 0, rounding(case["z"]))


# -------------------------------------------------------------------------------------------------- the bandwidth


@pytest.mark.claim(id="A14")
@CASES
@given(targets())
def test_normaliser_of_K_adds_1_over_h_to_grad_h_and_to_no_other(case):
    """The normalised Laplace kernel e^-|u|/2h, through the chain rule: d log K/dh = (|u| - 1)/h, d log K/dx_j = sign(u)/h."""
    B, h = case["bins"], case["h"]
    u = ((case["a"] + (case["b"] - case["a"]) * (np.arange(B) + 0.5) / B)[:, None] - case["points"]) / h
    normalised = mixture_cross_entropy(case["z"], -abs(u) - np.log(2 * h), np.full(B, 1 / B))
    plain = kde_cross_entropy(**case, kernel="laplace")
    tolerance = rounding(case["z"], np.log(2 * h))
    close(normalised.loss, plain.loss + np.log(2 * h), tolerance)
    close((normalised.grad.log_K * (abs(u) - 1) / h).sum(), plain.grad.h + 1 / h, tolerance)
    close(normalised.grad.z, plain.grad.z, tolerance)
    close((normalised.grad.log_K * np.sign(u) / h).sum(0), plain.grad.points, tolerance)


@pytest.mark.parametrize("kernel", FALLING)
def test_without_a_normaliser_wider_is_always_better(kernel):
    rng = np.random.default_rng(3)
    z, points, h = rng.normal(size=(20, 1, 5)), rng.normal(size=(20, 1, 5)), np.geomspace(0.1, 1e6, 30)
    result = kde_cross_entropy(z, points, 0.0, 1.0, h, kernel=kernel, bins=16)
    assert (np.diff(result.loss) < 0).all() and (result.grad.h < 0).all()
    assert (0 < result.loss[:, -1]).all() and (result.loss[:, -1] < 1e-4).all()


# -------------------------------------------------------------------------------------------- scale is not distance


FAR = np.array([0.0, 1.0, 10.0, 100.0])
COURSES = {
    "laplace": lambda norms: np.ptp(norms) < rounding(FAR),
    "gaussian": lambda norms: (np.diff(norms) > 0).all() and norms[-1] > 0.999,
    "cauchy": lambda norms: (np.diff(norms) < 0).all() and norms[-1] < 0.005,
}


@pytest.mark.claim(id="A11")
@pytest.mark.parametrize("kernel", COURSES)
def test_receding_is_a_common_scale_for_the_laplace_kernel_only(kernel):
    """Two points that recede together: the gradient stays (Laplace), grows to its bound (Gaussian), dies away (Cauchy)."""
    points = FAR[:, None] + np.array([1.0, 1.5])
    grad = kde_cross_entropy(np.zeros(2), points, None, None, 1.0, kernel=kernel, bins=(np.zeros(1), np.ones(1))).grad.z
    assert COURSES[kernel](abs(grad).sum(-1))
