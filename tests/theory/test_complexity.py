"""Complexity measures, compared with their definitions."""

import dataclasses

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from rethink_keras import InputError, RunConfig, data, runs
from rethink_keras.theory import complexity, features


@pytest.fixture(scope="module")
def inputs():
    return runs.InMemoryInputs.load(
        RunConfig(randomize="none", train_examples=60)
    )


def test_a_network_fits_random_signs(inputs):
    row = complexity.fit_signs(inputs, "mlp_1x512", draws=2, seed=0)
    assert 0.99 <= row["least"] <= row["complexity"] <= row["most"] <= 1


def test_linear_functions_are_below_their_bound(inputs):
    exact, bound = complexity.linear_rows(inputs, seed=0)
    assert bound["complexity"] == pytest.approx(60**-0.5)
    assert 0.8 * bound["complexity"] < exact["complexity"] < bound["complexity"]


def test_changes_equal_those_of_refitting_without_an_example(inputs):
    rows = complexity.stability(inputs, seed=0)
    x = features.pixels(np.asarray(inputs.train_crops.images))
    y = (np.asarray(inputs.train_crops.true_labels) < 5).astype("float64")
    row = next(row for row in rows if row["ridge"] == 1.0)

    def error(index, chosen):
        machine = KernelRidge(alpha=1.0, kernel="rbf", gamma=0.01)
        machine.fit(x[chosen], y[chosen])
        return (machine.predict(x[[index]])[0] - y[index]) ** 2

    everything = np.arange(60)
    changes = [
        abs(error(i, np.delete(everything, i)) - error(i, everything))
        for i in range(60)
    ]
    assert row["largest change, true labels"] == pytest.approx(
        max(changes), rel=1e-3
    )
    assert row["mean change, true labels"] == pytest.approx(
        np.mean(changes), rel=1e-3
    )


def test_the_bound_holds_for_true_and_random_labels(inputs):
    record = complexity.demonstrate(RunConfig(train_examples=60), "stability")
    for row in record.tables["stability"]:
        bound = row["uniform stability, any labels"]
        assert bound == pytest.approx(2 / row["ridge"])
        assert row["largest change, true labels"] <= bound
        assert row["largest change, random labels"] <= bound
    assert record.figures["stability"].startswith(b"\x89PNG")


def with_blank(inputs):
    """The images, the first of which is of one colour."""
    crops = inputs.train_crops
    images = np.array(crops.images)
    images[0] = 0
    crops = dataclasses.replace(crops, images=images)
    return dataclasses.replace(inputs, train_crops=crops)


def test_more_images_than_are_measured_are_refused():
    config = RunConfig(train_examples=1_001)
    with pytest.raises(
        InputError, match="train_examples=1001: must be at most"
    ):
        complexity.demonstrate(config, "stability")


def test_an_image_of_one_colour_is_a_zero_point(inputs):
    exact, _ = complexity.linear_rows(with_blank(inputs), seed=0)
    usual, _ = complexity.linear_rows(inputs, seed=0)
    assert exact["complexity"] == pytest.approx(usual["complexity"], rel=0.05)


def test_half_of_the_classes_are_the_target_of_stability(inputs):
    """Which half an example belongs to is all that counts of its label."""

    def changes(labels, num_classes):
        crops = dataclasses.replace(inputs.train_crops, true_labels=labels)
        random = dataclasses.replace(
            inputs.randomization, num_classes=num_classes
        )
        given = dataclasses.replace(
            inputs, train_crops=crops, randomization=random
        )
        rows = complexity.stability(given, seed=0)
        return [row["mean change, true labels"] for row in rows]

    halves = np.asarray(inputs.train_crops.true_labels) % 2
    two, ten = changes(halves, 2), changes(5 * halves, 10)
    assert two == ten
    other = changes(1 - halves[::-1], 2)
    assert two != other


def test_a_small_data_set_is_measured_on_a_balanced_part(sample, monkeypatch):
    part = sample.train.take(np.arange(300))
    smallest = np.bincount(part.true_labels, minlength=10).min()
    small = dataclasses.replace(sample, train=part)
    monkeypatch.setattr(data, "load", lambda *_: small)
    sizes = []

    def stability(inputs, seed):
        sizes.append(inputs.num_train_examples)
        return complexity_rows(inputs, seed)

    complexity_rows = complexity.stability
    monkeypatch.setattr(complexity, "stability", stability)
    complexity.demonstrate(RunConfig(), "stability")
    assert sizes == [10 * smallest]
