"""The statements of 000_d1a3b424c055a22a.txt, rows A1 to A21 of book/claims.toml: those that no other test states.

The oracle is mpmath at 30 digits: p as it is written down, integrals between the kinks, derivatives as limits of differences.
"""

import math

import numpy as np
import pytest
from mpmath import mp

from kdeviz import kde_cross_entropy, mixture_cross_entropy

EPS = np.finfo(float).eps
K = {
    "laplace": lambda u: mp.exp(-abs(u)),
    "gaussian": lambda u: mp.exp(-u * u / 2),
    "cauchy": lambda u: 1 / (1 + u * u),
}
ONE_BIN_AT_0 = (np.zeros(1), np.ones(1))
Z, POINTS, (A, B, H) = np.array([0.3, -0.8, 1.1]), np.array([-0.4, 0.3, 1.7]), (0.0, 1.0, 0.5)
UNEVEN = np.log([0.5, 0.3, 0.2])


@pytest.fixture(autouse=True)
def thirty_digits():
    with mp.workdps(30):
        yield


def close(actual, wanted, tolerance):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=tolerance)


def softmax(z):
    return np.exp(z - np.logaddexp.reduce(z))


def exact_softmax(z):
    weights = [mp.exp(v) for v in z]
    return [weight / mp.fsum(weights) for weight in weights]


def p_of(z, values):
    """The mixture at a place where the points have these kernel values."""
    return mp.fsum(S * k for S, k in zip(exact_softmax(z), values, strict=True))


def mean_over_target(f):
    """(1/(b - a)) times the integral of f over [A, B], between the kinks."""
    return mp.quad(f, [A, *(float(x) for x in POINTS if A < x < B), B]) / (B - A)


def values_at(x, kernel):
    return [K[kernel]((x - float(point)) / H) for point in POINTS]


# ---------------------------------------------------------------------------------------------- the loss, one bin, many


@pytest.mark.claim(id="A1")
@pytest.mark.parametrize("kernel", K)
def test_loss_is_minus_the_mean_log_density_over_the_target(kernel):
    """With our K(0) = 1. A kernel normalised by 1/(c h) has a loss that is higher by log(c h)."""
    loss = lambda scale: -mean_over_target(lambda x: mp.log(scale * p_of(Z, values_at(x, kernel))))
    found = kde_cross_entropy(Z, POINTS, A, B, H, kernel=kernel).loss
    close(found, float(loss(1)), 1e-14)
    area = H * mp.quad(K[kernel], [-mp.inf, 0, mp.inf])
    close(found + float(mp.log(area)), float(loss(1 / area)), 1e-14)


@pytest.mark.claim(id="A2")
def test_gradient_of_one_bin_is_weight_minus_responsibility():
    values = np.array([0.9, 0.2, 1e-3])
    found = mixture_cross_entropy(Z, np.log(values)[None], np.ones(1)).grad.z
    for i in range(3):
        S, along = exact_softmax(Z)[i], np.eye(3, dtype=int)[i]
        slope = mp.diff(lambda t, along=along: -mp.log(p_of(Z + t * along, values)), 0)
        assert abs(slope - (S - S * values[i] / p_of(Z, values))) < 1e-12
        close(found[i], float(slope), 4 * EPS)


@pytest.mark.claim(id="A2")
@pytest.mark.parametrize("kernel", K)
def test_gradient_is_weight_minus_mean_responsibility(kernel):
    def share(i, x):
        values = values_at(x, kernel)
        return exact_softmax(Z)[i] * values[i] / p_of(Z, values)

    wanted = [float(S - mean_over_target(lambda x, i=i: share(i, x))) for i, S in enumerate(exact_softmax(Z))]
    close(kde_cross_entropy(Z, POINTS, A, B, H, kernel=kernel).grad.z, wanted, 1e-13)


@pytest.mark.claim(id="A3")
@pytest.mark.parametrize("depth", [0.0, 30.0, 2000.0])
def test_loss_of_one_bin_is_a_difference_of_two_log_sum_exps(depth):
    """At a depth of 2000 all K are 0 in floats."""
    log_K = np.array([-0.2, -1.5, -4.0]) - depth
    found = mixture_cross_entropy(Z, log_K[None], np.ones(1)).loss
    close(found, np.logaddexp.reduce(Z) - np.logaddexp.reduce(Z + log_K), 2 * EPS * max(1, depth))
    close(found, float(-mp.log(p_of(Z, [mp.exp(k) for k in log_K]))), 2 * EPS * max(1, depth))


@pytest.mark.claim(id="A4")
@pytest.mark.claim(id="A19")
def test_no_weights_make_a_bin_cheaper_than_its_best_kernel_value():
    """-log max K bounds the loss of a bin, and all weight on the best point attains it: a hard case stays one whatever the weights."""
    rng = np.random.default_rng(4)
    z, log_K, q = rng.normal(size=(200, 1, 4)) * 5, -rng.exponential(size=(50, 3, 4)) * 5, rng.dirichlet(np.ones(3))
    least = -(log_K.max(-1) @ q)
    assert (mixture_cross_entropy(z, log_K, q).loss >= least - 1e-14 * abs(least)).all()
    best = np.where(np.arange(4) == log_K[:, 0].argmax(-1, keepdims=True), 0.0, -np.inf)
    close(mixture_cross_entropy(best, log_K[:, :1], np.ones(1)).loss, -log_K[:, 0].max(-1), 0)


@pytest.mark.claim(id="A5")
def test_error_of_midpoint_bins_falls_at_least_and_not_faster_than_their_width_squared():
    """Between kinks |(log p)''| <= 1/h^2, a bin's error is at most width^3/24 of that; at an inside point (log p)' jumps by 2 R_j(x_j)/h,
    which adds at most width^2/8 of the jump. The slope of 2 is attained to a factor of 5, kinks and all."""
    z, points, a, b, h = UNEVEN, np.array([0.1, -0.3, 2.0]), -0.5, 0.5, 1.0
    exact = kde_cross_entropy(z, points, a, b, h).loss
    own = np.diag([softmax(z - abs(x - points) / h) for x in points])[(a < points) & (points < b)].sum()
    for m in (4, 8, 16, 32, 64, 512, 4096):
        bound = ((b - a) / m) ** 2 * (1 / (24 * h**2) + own / (4 * h * (b - a)))
        assert bound / 5 < abs(kde_cross_entropy(z, points, a, b, h, bins=m).loss - exact) <= bound


@pytest.mark.claim(id="A5")
def test_error_of_midpoint_bins_falls_like_their_width_where_the_density_jumps():
    """At a jump of log p the bin may be wrong about half of its width."""
    points, h = np.array([0.0, -0.3, 0.37]), 0.52  # p jumps from .8 to 1 at -.15 and from 1 to .7 at .22
    box = lambda **options: kde_cross_entropy(UNEVEN, points, -0.5, 0.5, h, kernel="box", **options).loss
    for m in (4, 256, 4096):
        bound = (np.log(1 / 0.8) + np.log(1 / 0.7)) / (2 * m)
        assert bound / 3 < abs(box(bins=m) - box()) <= bound


@pytest.mark.claim(id="A5")
@pytest.mark.parametrize("kernel", ["triangular", "epanechnikov"])
def test_error_of_midpoint_bins_falls_like_their_width_where_the_density_touches_0(kernel):
    """Near 1 its log is that of the distance, up to a smooth part, and the midpoint rule misses log(2)/2 of a bin."""
    loss = lambda **options: kde_cross_entropy(np.zeros(1), np.zeros(1), 0.0, 1.0, 1.0, kernel=kernel, **options).loss
    for m in (64, 1024):
        close(m * (loss(bins=m) - loss()), -np.log(2) / 2, 1 / m)


@pytest.mark.claim(id="A6")
def test_gradient_is_the_mean_of_the_gradients_of_single_bins():
    """1/(b - a) times the width of a bin is 1/m: left out for one bin, it must come back as the weight of each."""
    target, m = (-0.5, 2.0), 8
    whole = kde_cross_entropy(Z, POINTS, *target, H, bins=m).grad.z
    centres = target[0] + (target[1] - target[0]) * (np.arange(m) + 0.5) / m
    single = [kde_cross_entropy(Z, POINTS, None, None, H, bins=(x[None], np.ones(1))).grad.z for x in centres]
    close(whole, np.mean(single, axis=0), 4 * EPS)
    q = np.random.default_rng(6).dirichlet(np.ones(m))
    weighted = kde_cross_entropy(Z, POINTS, None, None, H, bins=(centres, q)).grad.z
    close(weighted, q @ single, 4 * EPS)


# ---------------------------------------------------------------------------------------------- one match; near and far


@pytest.mark.claim(id="A7")
def test_gradient_at_one_of_two_matches_is_not_S_minus_1():
    S = np.array([0.15, 0.3, 0.2, 0.05, 0.3])
    log_K = np.where(np.isin(np.arange(5), [1, 2]), 0.0, -np.inf)
    found = mixture_cross_entropy(np.log(S), log_K[None], np.ones(1)).grad.z
    close(found[1], 0.3 * (1 - 1 / 0.5), 2 * EPS)
    assert found[1] - (0.3 - 1) > 0.39


@pytest.mark.claim(id="A8")
def test_narrow_kernel_over_an_interval_gives_soft_labels_and_a_narrow_box_an_infinite_loss():
    """The nearest point explains a place: of [0, 1] the points .1, .4, 1.2 have the shares .25, .55, .2, up to h/2 times differences of logits."""
    points = np.array([0.1, 0.4, 1.2])
    for h in (1e-2, 1e-4, 1e-6):
        label = softmax(Z) - kde_cross_entropy(Z, points, 0.0, 1.0, h).grad.z
        close(label, [0.25, 0.55, 0.2], 1.51 * h)  # (0.3 + 0.8)/2 + (0.8 + 1.1)/2
        assert kde_cross_entropy(Z, points, 0.0, 1.0, h, kernel="box").loss == np.inf


@pytest.mark.claim(id="A10")
def test_points_equally_far_from_an_interval_but_on_two_sides_do_not_learn_at_one_rate():
    """Equal distances are not enough, K must be equal at each place: at the centre it is."""
    S, points = np.array([0.9, 0.1]), np.array([-1.0, 2.0])
    rate = lambda **target: kde_cross_entropy(np.log(S), points, h=0.4, **target).grad.z / S
    over_interval = rate(a=0.0, b=1.0)
    assert over_interval[0] > 0.05 and over_interval[1] < -0.5
    close(rate(a=None, b=None, bins=(np.full(1, 0.5), np.ones(1))), 0, 1e-15)


DISTANCES = np.array([1.0, 3.0, 10.0, 20.0])


@pytest.mark.claim(id="A11")
@pytest.mark.parametrize(
    "kernel, figures",
    [
        ("gaussian", [0.151, 0.335, 0.494, 0.5]),
        ("laplace", [0.122, 0.122, 0.122, 0.122]),
        ("cauchy", [0.119, 0.07, 0.024, 0.012]),
    ],
)
def test_two_points_half_a_bandwidth_apart_teach_by_the_slope_of_log_K(kernel, figures):
    """|g| = tanh(k(D) - k(D + 1/2) over 2)/2 with k = log K, for even weights."""
    pairs = DISTANCES[:, None] + np.array([0.0, 0.5])
    nearer = -kde_cross_entropy(np.zeros(2), pairs, None, None, 1.0, kernel=kernel, bins=ONE_BIN_AT_0).grad.z[:, 0]
    fall = [mp.log(K[kernel](mp.mpf(near)) / K[kernel](mp.mpf(far))) for near, far in pairs]
    close(nearer, [float(mp.tanh(v / 2) / 2) for v in fall], 1e-14)
    assert np.array_equal(np.round(nearer, 3), figures)


def towards_0(points, step):
    return points - step * np.sign(points)


@pytest.mark.claim(id="A12")
def test_moving_to_the_edge_keeps_the_gradient_and_moving_to_the_centre_does_not():
    """The nearest point is 2.5 from the edge and 3 from the centre. The largest entry of the gradient is .197."""
    z, points = UNEVEN, np.array([3.0, 3.7, -4.2])
    start, edge, centre = (kde_cross_entropy(z, towards_0(points, c), -0.5, 0.5, 1.0).grad.z for c in (0, 2.5, 3))
    close(edge, start, 2 * EPS)
    assert round(abs(start).max(), 3) == 0.197 and round(abs(centre - start).max(), 3) == 0.055
    width = 1e-3
    narrow = [kde_cross_entropy(z, towards_0(points, c), -width / 2, width / 2, 1.0).grad.z for c in (0, 3)]
    assert abs(np.subtract(*narrow)).max() < 1e-4


def shortest_way(points, period):
    """Gradient of K = exp(-shortest distance) over a target of fine bins on [-.5, .5]."""
    places = (np.arange(1000) + 0.5) / 1000 - 0.5
    apart = abs(places[:, None] - points) % period
    return mixture_cross_entropy(UNEVEN, -np.minimum(apart, period - apart), np.full(1000, 1e-3)).grad.z


@pytest.mark.claim(id="A13")
def test_on_a_circle_the_rule_ends_at_the_antipode_and_von_mises_has_none():
    period = 2 * np.pi
    von_mises = lambda points, period: (
        kde_cross_entropy(UNEVEN, points, -0.5, 0.5, 1.0, kernel="von_mises", period=period).grad.z
    )

    def change(gradient, points):
        points = np.array(points)
        return abs(gradient(towards_0(points, 0.5), period) - gradient(points, period)).max()

    assert round(change(shortest_way, [2.9, 2.0, -1.5]), 4) == 0.0101  # 2.9 is beyond the antipode of -.5
    assert change(shortest_way, [1.9, 1.6, -1.5]) < 8 * EPS
    assert change(von_mises, [1.9, 1.6, -1.5]) > 0.005


def squared_error_of_densities(S, points):
    """Gradient in the logits of the integral of (p - u)^2, u uniform on [-.5, .5], and its part without u; K is the normal density."""
    Phi = np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2)
    overlap = np.exp(-((points[:, None] - points) ** 2) / 4) / (2 * math.sqrt(math.pi))
    slopes = lambda seen: 2 * (overlap @ S - seen)
    in_logits = lambda slope: S * (slope - S @ slope)
    return in_logits(slopes(Phi(0.5 - points) - Phi(-0.5 - points))), in_logits(slopes(0))


@pytest.mark.claim(id="A16")
def test_squared_error_between_densities_no_longer_sees_a_far_target_and_goes_on_to_even_out_its_weights():
    """Failed belief: it need not vanish. Even weights have nothing to even out."""
    points = np.array([0.0, 0.5])
    near, far = (squared_error_of_densities(np.array([0.8, 0.2]), points + D) for D in (1, 30))
    assert abs(near[0]).max() > 0.03 and abs(near[0] - near[1]).max() > 0.03
    close(far[0], far[1], EPS)
    assert far[0][0] > 0.003
    close(squared_error_of_densities(np.array([0.5, 0.5]), points + 30)[0], 0, EPS)
