"""Networks on subsets of the training set."""

import keras
import numpy as np
import pytest

from rethink_keras.errors import InputError
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
    assert found.trainset_correctness.mean() > 0.9


X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2
BRIEF = {"num_models": 2, "units": 4, "epochs": 2}


def arrays(ensemble) -> list[np.ndarray]:
    return [
        ensemble.trainset_mask,
        ensemble.trainset_correctness,
        ensemble.testset_correctness,
    ]


def test_lists_and_columns_of_labels_train_the_same_networks():
    expected = train_ensemble((X, Y), (X, Y), **BRIEF)
    column, lists = (X, Y[:, None]), (X.tolist(), Y.tolist())
    for sample in (column, lists):
        found = train_ensemble(sample, sample, **BRIEF)
        for ours, theirs in zip(arrays(found), arrays(expected), strict=True):
            assert ours.shape == theirs.shape
            np.testing.assert_array_equal(ours, theirs)


def test_a_batch_larger_than_the_data_set_trains_as_one_of_its_size():
    options = {**BRIEF, "epochs": 20, "learning_rate": 0.02}
    whole, larger = (
        train_ensemble((X, Y), (X, Y), batch_size=size, **options)
        for size in (20, 1_000)
    )
    for ours, theirs in zip(arrays(larger), arrays(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (X, "train: must be a pair"),
        ((X.reshape(20, 3, 1), Y), r"must have numbers \[n, d\].*reshape"),
        ((X[:0], Y[:0]), r"must have numbers \[n, d\]"),
        ((X * np.nan, Y), "train: inputs must be finite"),
        ((X, Y[:5]), "train: must have one class index for each input"),
        ((X, np.eye(2)[Y]), "received inputs .* float64 labels"),
        ((X, Y * 1.0), "one class index .* float64 labels"),
        ((X, np.array(["cat", "dog"])[Y]), "one class index"),
        ((X, Y - 1), "labels must be class indices from 0; received -1"),
        ((X[:, :2], Y), r"test: must have inputs \[n, 2\], like train"),
    ],
)
def test_other_examples_are_refused(train, words):
    with pytest.raises(InputError, match=words) as raised:
        train_ensemble(train, (X, Y), **BRIEF)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("num_models", 0),
        ("units", 2.5),
        ("epochs", 0),
        ("batch_size", 0),
        ("together", 0),
        ("learning_rate", 0),
        ("fraction", 0.0),
        ("fraction", 1.5),
        ("fraction", 0.01),
    ],
)
def test_options_are_checked(option, value):
    with pytest.raises(InputError, match=f"^{option}={value}: "):
        train_ensemble((X, Y), (X, Y), **{**BRIEF, option: value})


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
    assert found.trainset_correctness[found.trainset_mask].mean() > 0.95
    assert found.testset_correctness.mean() > 0.7
    scores = memorization(found.trainset_correctness, found.trainset_mask)
    assert (
        scores.score[corrupted].mean() > scores.score[~corrupted].mean() + 0.5
    )
    assert separation(scores.score, corrupted) > 0.95
    assert (scores.error < 0.3).all()
