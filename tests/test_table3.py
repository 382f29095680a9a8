"""Kernel machines on features: distances block by block, choices held out."""

import numpy as np
import pytest

from rethink_keras import RunConfig
from rethink_keras.theory import random_convnet, table3
from rethink_keras.theory.random_convnet import (
    RandomConvNet,
    squared_distances,
)
from rethink_keras.theory.samples import load_samples


@pytest.fixture(scope="module")
def images(sample):
    return sample.train.images[:60], sample.train.images[60:75]


def by_hand(net, filters, image):
    """Responses of one filter over an image, in float64, patch by patch."""
    found = np.empty((27, 27, len(filters)))
    for top in range(27):
        for left in range(27):
            patch = image[top : top + 6, left : left + 6].astype("float64")
            patch = random_convnet._normalized(patch.reshape(1, -1))
            whitened = (patch - net._mean) @ net._whiten
            found[top, left] = (whitened @ filters.T)[0]
    return found


def test_features_are_pooled_responses_of_whitened_patches(images):
    train, _ = images
    net = RandomConvNet(train, filters=3, seed=0)
    filters = net._filters
    np.testing.assert_allclose(np.linalg.norm(filters, axis=1), 1)
    responses = by_hand(net, filters, train[0])
    expected = [
        np.maximum(sign * responses[rows, columns] - 0.25, 0).sum(axis=(0, 1))
        for rows in (slice(13), slice(13, 27))
        for columns in (slice(13), slice(13, 27))
        for sign in (1, -1)
    ]
    found = net._features(train[:1], filters)[0]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-3)


def test_distances_are_those_of_all_the_features(images, monkeypatch):
    train, test = images
    net = RandomConvNet(train, filters=20, seed=0)
    ((a, b),) = net.blocks(train, test)
    assert a.shape == (60, 8 * 20)
    monkeypatch.setattr(random_convnet, "_FILTERS", 7)
    monkeypatch.setattr(random_convnet, "BLOCK", 16)
    square, across = squared_distances(net, train, test, lambda text: None)
    for found, left in ((square, a), (across, b)):
        differences = left[:, None] - a
        expected = np.square(differences).mean(axis=-1)
        if found is square:
            found, expected = np.triu(found), np.triu(expected)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_filters_depend_on_the_seed_alone(images):
    train, _ = images
    first, again, other = (
        RandomConvNet(train, filters=5, seed=seed)._filters
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_rows_fit_and_choose_on_held_out_training_images(tmp_path):
    config = RunConfig(randomize="none", train_examples=400)
    names = ["sample_raw", "sample_convnet_ridge"]
    records = [table3.demonstrate(config, name, filters=8) for name in names]
    (raw,), (convnet,) = (record.tables["machine"] for record in records)
    assert records[1].name == (
        "sample_convnet_ridge,train_examples=400,filters=8"
    )
    assert raw["train"] == 400
    assert raw["ridge"] == 0
    assert 40 < convnet["test error %"] < raw["test error %"] < 80
    for row, record in zip((raw, convnet), records, strict=True):
        tried = record.tables["choices on held-out training images"]
        best = min(tried, key=lambda t: t["held-out error %"])
        assert (row["gamma"], row["ridge"]) == (best["gamma"], best["ridge"])


def test_images_are_whole_and_labels_true(sample):
    config = RunConfig(randomize="labels", train_examples=50)
    train, test = load_samples(config)
    assert train.images.shape == (50, 32, 32, 3)
    assert len(test) == 1_000
    np.testing.assert_array_equal(test.labels, sample.test.true_labels)
