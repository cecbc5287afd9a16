"""Actor-Mimic: what the derivation proves, the tasks and their experts, the losses, and the stored runs."""

import json
from itertools import islice

import numpy as np
import pytest
from scipy.special import softmax

from book.experiments import actor_mimic as experiment
from book.experiments import statistics, tasks
from kdeviz import ContinuousCategorical, cc_cross_entropy, softmax_cross_entropy

rng = np.random.default_rng(7)
Y = np.array([[0.7, 0.2, 0.06, 0.04], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
F = rng.normal(size=Y.shape)
SETTINGS = {"task": "shared", "T": 1.0, "floor": 0.0, "rate": 1e-3, "seed": 3}


# ------------------------------------------------------------------------------------------------------ the derivation
@pytest.mark.claim(id="B23")
@pytest.mark.parametrize("D", [2, 4, 6, 18])
def test_share_of_an_action_behind_is_at_most_one_over_its_gap_and_nearly_that_far_behind(D):
    gaps = np.c_[np.zeros(50), rng.uniform(1, 200, (50, D - 1))]
    mean = ContinuousCategorical(-gaps).mean
    least = 1 - 2.0**D * np.exp(-gaps[:, 1:].min(1, keepdims=True) / 2)
    share = (mean * gaps)[:, 1:]
    assert (share <= 1 + 1e-14).all() and (share >= least - 1e-14).all()


@pytest.mark.claim(id="B23")
def test_two_actions_with_values_ten_apart_need_a_gap_of_twenty_two_thousand():
    share = softmax([0.0, -10.0])
    eta = ContinuousCategorical.from_mean(share).eta
    assert share[1] == pytest.approx(4.5e-5, rel=0.01) and eta[0] - eta[1] == pytest.approx(1 / share[1], rel=1e-12)
    assert 22000 < eta[0] - eta[1] < 22100


def test_best_logits_are_those_of_the_cross_entropy_times_one_more_than_the_actions_when_hot():
    Q = rng.normal(size=6)
    eta = ContinuousCategorical.from_mean(softmax(Q / 1e4)).eta
    np.testing.assert_allclose(eta - eta.mean(), 7 * (Q - Q.mean()) / 1e4, atol=1e-6)


# ----------------------------------------------------------------------------------------------------------- the tasks
def test_worth_of_a_policy_is_its_discounted_reward():
    P, R = np.zeros((2, 1, 2)), np.array([[1.0], [5.0]])
    P[0, 0, 1] = 1  # from the first state to the second, where it ends
    start = np.array([1.0, 0.0])
    assert tasks.worth(P, R, start, np.ones((2, 1))) == pytest.approx(1 + 5 * tasks.DISCOUNT)


@pytest.mark.parametrize("name", tasks.NAMES)
def test_expert_is_exact(name):
    task = tasks.load(name)
    np.testing.assert_allclose(task.Q, task.R + tasks.DISCOUNT * task.P @ task.Q.max(1), atol=1e-10)
    assert task.start @ task.Q.max(1) == pytest.approx(task.expert, rel=1e-9)
    assert tasks.score(task, tasks.greedy(task.Q)) == 1
    assert tasks.score(task, np.full(task.Q.shape, 1 / task.Q.shape[1])) == 0


def test_states_of_all_tasks_look_different_to_the_network():
    rows = np.concatenate([tasks.features(name) for name in tasks.NAMES])
    assert len(np.unique(rows, axis=0)) == len(rows) == sum(len(tasks.load(name).Q) for name in tasks.NAMES)


def test_a_taxi_that_drives_about_without_a_passenger_scores_nearly_three_quarters():
    task = tasks.load("Taxi")
    south = np.eye(6)[np.zeros(len(task.Q), int)]
    assert tasks.worth(task.P, task.R, task.start, south) == pytest.approx(-1 / (1 - tasks.DISCOUNT))
    assert 0.72 < tasks.score(task, south) < 0.73


@pytest.mark.claim(id="B24")
@pytest.mark.parametrize("T", [1.0, 5.0])
def test_guidance_is_inside_the_simplex(T):
    for taught in experiment.lessons("shared", T, 0.0).values():
        assert taught.y.min() > 0
        np.testing.assert_allclose(taught.y.sum(1), 1, atol=1e-14)


# ---------------------------------------------------------------------------------------------------------- the losses
def ce(z, y):
    return softmax_cross_entropy(z, y).loss


def cc(z, y):
    return cc_cross_entropy(z, y).loss


VALUES = {  # what the gradients of the experiment are gradients of
    "ce": ce,
    "cc": cc,
    "slow_ce": lambda f, y: ce(f / 5, y),
    "fast_cc": lambda f, y: cc(5 * f, y),
    "ce_of_mean": lambda f, y: -(y * np.log(ContinuousCategorical(f).mean)).sum(-1),
    "cc_of_softmax": lambda f, y: cc(ContinuousCategorical.from_mean(experiment.some_even(f)).eta, y),
    "cc_of_saddle": lambda f, y: cc(-1 / experiment.some_even(f), y),
}


@pytest.mark.parametrize("name", VALUES)
def test_gradient_is_that_of_the_loss(name):
    direction, step = rng.normal(size=F.shape), 1e-5
    difference = VALUES[name](F + step * direction, Y) - VALUES[name](F - step * direction, Y)
    gradient = experiment.LOSSES[name].gradient(F, Y)
    np.testing.assert_allclose((gradient * direction).sum(-1), difference / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in experiment.LOSSES if name not in (*experiment.CLOSED, "skip")])
def test_every_exact_loss_rests_where_the_policy_is_the_guidance(name):
    loss = experiment.LOSSES[name]
    guidance = loss.policy(0.3 * F)
    assert abs(loss.gradient(0.3 * F, guidance)).max() < (1e-4 if name == "double" else 1e-10)


def test_row_that_the_closed_form_loses_is_dropped_or_replaced():
    f = np.array([[0.0, 0.0, 0.1, 0.2], [9.0, 4.0, 1.0, 0.0]])  # a tie, and none
    y, gradient = Y[:2], lambda name: experiment.LOSSES[name].gradient(f, Y[:2])
    np.testing.assert_allclose(gradient("drop")[1], gradient("cc")[1], atol=1e-3)
    assert np.isnan(gradient("drop")[0]).all()
    np.testing.assert_array_equal(gradient("fallback")[0], softmax(f[0]) - y[0])
    np.testing.assert_array_equal(gradient("mixed"), np.stack([gradient("ce")[0], gradient("cc")[1]]))
    np.testing.assert_array_equal(gradient("fallback")[1], gradient("drop")[1])


def test_batch_is_skipped_where_a_mean_is_no_number_but_not_where_it_is_wrong():
    tie, near = np.array([0.0, 0.0, 0.1, 0.2]), np.array([0.0, 1e-6, 2e-3, 1e-3])
    gradient = lambda loss, *f: experiment.LOSSES[loss].gradient(np.array(f), Y[: len(f)])
    assert np.isnan(gradient("skip", near, tie)).all()
    assert np.isfinite(gradient("skip", near)).all() and np.isnan(gradient("drop", near)).all()
    assert abs(gradient("skip", near) - gradient("cc", near)).max() > 0.1


@pytest.mark.parametrize("damping", experiment.DAMPINGS)
def test_damped_gradient_is_that_of_the_loss_times_an_inverse_covariance(damping):
    V = ContinuousCategorical(3 * F).covariance_matrix
    raised = V + damping * np.trace(V, axis1=1, axis2=2)[:, None, None] * np.eye(4)
    solution = experiment.LOSSES[f"damped_{damping}"].gradient(3 * F, Y)
    np.testing.assert_allclose((raised @ solution[..., None])[..., 0], experiment.CC.gradient(3 * F, Y), atol=1e-12)


@pytest.mark.parametrize("name", ["natural_ce", "natural_cc"])
def test_natural_gradient_moves_the_policy_straight_to_the_guidance(name):
    loss, length = experiment.LOSSES[name], 1e-6
    moved = loss.policy(3 * F - length * loss.gradient(3 * F, Y)) - loss.policy(3 * F)
    np.testing.assert_allclose(moved / length, Y - loss.policy(3 * F), atol=1e-4)


def test_natural_gradient_reaches_logits_a_million_apart():
    y = np.array([[1 - 3e-6, 1e-6, 1e-6, 1e-6]])
    gradient = experiment.LOSSES["natural_cc"].gradient
    eta = ContinuousCategorical.from_mean(y).eta
    assert abs(gradient(eta, y) / 1e6).max() < 1e-9
    step = gradient(1.1 * eta, y)[0]  # the shares are 1/1.1 of y, so their rates are to shrink by 0.1 of themselves
    np.testing.assert_allclose((step - step[0])[1:] / (1.1 * eta[0, 1:]), 0.1, rtol=1e-6)


def test_outputs_that_are_the_mean_start_as_the_cross_entropy_does_times_one_more_than_the_actions():
    f = np.zeros_like(Y)
    gradient = experiment.LOSSES["cc_of_softmax"].gradient(f, Y)
    np.testing.assert_allclose(gradient, (1 - experiment.EVEN) * 5 * (softmax(f, -1) - Y), atol=1e-12)


# ------------------------------------------------------------------------------------------------------------ the runs
def test_equal_seeds_share_first_weights_and_batches():
    first = [next(experiment.training(loss=loss, **SETTINGS))[0] for loss in ("ce", "cc")]
    assert all((a == b).all() for a, b in zip(first[0].inputs, first[1].inputs, strict=True))


def test_batch_without_a_gradient_leaves_the_student_as_it_was(monkeypatch):
    none = experiment.CC._replace(gradient=lambda f, y: np.full_like(f, np.nan))
    monkeypatch.setitem(experiment.LOSSES, "none", none)
    (student, share), (after, _) = islice(experiment.training(loss="none", **SETTINGS), 2)
    first, _ = next(experiment.training(loss="cc", **SETTINGS))
    assert (
        share == 1 and (after.parameters == student.parameters).all() and (first.parameters != after.parameters).any()
    )


def test_stored_runs_are_those_of_the_units():
    stored = json.loads((statistics.RESULTS / "actor_mimic.json").read_text(encoding="utf-8"))["runs"]
    assert [run["unit"] for run in stored] == experiment.UNITS


@pytest.mark.parametrize("loss", ["ce", "cc", "fallback"])
def test_stored_run_repeats(loss):
    unit = SETTINGS | {"loss": loss}
    statistics.repeats("actor_mimic", unit, experiment.trace(points=2, **unit))


def test_lost_rows_of_the_tasks_are_all_that_are_lost():
    runs = statistics.load("actor_mimic")
    for run in statistics.select(runs, task="shared", loss="fallback"):
        assert np.mean([run[f"lost_{name}"] for name in tasks.NAMES]) == pytest.approx(run["lost"])


def ahead(a, b, value, rate, T=1.0):
    """Interval of what the shared network has by loss a less what it has by loss b."""
    runs = statistics.select(statistics.load("actor_mimic"), task="shared", floor=0, T=T, rate=rate)
    return statistics.paired(runs, value, {"loss": a}, {"loss": b})


@pytest.mark.claim(id="B21")
def test_student_of_the_closed_form_with_its_fallback_underperforms_that_of_the_cross_entropy():
    assert ahead("fallback", "ce", "score_Taxi", 1e-3).high < 0
    assert ahead("fallback", "ce", "score_FrozenLake", 0.01).high < 0


@pytest.mark.claim(id="B22")
def test_exact_constant_repairs_most_of_frozen_lake_and_a_longer_step_nearly_all_of_taxi():
    assert ahead("cc", "fallback", "score_FrozenLake", 0.01).low > 0.3
    assert -0.1 < ahead("cc", "ce", "score_FrozenLake", 0.01).low < ahead("cc", "ce", "score_FrozenLake", 0.01).high < 0
    assert ahead("cc", "ce", "score_Taxi", 1e-3).high < 0
    assert ahead("cc", "ce", "score_Taxi", 0.01).low > -0.02
    assert ahead("cc", "ce", "kl_Taxi", 0.01).low > 0


@pytest.mark.claim(id="B22")
def test_slope_at_equal_logits_is_a_part_of_what_the_exact_constant_leaves():
    assert ahead("slow_ce", "ce", "score_Taxi", 1e-3).high < 0  # both taxis idle, but
    assert ahead("slow_ce", "cc", "right_Taxi", 1e-3).low > 0
    assert ahead("slow_ce", "cc", "score_FrozenLake", 1e-3, T=5.0).low > 0


@pytest.mark.claim(id="B22")
@pytest.mark.parametrize("task", tasks.NAMES)
def test_table_learns_all_by_the_exact_constant_and_not_by_the_rows_that_the_closed_form_leaves(task):
    scores = lambda loss: [
        run[f"score_{task}"] for run in statistics.select(statistics.load("actor_mimic"), task=task, loss=loss)
    ]
    assert min(scores("ce") + scores("cc")) > 1 - 1e-9 and np.mean(scores("drop")) < 0.2
