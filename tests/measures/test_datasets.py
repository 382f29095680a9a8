"""The forms of a data set that the measures accept and refuse."""

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras.errors import InputError
from rethink_keras.measures.datasets import as_arrays

COUNT = 6
IMAGES = np.arange(COUNT * 25 * 3.0).reshape(COUNT, 5, 5, 3)
LABELS = np.arange(COUNT) % 5
ONE_HOT = np.eye(5, dtype=int)[LABELS]


def dataset(*columns) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(columns)


@pytest.mark.parametrize(
    "given",
    [
        [tf.constant(IMAGES), tf.constant(LABELS)],
        dataset(IMAGES, LABELS).batch(5, drop_remainder=False),
        list(dataset(IMAGES, LABELS)),
        [(IMAGES, LABELS)],
        (tuple(IMAGES), tuple(LABELS.tolist())),
    ],
    ids=["tensors", "batches", "elements", "one batch", "tuples"],
)
def test_every_form_gives_the_same_arrays(given):
    inputs, labels = as_arrays(given)
    np.testing.assert_array_equal(inputs, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_batches_of_vectors_with_one_positive_each_are_batches():
    inputs, labels = IMAGES[:4, 0, 0], np.array([0, 1, 0, 1])
    found = as_arrays(dataset(inputs, labels).batch(2))
    np.testing.assert_array_equal(found[0], inputs)
    np.testing.assert_array_equal(found[1], labels)


REFUSED = {
    "two splits": (
        ((IMAGES, LABELS), (IMAGES[:2], LABELS[:2])),
        "received a pair of data sets; pass one at a time",
    ),
    "two datasets": (
        (dataset(IMAGES, LABELS), dataset(IMAGES, LABELS)),
        "received a pair of data sets; pass one at a time",
    ),
    "nothing": (None, "received a NoneType"),
    "sizes": (
        [(IMAGES[0], 0), (IMAGES[0, 1:], 1)],
        "inputs differ in size; resize them",
    ),
    "ragged lists": (([[[1], [2, 3]]], [0]), "received no pair of arrays"),
    "one-hot": ((IMAGES, ONE_HOT), r"int64 labels \(6, 5\); .*argmax"),
    "one-hot as long as the image is high": (
        dataset(IMAGES, ONE_HOT),
        r"inputs \(6, 5, 5, 3\) and int64 labels \(6, 5\); .*argmax",
    ),
    "endless": (dataset(IMAGES, LABELS).repeat(), "is endless"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_data_sets_are_named_on_one_line(name):
    given, expected = REFUSED[name]
    with pytest.raises(InputError, match=f"^dataset: .*{expected}") as error:
        as_arrays(given)
    assert "\n" not in str(error.value)
