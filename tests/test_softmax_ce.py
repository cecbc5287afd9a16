"""Softmax cross-entropy: kernel against oracle, labels hard and soft, what the derivation claims."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import assert_close, bounds, exact, largest_exponent

from kdeviz import mixture_cross_entropy, smooth_labels, softmax_cross_entropy
from kdeviz.kernels.numpy.softmax_ce import softmax_ce

INF = np.inf
draw = np.random.default_rng(2018)
z, y = draw.normal(size=(3, 5)), draw.dirichlet(np.ones(5), 3)
CASES = {
    "random": (z, y),
    "one category": (z[:, :1], np.ones((3, 1))),
    "hard labels": (z, np.eye(5)[[0, 3, 4]]),
    "around 1e4": (z + 1e4, y),
    "wide": (z * 10, y),
    "very wide": (z * 300, y),
    "excluded category": (np.where(np.arange(5) == 2, -INF, z), np.eye(5)[[0, 3, 4]]),
    "impossible label": (np.where(np.arange(5) == 2, -INF, z), np.eye(5)[[2, 2, 4]]),
    "many categories": (draw.normal(size=(1, 3000)), draw.dirichlet(np.ones(3000), 1)),
    "ties": (np.zeros((2, 4)), np.full((2, 4), 0.25)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_softmax_ce_meets_the_oracle(case, dtype):
    logits, labels = (v.astype(dtype) for v in case)
    want = exact("softmax_ce", "softmax_ce", z=logits, y=labels)
    loss, grad_z, grad_y = softmax_ce(logits, labels)
    by_loss, by_grad = bounds(dtype, largest_exponent(logits.astype(float)))
    assert_close(loss, want["loss"], by_loss, np.maximum(1, abs(want["loss"])))
    assert_close(grad_z, want["grad_z"], by_grad)
    assert_close(grad_y, want["grad_y"], by_loss, np.maximum(1, abs(want["grad_y"])))


def test_class_labels_are_one_hot_rows():
    labels = np.array([4, 0, 2])
    hard, soft = softmax_cross_entropy(z, labels), softmax_cross_entropy(z, np.eye(5)[labels])
    assert np.array_equal(hard.loss, soft.loss) and np.array_equal(hard.grad.z, soft.grad.z)
    assert hard.grad.y is None and soft.grad.y.shape == z.shape


@pytest.mark.claim(id="C4")
def test_every_logit_gets_feedback():
    """Failed belief of the seed: not only the labelled one."""
    assert np.all(softmax_cross_entropy(z, np.array([4, 0, 2])).grad.z != 0)


@pytest.mark.claim(id="C5")
def test_the_singularity_of_the_outputs_is_gone_in_the_logits():
    """-y/pi would be -1e304 here."""
    loss, grad = softmax_cross_entropy(np.array([-700.0, 0.0]), 0)
    assert loss == 700 and np.array_equal(grad.z, [-1, 1])


def test_a_label_on_an_excluded_category_costs_infinity_and_keeps_a_finite_gradient():
    loss, grad = softmax_cross_entropy(np.array([-INF, 0.0, 0.0]), 0)
    assert loss == INF and np.array_equal(grad.z, [-1, 0.5, 0.5])


def test_a_row_without_a_finite_logit_is_nan():
    loss, grad = softmax_cross_entropy(np.array([[-INF, -INF], [0.0, 0.0]]), np.array([0, 1]))
    assert np.isnan(loss[0]) and np.isnan(grad.z[0]).all() and np.array_equal(grad.z[1], [0.5, -0.5])


def test_nan_stays_in_its_row():
    for arrays in (
        (np.where(np.eye(3, 5), np.nan, z), y),
        (z, np.where(np.eye(3, 5)[[0, 0, 0]] * [[0], [1], [0]], np.nan, y)),
    ):
        loss, grad = softmax_cross_entropy(*arrays)
        bad = np.isnan(arrays[0]).any(-1) | np.isnan(arrays[1]).any(-1)
        assert np.array_equal(np.isnan(loss), bad) and np.array_equal(np.isnan(grad.z).any(-1), bad)


def test_it_is_the_mixture_with_one_match_a_bin():
    log_K = np.log(np.eye(5), where=np.eye(5) > 0, out=np.full((5, 5), -INF))
    mixture = mixture_cross_entropy(z, log_K, y)
    softmax = softmax_cross_entropy(z, y)
    assert_close(mixture.loss, softmax.loss, 4e-16, np.maximum(1, softmax.loss))
    assert_close(mixture.grad.z, softmax.grad.z, 4e-16)


@pytest.mark.claim(id="B14")
def test_smoothed_labels_have_their_optimum_at_the_derived_gap():
    D, alpha = 7, 0.15
    logits = np.zeros(D)
    logits[3] = np.log1p(D * (1 - alpha) / alpha)
    assert np.abs(softmax_cross_entropy(logits, smooth_labels(3, D, alpha)).grad.z).max() < 4e-16


@pytest.mark.claim(id="B13")
def test_smooth_labels_mixes_one_hot_and_uniform():
    assert np.array_equal(smooth_labels([1, 0], 2, 0.0), [[0, 1], [1, 0]])
    assert np.array_equal(smooth_labels(2, 4, 1.0), [0.25] * 4)
    assert smooth_labels(np.zeros((2, 3), int), 5, 0.1).shape == (2, 3, 5)
    assert smooth_labels(1, 3, np.float32(0.5)).dtype == smooth_labels(1, 3, np.array(0.5, "f4")).dtype == np.float64


@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(1, 300))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_batch_equals_its_rows_bit_for_bit(seed, R, D):
    local = np.random.default_rng(seed)
    logits, labels = local.normal(size=(R, D)), local.dirichlet(np.ones(D), R)
    batch, one = softmax_cross_entropy(logits, labels), softmax_cross_entropy(logits[-1], labels[-1])
    assert batch.loss[-1] == one.loss and np.array_equal(batch.grad.z[-1], one.grad.z)


def test_float32_stays_float32():
    loss, grad = softmax_cross_entropy(z.astype(np.float32), y.astype(np.float32))
    assert loss.dtype == grad.z.dtype == grad.y.dtype == np.float32
