"""The experiment "a gun and a surfer": its losses, its law on the circle, its order of time, its scores, its stored results."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import cauchy, laplace, norm

import kdeviz
from book.experiments import gun_and_surfer as experiment
from book.experiments.gun_and_surfer import CHOSEN_AGAIN, LEARNERS, OUTLIERS, UNITS, Judge, Shots
from book.experiments.statistics import load, repeats

CIRCLE = {"data": "circle", "outliers": 0.4, "seed": 7}
WAVES = {"data": "walls_trackfire", "block": 1, "seed": 1}
THETA = np.linspace(-0.5, 0.7, 6)


@pytest.fixture(scope="module", params=[CIRCLE, WAVES], ids=["circle", "waves"])
def split(request):
    return experiment.split(**request.param)


@pytest.fixture(scope="module")
def known(split):
    return split.known(split.unit)


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS)
def test_gradient_in_theta_is_the_slope_of_the_loss(learner, split, known):
    few, loss = known.some(np.s_[:20]), LEARNERS[learner]
    mean = lambda theta: loss(experiment.logits(theta, few), few, split.seen)[0].mean()
    grad = experiment.slope(THETA, few, loss(experiment.logits(THETA, few), few, split.seen)[1])
    differences = [(mean(THETA + e) - mean(THETA - e)) / 2e-5 for e in 1e-5 * np.eye(6)]
    np.testing.assert_allclose(grad, differences, atol=1e-9)


@pytest.mark.parametrize(("kernel", "law"), [("laplace", laplace), ("gaussian", norm), ("cauchy", cauchy)])
def test_kernels_hold_half_their_mass_equally_near(kernel, law, split):
    h = experiment.bandwidth(kernel, split.seen)
    near = split.seen.h * np.log(2)
    assert law.cdf(near, scale=h) - law.cdf(-near, scale=h) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("kernel", ["gaussian", "cauchy"])
def test_bins_of_smooth_kernels_are_as_good_as_quadrature(kernel):
    split = experiment.split(**WAVES)
    few = split.known(split.unit).some(np.s_[:20])
    z, h = experiment.logits(split.unit, few), experiment.bandwidth(kernel, split.seen)
    found = experiment.log_score(z, few, split.seen, kernel)
    exact = kdeviz.kde_cross_entropy(z, few.points, few.a, few.b, h, kernel=kernel, method="quadrature", wrt="z")
    np.testing.assert_allclose(found[0], exact.loss, atol=1e-3)  # the midpoint rule of 64 bins
    np.testing.assert_allclose(found[1], exact.grad.z, atol=1e-4)


def test_squared_error_and_miss_chance_by_hand():
    shots, z = of_one(points=[0.0, 1.0, 3.0], a=0.8, b=1.2), np.log([[0.5, 0.25, 0.25]])
    line = experiment.split(**WAVES).seen
    assert experiment.squared_error(z, shots, line)[0] == pytest.approx(0)  # the mean is 1
    assert experiment.miss_chance(z, shots, line)[0] == pytest.approx(0.75)


def of_one(points, a, b, half=0.1):
    """Shots with one question whose neighbours met `points`, with no features."""
    points = np.array([points])
    return Shots(np.zeros((*points.shape, 6)), points - half, points + half, np.array([a]), np.array([b]))


# --- the law on the circle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outliers", OUTLIERS)
def test_density_on_the_circle_integrates_to_one(outliers):
    y = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    f = np.random.default_rng(0).normal(size=(5, 1, 6))
    p = experiment.true_density(f, experiment.around(y, 2 * np.pi), outliers)
    np.testing.assert_allclose(p.mean(axis=1) * 2 * np.pi, 1, atol=1e-9)


@pytest.mark.parametrize("outliers", OUTLIERS)
def test_draws_follow_the_law(outliers):
    count, bins = 4_000, 24
    seen = experiment.circle(outliers, 1, count)
    fine = np.linspace(-np.pi, np.pi, bins * 10, endpoint=False) + np.pi / (bins * 10)
    error = experiment.around(seen.middle - 1.5 * seen.features[:, 0], 2 * np.pi)
    y = experiment.around(fine + 1.5 * seen.features[:, :1], 2 * np.pi)
    expected = experiment.true_density(seen.features[:, None], y, outliers).mean(axis=0).reshape(bins, -1).mean(axis=1)
    expected *= 2 * np.pi / bins * count
    counted, _ = np.histogram(error, bins, (-np.pi, np.pi))
    usual = expected > 5
    assert ((counted - expected)[usual] ** 2 / expected[usual]).sum() < 24 + 5 * np.sqrt(48)  # five deviations
    assert counted[~usual].sum() <= 5 * (~usual).sum()


def test_perfect_knowledge_beats_every_forecast_on_average():
    for outliers in OUTLIERS:
        runs = [run for run in load("gun_and_surfer") if run["data"] == "circle" and run["outliers"] == outliers]
        truth = np.mean([run["truth"]["log_loss"] for run in runs])
        assert truth < min(np.mean([run["scores"][name]["log_loss"] for run in runs]) for name in runs[0]["scores"])


# --- what is known when ----------------------------------------------------------------------------------------------


def test_memory_is_earlier_than_what_is_held_out_and_blocks_are_disjoint():
    for data in {unit["data"] for unit in UNITS} - {"circle"}:
        blocks = [experiment.split(**unit) for unit in UNITS if unit["data"] == data]
        held = np.concatenate([block.held for block in blocks])
        assert len(blocks) == 4 and len(set(held)) == len(held)
        for block in blocks:
            assert set(block.questions) <= set(block.memory)
            assert block.seen.group[block.memory].max() < block.seen.group[block.held].min()


def test_neighbours_are_the_nearest_of_other_rounds():
    split = experiment.split(**WAVES)
    seen, memory, asked = split.seen, split.memory, split.questions[:10]
    shots = experiment.recall(seen, asked, memory, THETA)
    f = seen.features / seen.features[memory].std(axis=0)
    for n, query in enumerate(asked):
        others = memory[seen.group[memory] != seen.group[query]]
        distance = np.sort(((f[others] - f[query]) ** 2) @ np.exp(THETA))[: experiment.NEIGHBOURS]
        np.testing.assert_allclose(np.sort(shots.apart[n] @ np.exp(THETA)), distance)


def test_the_exact_learner_looks_away_from_noise():
    split = experiment.split("circle", seed=3, outliers=0.0)
    theta, trace = experiment.learn(split.known(split.unit), experiment.log_score, split.seen, seed=3)
    assert theta[0] > 3 and (theta[1:] < 0).all() and np.mean(trace[-10:]) < np.mean(trace[:10]) - 0.5


# --- scores ----------------------------------------------------------------------------------------------------------


def judge(shots, law, offers=(0.0, 2.0)):
    return Judge(shots, law, np.array([[offers]]))


def test_crps_is_the_integral_of_the_squared_distance_of_distribution_functions():
    points, S, y = [-0.3, 0.1, 0.7], np.full(3, 1 / 3), 0.3
    law = experiment.split(**WAVES).seen
    F = lambda x: (S * (np.array(points) <= x)).sum() - (y <= x)
    expected = quad(lambda x: F(x) ** 2, -1, 1, points=[*points, y])[0]
    found = judge(of_one(points, y - 0.1, y + 0.1), law).scores(np.full(6, -np.inf))
    assert found["crps"] == pytest.approx(expected, abs=1e-6)


def test_forecast_in_one_place_hits_there_and_the_surfer_goes_elsewhere():
    law = experiment.circle(0.0, 0, 10)
    for place, hit in ((3.1, 1), (1.0, 0)):  # the target is met across the antipode
        found = judge(of_one([place] * 3, 3.1 - 0.2, 3.1 + 0.2), law, offers=(3.1, 1.0)).scores(np.zeros(6))
        assert found["hit"] == found["hit_peak"] == found["hit_mean"] == hit
        assert found["danger"] == 1 - hit
        assert found["error"] == pytest.approx(3.1 - place, abs=1e-6)


def test_hard_share_counts_questions_without_a_near_neighbour():
    law = experiment.circle(0.0, 0, 10)
    assert experiment.hard_share(of_one([0.0, -3.1], 3.0, 3.2), law) == 0  # -3.1 is just across the antipode
    assert experiment.hard_share(of_one([0.0, 2.0], 3.0, 3.2), law) == 1


# --- the stored results ----------------------------------------------------------------------------------------------


def test_results_are_of_all_units_and_all_forecasts():
    runs = load("gun_and_surfer")
    assert [{key: run[key] for key in unit} for run, unit in zip(runs, UNITS, strict=True)] == UNITS
    names = {"equal votes", "unit metric", *LEARNERS, "exact, chosen once more"}
    names |= {f"{name}, chosen again" for name in CHOSEN_AGAIN}
    assert all(set(run["scores"]) == names for run in runs)


@pytest.mark.parametrize("unit", [UNITS[0], UNITS[-1]], ids=["waves", "circle"])
def test_learning_begins_as_it_is_stored(unit):
    repeats("gun_and_surfer", unit, experiment.beginning(5, **unit))


@pytest.fixture(scope="module")
def groups():
    return experiment.groups(load("gun_and_surfer"))


OUTLYING = ["circle, 20% outliers", "circle, 40% outliers"]


@pytest.mark.claim(id="A17")
@pytest.mark.claim(id="A18")
@pytest.mark.parametrize("group", OUTLYING)
def test_among_outliers_laplace_hits_more_than_gaussian_and_less_than_cauchy(groups, group):
    hits = lambda kernel: experiment.compare(groups[group], "hit", kernel)
    assert hits("gaussian").high < 0 < hits("cauchy").low


@pytest.mark.claim(id="A17")
@pytest.mark.claim(id="A18")
@pytest.mark.parametrize("group", OUTLYING)
def test_among_outliers_no_loss_that_insists_forecasts_better_than_laplace(groups, group):
    """By the error of the mean, by the CRPS and by what the surfer risks; Cauchy errs more."""
    for insisting in ("gaussian", "squared error"):
        assert experiment.compare(groups[group], "error", insisting).high > 0
        assert experiment.compare(groups[group], "crps", insisting).low > 0
        assert experiment.compare(groups[group], "danger", insisting).high > 0
    assert experiment.compare(groups[group], "error", "cauchy").low > 0


@pytest.mark.claim(id="A17")
@pytest.mark.claim(id="A18")
def test_without_outliers_tails_make_no_difference_to_hits(groups):
    for kernel in ("gaussian", "cauchy"):
        found = experiment.compare(groups["circle, 0% outliers"], "hit", kernel)
        assert found.low < 0 < found.high and found.high - found.low < 1  # percentage points


@pytest.mark.claim(id="A17")
@pytest.mark.claim(id="A18")
def test_waves_do_not_show_that_heavy_tails_hit_more(groups):
    assert experiment.compare(groups["waves"], "hit", "cauchy").mean < 0
    assert experiment.compare(groups["waves"], "hit", "miss chance").mean < 0


@pytest.mark.claim(id="A19")
def test_choosing_neighbours_again_helps_on_every_circle_and_not_clearly_on_waves(groups):
    for name, runs in groups.items():
        found = experiment.compare(runs, "log_loss", "exact, chosen again")
        assert (found.low < 0 < found.high) if name == "waves" else (found.high < 0 and found.positive == 0)


def test_interval_counts_battles_not_blocks(groups):
    assert experiment.compare(groups["waves"], "hit", "cauchy").n == 6
    assert experiment.compare(groups["circle, 20% outliers"], "hit", "cauchy").n == 20
