"""The statements of 001_447c8f1b11dd69d1.txt, rows B1 to B29 of book/claims.toml: those that no other test states. D is the poster's K."""

import math

import numpy as np
import pytest
from mpmath import mp

from book import closed_forms
from kdeviz import ContinuousCategorical, cc_cross_entropy, smooth_labels, softmax_cross_entropy

EPS = np.finfo(float).eps
Z, Y = np.array([0.4, -1.3, 2.0, 0.1]), np.array([0.5, 0.3, 0.15, 0.05])


def close(actual, wanted, tolerance):
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=tolerance)


def softmax(z):
    return np.exp(z - np.logaddexp.reduce(z))


# ------------------------------------------------------------------------------------------------- the cross-entropy


@pytest.mark.claim(id="B1")
def test_cross_entropy_is_minus_the_labels_times_the_log_probabilities():
    with mp.workdps(30):
        weights = [mp.exp(z) for z in Z]
        wanted = -mp.fsum(float(y) * mp.log(w / mp.fsum(weights)) for y, w in zip(Y, weights))
    close(softmax_cross_entropy(Z, Y).loss, float(wanted), 4 * EPS)


@pytest.mark.claim(id="B2")
def test_on_one_hot_labels_the_cross_entropy_is_the_log_probability_of_the_category():
    """And on others it is none: the integral over the simplex is not 1, and not even constant."""
    chances = np.exp(-softmax_cross_entropy(Z, np.eye(4)).loss)
    close(chances, softmax(Z), 4 * EPS)
    close(chances.sum(), 1, 4 * EPS)
    log_pi = np.array([z - np.logaddexp.reduce(z) for z in (np.zeros(4), Z)])
    over_simplex = np.exp(ContinuousCategorical(log_pi).log_partition)
    assert over_simplex[1] < over_simplex[0] / 1.5 < 1 / 24


# ------------------------------------------------------------------------------------------ the continuous categorical


def printed_normaliser(lam):
    """The poster's C(lambda), for mpmath numbers."""
    D = len(lam)
    terms = [lam[k] / mp.fprod(mp.log(lam[i] / lam[k]) for i in range(D) if i != k) for k in range(D)]
    return 1 / ((-1) ** (D + 1) * mp.fsum(terms))


@pytest.mark.claim(id="B6")
@pytest.mark.parametrize("D", [2, 3, 4, 5, 9])
def test_printed_normaliser_is_right_for_distinct_weights_and_in_the_limit_of_equal_ones(D):
    with mp.workdps(200):
        distinct = [mp.mpf(k) ** 2 for k in range(1, D + 1)]
        for lam, limit in ((distinct, distinct), ([1 + mp.mpf(10) ** -15 * k for k in range(D)], [1] * D)):
            exact = mp.log(printed_normaliser([weight / mp.fsum(lam) for weight in lam]))
            found = ContinuousCategorical([float(mp.log(weight)) for weight in limit]).log_norm_const
            close(found, float(exact), 4e-15 * max(1, abs(found)))
        with pytest.raises(ZeroDivisionError):
            printed_normaliser([mp.mpf(1) / D] * D)


def rows_that_fail(D, dtype):
    """Shares of 2000 rows of standard normal logits: seen to fail by the authors' test, and not seen but off by more than .01 in a mean."""
    rows = np.random.default_rng(D).normal(size=(2000, D)).astype(dtype)
    mean, right = closed_forms.closed_form_mean(rows), ContinuousCategorical(rows.astype(float)).mean
    seen = np.isnan(mean).any(-1)
    return seen.mean(), (~seen & (abs(mean - right).max(-1) > 0.01)).mean()


@pytest.mark.claim(id="B7")
def test_derivative_of_the_closed_form_serves_few_categories_in_double_precision_only():
    assert all(rows_that_fail(D, np.float64) == (0, 0) for D in (3, 4, 5))
    seen, silent = rows_that_fail(6, np.float32)
    assert seen > 0.15 and silent > 0.2
    assert rows_that_fail(10, np.float32)[0] > 0.99
    assert rows_that_fail(18, np.float64)[0] > 0.99


@pytest.mark.claim(id="B7")
def test_derivative_of_the_closed_form_is_no_number_at_the_optimum_of_a_smoothed_label():
    """Where a descent with ten categories ought to end, nine logits are tied."""
    best = np.where(np.arange(10) == 0, 100.0, 0.0)
    assert np.isnan(closed_forms.closed_form_mean(best[None])).all()
    close(cc_cross_entropy(best, smooth_labels(0, 10, 0.1)).grad.z, 0, 4 * EPS)


@pytest.mark.claim(id="B9")
def test_loss_of_the_continuous_categorical_is_the_cross_entropy_less_log_C():
    log_C = ContinuousCategorical(Z).log_norm_const
    close(cc_cross_entropy(Z, Y).loss, softmax_cross_entropy(Z, Y).loss - log_C, 8 * EPS)
    close(-ContinuousCategorical(Z).log_prob(Y), cc_cross_entropy(Z, Y).loss, 8 * EPS)


@pytest.mark.claim(id="B11")
def test_both_losses_rank_a_label_alike_and_fit_it_with_different_logits():
    """At the optimum softmax(z) of the cross-entropy is the label; that of the continuous categorical is much sharper."""
    best = ContinuousCategorical.from_mean(Y).eta
    close(cc_cross_entropy(best, Y).grad.z, 0, 4 * EPS)
    close(softmax_cross_entropy(np.log(Y), Y).grad.z, 0, 4 * EPS)
    assert (np.diff(Y) < 0).all() and (np.diff(best) < 0).all()
    assert np.array_equal(np.round(softmax(best), 3), [0.866, 0.131, 0.003, 0])


# -------------------------------------------------------------------------------------------------- smoothed labels


@pytest.mark.claim(id="B13")
def test_smoothed_cross_entropy_mixes_that_of_the_label_with_the_mean_over_all_categories():
    alpha, label = 0.1, 2
    close(smooth_labels(label, 4, alpha), [0.025, 0.025, 0.925, 0.025], EPS)
    of_each = softmax_cross_entropy(Z, np.eye(4)).loss
    smoothed = softmax_cross_entropy(Z, smooth_labels(label, 4, alpha)).loss
    close(smoothed, (1 - alpha) * of_each[label] + alpha * of_each.mean(), 4 * EPS)


def best_gap(D, alpha):
    """Between the label's logit and each of the others."""
    eta = ContinuousCategorical.from_mean(smooth_labels(0, D, alpha)).eta
    assert np.ptp(eta[1:]) == 0
    return eta[0] - eta[1]


@pytest.mark.claim(id="B14")
def test_smoothed_label_wants_a_gap_of_D_over_alpha_if_that_is_large():
    """For much smoothing the optimum is nearer: at alpha = 1 all logits are equal."""
    close([best_gap(10, alpha) for alpha in (0.05, 0.1, 0.2)], [200, 100, 50], 1e-9)
    assert round(best_gap(10, 0.5), 2) == 19.94 and round(best_gap(10, 0.9), 2) == 6.73 and best_gap(10, 1.0) == 0
    cross_entropy = np.log1p(10 * 0.9 / 0.1)
    assert round(cross_entropy, 2) == 4.51 and 22 < best_gap(10, 0.1) / cross_entropy < 23
    close(softmax_cross_entropy(cross_entropy * np.eye(10)[0], smooth_labels(0, 10, 0.1)).grad.z, 0, 4 * EPS)


# ------------------------------------------------------------------------------------------------------ Actor-Mimic


@pytest.mark.claim(id="B19")
def test_least_total_cross_entropy_of_a_state_is_at_the_mean_of_its_labels():
    """Gibbs: any other policy costs its divergence more, per label."""
    rng = np.random.default_rng(19)
    labels, others = rng.dirichlet(np.ones(4), 30), rng.normal(size=(50, 1, 4)) * 2
    mean = labels.mean(0)
    least = softmax_cross_entropy(np.log(mean), labels)
    close(least.grad.z.sum(0), 0, 30 * EPS)
    divergence = [mean @ (np.log(mean) - z + np.logaddexp.reduce(z)) for (z,) in others]
    close(softmax_cross_entropy(others, labels).loss.mean(-1) - least.loss.mean(), divergence, 1e-14)
    assert min(divergence) > 0


@pytest.mark.claim(id="B20")
def test_descent_on_equation_10_as_transcribed_runs_away_from_the_best_fit():
    """It is minus the loss: from beside its optimum, the gradient points away, and there is no least value."""
    best = ContinuousCategorical.from_mean(Y).eta
    away = np.array([-1.0, 0.5, 0.25, 0.25])
    transcribed = [-cc_cross_entropy(best + t * away, Y).loss for t in (0, 1, 10, 100, 1000)]
    assert (np.diff(transcribed) < 0).all() and transcribed[-1] < -400
    assert cc_cross_entropy(best + away, Y).grad.z @ away > 0


@pytest.mark.claim(id="B23")
def test_mean_share_of_a_category_behind_is_one_over_its_gap():
    """Up to 3/gap, relative; softmax has e^-gap. A policy of two actions whose values differ by 10 has the share 4.5e-5."""
    for gap in (1e2, 1e4, 1e6):
        for others in ([0.0], [0.0, 0.0], [0.0, -gap], [0.0, -3.0, -gap / 2]):
            assert abs(ContinuousCategorical([*others, -gap]).mean[-1] * gap - 1) < 3 / gap
    policy = softmax(np.array([10.0, 0.0]))
    assert round(policy[1], 6) == 4.5e-5
    gap = np.ptp(ContinuousCategorical.from_mean(policy).eta)
    close(gap * policy[1], 1, 1e-12)
    assert round(gap, -3) == 22000


@pytest.mark.claim(id="B23")
@pytest.mark.parametrize("D", [2, 3, 10, 50])
def test_mean_share_is_between_one_over_its_gap_plus_D_and_one_over_its_gap(D):
    """The logits are rounded, so that many are tied."""
    eta = np.round(np.random.default_rng(D).normal(size=(200, D)) * np.geomspace(0.1, 1e4, 200)[:, None])
    gap, mean = eta.max(-1, keepdims=True) - eta, ContinuousCategorical(eta).mean
    assert (mean * (gap + D) >= 1 - 8 * EPS).all() and (mean * gap <= 1 + 8 * EPS).all()


@pytest.mark.claim(id="B24")
def test_softmax_of_values_is_inside_the_simplex_until_it_underflows():
    """A gap of 746 temperatures is the vertex itself in double precision."""
    policy = lambda gap: softmax(np.array([0.0, -gap]))
    assert (policy(700.0) > 0).all() and np.array_equal(policy(746.0), [1, 0])
    close(policy(3.0).sum(), 1, EPS)
    with mp.workdps(400):
        assert 0 < 1 / (1 + mp.exp(746)) < mp.mpf(10) ** -323


# ----------------------------------------------------------------------------------------------------- many categories


@pytest.mark.claim(id="B26")
@pytest.mark.parametrize("D", [10, 1000, 10**6])
def test_log_partition_and_means_are_exact_for_a_million_categories(D):
    """One logit ahead of ties by c D: Z = M(1, D, c D)/(D - 1)! and its logarithmic derivative, M being Kummer's function."""
    for c in (0.1, 3.0):
        with mp.workdps(30):
            kummer = mp.hyp1f1(1, D, c * D)
            A = mp.log(kummer) - mp.loggamma(D)
            mean = mp.hyp1f1(2, D + 1, c * D) / (D * kummer)
            rest = (1 - mean) / (D - 1)
        found = ContinuousCategorical(c * D * np.eye(1, D)[0])
        close(found.log_partition, float(A), 4 * EPS * max(1, math.lgamma(D), c * D))
        np.testing.assert_allclose(found.mean[0], float(mean), rtol=8 * EPS)
        np.testing.assert_allclose(found.mean[1:], float(rest), rtol=8 * EPS)


@pytest.mark.claim(id="B26")
@pytest.mark.parametrize("D, step", [(10, 1.0), (1000, 0.01)])
def test_log_partition_and_means_are_exact_for_logits_in_equal_steps(D, step):
    """Distinct logits, no ties: Z = (e^h - 1)^(D-1) / (h^(D-1) (D-1)!), eq. (cc-grid). The slope of A along the steps needs no mean."""
    found = ContinuousCategorical(step * np.arange(D))
    with mp.workdps(30):
        h, n = mp.mpf(step), D - 1
        A = n * mp.log(mp.expm1(h) / h) - mp.loggamma(D)
        along = n * (mp.exp(h) / mp.expm1(h) - 1 / h)  # dA/dh = the mean of k
    close(found.log_partition, float(A), 4 * EPS * max(1, abs(float(A)), step * D))
    np.testing.assert_allclose(found.mean @ np.arange(D), float(along), rtol=16 * EPS)
