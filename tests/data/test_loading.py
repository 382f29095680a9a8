"""Loading data sets into memory."""

import numpy as np
import pytest
import requests

from rethink_keras import data
from tests.support.tiny_sets import picture, pictures, write_set

# The embedded sample


def test_the_sample_is_balanced_and_has_cifar10_images(sample):
    assert sample.num_classes == 10
    for split, size in ((sample.train, 5_000), (sample.test, 1_000)):
        assert len(split) == size
        assert split.images.shape == (size, 32, 32, 3)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert np.bincount(split.labels).tolist() == [size // 10] * 10
        np.testing.assert_array_equal(split.true_labels, split.labels)


def test_identities_are_unique(sample):
    ids = np.concatenate([sample.train.ids, sample.test.ids])
    assert ids.dtype == np.int64
    assert len(np.unique(ids)) == 6_000


def test_loading_is_deterministic(sample):
    again = data.load("cifar10_sample")
    for one, other in (
        (sample.train, again.train),
        (sample.test, again.test),
    ):
        for name in ("images", "labels", "true_labels", "ids"):
            np.testing.assert_array_equal(
                getattr(one, name), getattr(other, name)
            )


def test_the_sample_needs_no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was used")

    monkeypatch.setattr(requests.sessions.Session, "request", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert len(data.load("cifar10_sample").test) == 1_000


# Prepared data sets


@pytest.fixture(scope="module")
def cifar10(tfds_dir) -> data.ImageClassification:
    return data.load("cifar10", tfds_dir)


@pytest.mark.seconds
def test_cifar10_is_complete(cifar10):
    assert cifar10.num_classes == 10
    for split, size in ((cifar10.train, 50_000), (cifar10.test, 10_000)):
        assert split.images.shape == (size, 32, 32, 3)
        assert np.bincount(split.labels).tolist() == [size // 10] * 10
        assert len(np.unique(split.ids)) == size
    assert not set(cifar10.train.ids) & set(cifar10.test.ids)


@pytest.mark.seconds
def test_the_sample_is_the_first_images_of_each_class(sample, cifar10):
    for part, whole, per_class in (
        (sample.train, cifar10.train, 500),
        (sample.test, cifar10.test, 100),
    ):
        where = np.sort(
            np.concatenate(
                [
                    np.flatnonzero(whole.labels == label)[:per_class]
                    for label in range(10)
                ]
            )
        )
        np.testing.assert_array_equal(part.labels, whole.labels[where])
        np.testing.assert_array_equal(part.images, whole.images[where])


@pytest.mark.seconds
def test_mnist_is_complete(tfds_dir):
    mnist = data.load("mnist", tfds_dir)
    assert mnist.num_classes == 10
    assert mnist.train.images.shape == (60_000, 28, 28, 1)
    assert mnist.test.images.shape == (10_000, 28, 28, 1)
    # Counts of zeros and ones, from the data set's web page.
    assert np.bincount(mnist.train.labels)[:2].tolist() == [5_923, 6_742]


def test_a_data_set_in_data_dir_is_loaded_unchanged(tiny):
    loaded = data.load("tiny", str(tiny.parents[1]))
    assert loaded.num_classes == 3
    np.testing.assert_array_equal(
        loaded.train.images, [picture(index) for index in range(7)]
    )
    np.testing.assert_array_equal(
        loaded.test.images, [picture(100 + index) for index in range(5)]
    )
    assert loaded.train.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_identities_do_not_depend_on_the_directory(tiny, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_set(elsewhere, {"train": pictures(7), "test": pictures(5)})
    one = data.load("tiny", str(tiny.parents[1])).train.ids
    other = data.load("tiny", str(elsewhere)).train.ids
    np.testing.assert_array_equal(one, other)


def test_validation_replaces_a_missing_test_split(tmp_path):
    write_set(tmp_path, {"train": pictures(3), "validation": pictures(4, 50)})
    assert len(data.load("tiny", str(tmp_path)).test) == 4
    both = {"train": pictures(3), "validation": pictures(4)}
    write_set(tmp_path, {**both, "test": pictures(5)}, name="three")
    assert len(data.load("three", str(tmp_path)).test) == 5
