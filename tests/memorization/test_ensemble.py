"""Networks on subsets of the training set."""

import keras
import numpy as np
import pytest

from rethink_keras.memorization import (
    memorization,
    random_subsets,
    separation,
    train_ensemble,
)
from rethink_keras.memorization.ensemble import stacked_networks
from rethink_keras.randomization.label_noise import corrupt_labels
from tests.support.digits import digits


def test_subsets_have_the_same_size_and_differ():
    subsets = random_subsets(50, 20, 0.7, seed=0)
    assert (subsets.sum(axis=1) == 14).all()
    assert len(np.unique(subsets, axis=0)) == 50
    again = random_subsets(50, 20, 0.7, seed=0)
    np.testing.assert_array_equal(subsets, again)


def test_stacked_networks_do_not_see_each_other():
    keras.utils.set_random_seed(0)
    model = stacked_networks(2, num_inputs=3, units=4, num_classes=5)
    hidden, hidden_bias, kernel, bias = model.get_weights()
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    logits = model.predict(x, verbose=0)
    for number in range(2):
        own = slice(4 * number, 4 * number + 4)
        units = np.maximum(x @ hidden[:, own] + hidden_bias[own], 0)
        expected = units @ kernel[number] + bias[number]
        np.testing.assert_allclose(logits[:, number], expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_networks_learn_labels_of_any_integer_dtype(dtype):
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.normal(size=(40, 3)) + 4 * y[:, None]).astype("float32")
    sample = x, y.astype(dtype)
    found = train_ensemble(
        sample, sample, num_models=2, units=8, epochs=30, learning_rate=0.1
    )
    assert found.right.mean() > 0.9


@pytest.mark.slow
def test_corrupted_examples_have_the_larger_memorization_scores():
    (x, y), (x_test, y_test) = digits(400)
    labels = corrupt_labels(y, num_classes=10, probability=0.2, seed=0)
    corrupted = labels != y
    found = train_ensemble(
        (x.reshape(400, -1) - 0.3, labels),
        (x_test.reshape(300, -1) - 0.3, y_test),
        num_models=30,
        together=20,
        units=64,
        epochs=80,
        learning_rate=0.1,
    )
    assert found.right[found.inside].mean() > 0.95
    assert found.right_test.mean() > 0.7
    scores = memorization(found.right, found.inside)
    assert (
        scores.score[corrupted].mean() > scores.score[~corrupted].mean() + 0.5
    )
    assert separation(scores.score, corrupted) > 0.95
    assert (scores.error < 0.3).all()
