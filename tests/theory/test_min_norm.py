"""Descent to minimum norms, and functions that fit but do not generalize."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg

from rethink_keras import RunConfig
from rethink_keras.theory import features, min_norm
from rethink_keras.theory.least_squares import (
    RECORDED,
    Descent,
    descend,
    minimum_norm,
)
from rethink_keras.theory.samples import load_samples


@pytest.fixture(scope="module")
def system():
    rng = np.random.default_rng(1)
    return rng.normal(size=(8, 30)), rng.normal(size=8)


def test_the_solution_equals_that_of_the_pseudo_inverse(system):
    examples, targets = system
    expected = scipy.linalg.pinv(examples) @ targets
    np.testing.assert_allclose(minimum_norm(*system), expected, atol=1e-12)
    np.testing.assert_allclose(examples @ expected, targets, atol=1e-12)


@pytest.mark.parametrize(
    "descent",
    [
        Descent("gradient descent", None, steps=1_000),
        Descent("SGD", 1, steps=4_000),
        Descent("mini-batches", 4, steps=2_000),
        Descent("momentum", 4, momentum=0.9, steps=2_000),
    ],
    ids=lambda descent: descent.name,
)
def test_descent_from_zero_ends_at_the_minimum_norm(system, descent):
    path = descend(*system, descent, seed=0)
    assert path.distances[-1] <= 1e-4
    assert path.distances[0] > path.distances[-1]
    assert path.loss <= 1e-8
    assert path.outside <= 1e-12
    assert path.steps[-1] == descent.steps
    assert len(path.distances) == RECORDED


def test_gradient_descent_uses_every_example_once_in_each_step(system):
    examples, targets = system
    steps = 2 * RECORDED
    path = descend(*system, Descent("all", None, steps=steps), seed=0)
    solution = minimum_norm(*system)
    rate = 0.5 * len(targets) / np.linalg.norm(examples, ord=2) ** 2
    weights, distances = np.zeros(30), []
    for _ in range(steps):
        errors = examples @ weights - targets
        weights -= rate * 2 / len(targets) * examples.T @ errors
        distances.append(np.linalg.norm(weights - solution))
    expected = np.array(distances[1::2]) / np.linalg.norm(solution)
    # Keras keeps the learning rate in float32.
    np.testing.assert_allclose(path.distances, expected, atol=1e-7)


def test_descent_keeps_the_start_outside_the_span(system):
    examples, _ = system
    descent = Descent("start", 4, start_norm=2.0, steps=2_000)
    path = descend(*system, descent, seed=0)
    start = np.random.default_rng(0).normal(size=30)
    start *= 2 / np.linalg.norm(start)
    span = scipy.linalg.orth(examples.T)
    outside = np.linalg.norm(start - span @ (span.T @ start))
    assert path.loss <= 1e-8
    assert path.outside == pytest.approx(outside)
    assert path.distances[-1] == pytest.approx(outside, rel=1e-4)
    assert path.norm == pytest.approx(np.hypot(1, outside), rel=1e-4)


def test_all_interpolants_fit_but_only_the_minimum_norm_generalizes():
    config = RunConfig(randomize="none", train_examples=500)
    record = min_norm.demonstrate(config, "interpolants")
    least, *others = record.tables["interpolants"]
    assert least["test error %"] < 80
    for row in others:
        assert row["norm"] > least["norm"]
        assert row["test error %"] > 85
    for row in record.tables["interpolants"]:
        assert row["train error %"] == 0


def test_gabor_features_depend_on_orientation_but_not_brightness():
    rows, columns = np.mgrid[:28, :28]
    waves = [np.cos(2 * np.pi * 0.15 * x) for x in (rows, columns)]
    images = 0.5 + 0.4 * np.stack(waves)[..., None].astype("float32")
    found = features.gabor(images, frequencies=(0.15,), orientations=4, pool=7)
    maps = found.reshape(2, 4, 4, 4)[:, 1:3, 1:3]  # windows, orientations
    assert (maps[0].argmax(axis=-1) == 2).all()  # waves along the rows
    assert (maps[1].argmax(axis=-1) == 0).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    brighter = features.gabor(
        images + 0.1, frequencies=(0.15,), orientations=4, pool=7
    )
    middle = brighter.reshape(2, 4, 4, 4)[:, 1:3, 1:3]
    np.testing.assert_allclose(
        middle / middle.max(), maps / maps.max(), atol=0.02
    )


@pytest.mark.slow
def test_norms_on_mnist_are_listed_with_the_papers(tfds_dir, monkeypatch):
    config = RunConfig(dataset="mnist", data_dir=tfds_dir, randomize="none")
    subset = dataclasses.replace(config, train_examples=300)
    few = load_samples(subset)
    monkeypatch.setattr(min_norm, "load_samples", lambda _: few)
    rows = min_norm.demonstrate(config, "norms").tables["norms"]
    assert [row["function"] for row in rows] == ["pixels", "Gabor wavelets"]
    assert [row["paper norm"] for row in rows] == [220.0, 390.0]
    assert [row["paper test error %"] for row in rows] == [1.2, 0.6]
    assert all(row["train error %"] == 0 for row in rows)
    rows = min_norm.demonstrate(subset, "norms").tables["norms"]
    assert not any("paper norm" in row for row in rows)


def test_descents_leave_out_copies_and_images_of_one_colour(
    sample, monkeypatch
):
    shorter = [
        dataclasses.replace(descent, steps=200)
        for descent in min_norm._DESCENTS
    ]
    monkeypatch.setattr(min_norm, "_DESCENTS", shorter)
    images = np.asarray(sample.train.images[:70])
    expected = [path for _, path in min_norm.descents(images, seed=0)]
    odd = np.concatenate([0 * images[:1], images[:3], images])
    found = [path for _, path in min_norm.descents(odd, seed=0)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.distances, other.distances)
