"""Label smoothing: the derivation's best gaps and bounds, the network, the runs of the experiment and what is stored of them."""

import json
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

import kdeviz
from book import closed_forms
from book.experiments import label_smoothing as experiment
from book.experiments import statistics
from book.experiments.networks import Adam, Network
from derivations import label_smoothing

rng = np.random.default_rng(5)
SETTING = {"data": "digits", "power": 0, "dropout": 0.0, "rate": 1e-3, "seed": 3}


# ------------------------------------------------------------------------------------------------------- the derivation
@pytest.mark.parametrize("D, alpha", [(2, "1/10"), (10, "1/10"), (10, "1/2"), (5, "9/10")])
def test_best_gap_has_the_smoothed_label_for_its_mean(D, alpha):
    gap = float(label_smoothing.best_gap(D, Fraction(alpha)))
    mean = kdeviz.ContinuousCategorical(np.r_[gap, np.zeros(D - 1)]).mean
    np.testing.assert_allclose(mean, kdeviz.smooth_labels(0, D, float(Fraction(alpha))), rtol=1e-14)


def test_best_gap_is_below_its_approximation_by_an_exponentially_small_share():
    with mp.workdps(120):
        missing = [1 - label_smoothing.best_gap(10, Fraction(1, n)) / (10 * n) for n in (2, 10, 20)]
    assert all(share > 0 for share in missing) and missing[1] < mp.exp(-70) and missing[2] < mp.exp(-160)


@pytest.mark.parametrize("D", [2, 3, 10, 50])
def test_equal_logits_have_the_covariance_of_a_category_divided_by_one_more_than_their_number(D):
    categorical = (np.eye(D) - 1 / D) / D
    covariance = kdeviz.ContinuousCategorical(np.zeros(D)).covariance_matrix
    np.testing.assert_allclose(covariance * (D + 1), categorical, atol=1e-15)


@pytest.mark.parametrize("power, slope", [(0.5, 1 / np.sqrt(11)), (1, 1)])
def test_scaled_logits_move_the_mean_as_the_softmax_moves_or_have_its_information_but_not_both(power, slope):
    f, scale = 1e-6 * rng.normal(size=10), 11.0**power
    moved = kdeviz.ContinuousCategorical(scale * f).mean - 0.1
    as_softmax = kdeviz.softmax_cross_entropy(f, np.full(10, 0.1)).grad.z
    np.testing.assert_allclose(moved, slope * as_softmax, atol=1e-11)
    information = scale**2 * kdeviz.ContinuousCategorical(np.zeros(10)).variance
    assert np.allclose(information, 0.09) == (power == 0.5)


def test_closed_form_fails_near_a_tie_at_a_small_gap_and_not_at_a_large_one():
    others = rng.uniform(-0.5, 0.5, (200, 9))
    rows = {gap: np.c_[np.full(200, gap), others].astype(np.float32) for gap in (4.5, 100)}
    lost = {gap: np.isnan(closed_forms.closed_form_mean(eta)).any(-1).mean() for gap, eta in rows.items()}
    assert lost[4.5] > 0.95 and lost[100] == 0


def test_gaps_of_twenty_logits_are_multiplied_without_overflow():
    """193^19 is no float32; the published code divides by the standard deviation first."""
    eta = np.c_[np.full(200, 193), rng.normal(0, 36, (200, 19))].astype(np.float32)
    assert np.isinf(closed_forms.quiet(closed_forms.product_of_gaps)(eta)).any(-1).all()
    assert not np.isnan(closed_forms.closed_form_mean(eta)).any()


# ---------------------------------------------------------------------------------------------------------- the network
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_gradient_of_the_network_is_the_slope_of_the_loss(dropout):
    network, x, y = Network((4, 6, 5, 3), rng), rng.normal(size=(7, 4)), rng.dirichlet(np.ones(3), 7)
    start = rng.normal(
        size=network.parameters.shape
    )  # no bias of 0, where a row of dropped units would sit on the kink

    def result(parameters):
        network.parameters[:] = parameters
        return kdeviz.cc_cross_entropy(network.forward(x, dropout, np.random.default_rng(1)), y)

    gradient, step = network.backward(result(start).grad.z), 1e-6
    slopes = [(result(start + e).loss - result(start - e).loss).sum() / (2 * step) for e in step * np.eye(len(start))]
    np.testing.assert_allclose(slopes, gradient, atol=1e-8)


def test_dropout_keeps_the_mean_of_a_hidden_unit():
    network = Network((3, 4, 2), rng)
    whole = network.forward(np.ones((1, 3)))
    kept = network.forward(np.ones((40000, 3)), 0.3, rng)
    np.testing.assert_allclose(kept.mean(0), whole[0], atol=5 * kept.std() / 200)


def test_first_step_of_adam_is_the_rate_against_the_sign():
    parameters, gradient = np.zeros(5), np.array([3.0, -1e-3, 0.5, -20.0, 1.0])
    Adam(parameters, rate=0.01).step(gradient)
    np.testing.assert_allclose(parameters, -0.01 * np.sign(gradient), rtol=1e-4)


def test_adam_finds_a_minimum():
    parameters = np.array([1.0, -2.0])
    adam = Adam(parameters, rate=0.05)
    for _ in range(1000):
        adam.step(parameters * [1, 100])
    assert abs(parameters).max() < 1e-3


# ------------------------------------------------------------------------------------------------------- the experiment
@pytest.mark.parametrize("name, sizes", [("digits", (500, 1297, 64)), ("signals", (1000, 1000, 40))])
def test_data_are_those_of_the_seed_and_no_row_is_in_both_parts(name, sizes):
    split, again, other = (experiment.DATA[name](seed) for seed in (1, 1, 2))
    assert (len(split.x), len(split.x_test), split.x.shape[1]) == sizes
    assert set(split.y) == set(range(split.D))
    np.testing.assert_array_equal(split.x, again.x)
    assert not np.array_equal(split.x, other.x)
    assert not {row.tobytes() for row in split.x} & {row.tobytes() for row in split.x_test}


def test_a_row_on_which_the_closed_form_fails_gets_the_smoothed_cross_entropy():
    z, y = np.array([np.zeros(4), [9.0, 5.0, 1.0, -3.0]]), kdeviz.smooth_labels([0, 1], 4, 0.1)
    found, lost, wrong = experiment.gradient("closed_form", z, y)
    assert lost.tolist() == [True, False] and not wrong.any()
    np.testing.assert_array_equal(found[0], kdeviz.softmax_cross_entropy(z, y).grad.z[0])
    np.testing.assert_allclose(found[1], kdeviz.cc_cross_entropy(z, y).grad.z[1], atol=1e-5)


def test_a_mean_of_the_closed_form_that_is_off_counts_as_wrong():
    z = np.random.default_rng(0).normal(size=(500, 6))
    _, lost, wrong = experiment.gradient("closed_form", z, kdeviz.smooth_labels(np.zeros(500, int), 6, 0.1))
    assert wrong.sum() > 20 and lost.sum() > 20 and not (wrong & lost).any()


def test_a_run_is_a_training_of_its_seed_and_its_beginning_is_the_trace():
    found = experiment.run(**SETTING, loss="cc", epochs=3)
    assert found["trace"] == experiment.trace(**SETTING, loss="cc")["trace"]
    assert found["accuracy"] > 0.3 and found["best"] >= found["accuracy"]
    assert found != experiment.run(**SETTING | {"seed": 4}, loss="cc", epochs=3)
    json.dumps(found, allow_nan=False)


def test_gaps_are_those_from_the_label_to_each_other_logit():
    np.testing.assert_array_equal(experiment.gaps(np.array([[5.0, 1.0, 2.0]]), np.array([2])), [[-3.0, 1.0]])


def test_calibration_error_is_what_confidence_and_hits_differ_by():
    share, hits = np.tile([0.8, 0.2], (10, 1)), np.r_[np.zeros(6, int), np.ones(4, int)]
    found = experiment.calibration("softmax", share, hits)
    assert found["ece_softmax"] == pytest.approx(0.2)
    assert found["nll_softmax"] == pytest.approx(-(6 * np.log(0.8) + 4 * np.log(0.2)) / 10)


# ------------------------------------------------------------------------------------------------------ what is stored
@pytest.fixture(scope="module")
def runs():
    return statistics.load("label_smoothing")


def test_every_unit_is_stored_with_at_least_ten_seeds(runs):
    assert [
        {key: run[key] for key in unit} for run, unit in zip(runs, experiment.UNITS, strict=True)
    ] == experiment.UNITS
    assert len({run["seed"] for run in runs}) >= 10


@pytest.mark.parametrize("loss, power", [("one_hot", 0), ("smoothed", 0), ("cc", 1)])
def test_stored_runs_begin_as_they_do_here(loss, power):
    unit = {"data": "digits", "loss": loss, "power": power, "dropout": 0.3, "rate": 1e-3, "epochs": 200, "seed": 0}
    statistics.repeats("label_smoothing", unit, experiment.trace(**{key: unit[key] for key in unit if key != "epochs"}))


def test_with_twenty_categories_the_closed_form_trains_by_the_cross_entropy(runs):
    for run in statistics.select(runs, data="signals", loss="closed_form", dropout=0.0):
        shared = {key: run[key] for key in ("data", "power", "dropout", "rate", "epochs", "seed")}
        (plain,) = statistics.select(runs, loss="smoothed", **shared)
        assert run["lost_mean"] == 1 and run["curve"] == plain["curve"] and run["gap_test"] == plain["gap_test"]


ONE_HOT, SMOOTHED = {"loss": "one_hot"}, {"loss": "smoothed", "power": 0}
PLAIN, SCALED = ({"loss": "cc", "power": power} for power in (0, 1))


def gain(runs, a, b, data, dropout=0.0, rate=experiment.RATE, epochs=experiment.EPOCHS):
    """Interval of the accuracy of a less that of b."""
    trained = statistics.select(runs, data=data, dropout=dropout, rate=rate, epochs=epochs)
    return statistics.paired(trained, "accuracy", a, b)


@pytest.mark.claim(id="B16")
def test_smoothing_helps_on_digits_most_under_the_cross_entropy_and_harms_on_signals(runs):
    assert gain(runs, SCALED, ONE_HOT, "digits").low > 0 < gain(runs, SMOOTHED, SCALED, "digits").low
    assert gain(runs, SCALED, ONE_HOT, "signals").high < 0 > gain(runs, SMOOTHED, ONE_HOT, "signals").high


@pytest.mark.claim(id="B17")
def test_continuous_categorical_beats_one_hot_labels_on_digits_without_dropout_if_scaled_or_trained_for_longer(runs):
    assert gain(runs, SCALED, ONE_HOT, "digits").low > 0 > gain(runs, PLAIN, ONE_HOT, "digits").high
    assert (
        gain(runs, PLAIN, ONE_HOT, "digits", epochs=500).low > 0 < gain(runs, PLAIN, ONE_HOT, "digits", rate=3e-3).low
    )


@pytest.mark.claim(id="B17")
def test_continuous_categorical_does_not_clearly_beat_one_hot_labels_with_dropout_or_on_signals(runs):
    elsewhere = [("digits", 0.3), ("signals", 0.0), ("signals", 0.3)]
    assert all(gain(runs, cc, ONE_HOT, *where).low < 0 for cc in (PLAIN, SCALED) for where in elsewhere)
    longer = [{"epochs": 500}, {"rate": 3e-3}]
    assert all(gain(runs, cc, ONE_HOT, "signals", **training).low < 0 for cc in (PLAIN, SCALED) for training in longer)


@pytest.mark.claim(id="B17")
def test_continuous_categorical_beats_the_smoothed_cross_entropy_only_where_smoothing_harms(runs):
    assert all(gain(runs, cc, SMOOTHED, "digits", dropout).high < 0 for cc in (PLAIN, SCALED) for dropout in (0.0, 0.3))
    assert gain(runs, PLAIN, SMOOTHED, "signals").low > 0 > gain(runs, SMOOTHED, ONE_HOT, "signals").high
