"""Data sets from arrays and tf.data datasets."""

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError
from rethink_keras.data import from_arrays
from tests.support.own import arrays, pair

X, Y = arrays()
HUGE = np.where(Y > 0, 2**64 - 1, 0).astype("uint64")
RAGGED = [np.zeros((3, 4), "uint8"), np.zeros((4, 4), "uint8")]


def test_given_data_are_not_read_again():
    given = from_arrays(pair())
    assert from_arrays(given) is given


def dataset(labels, images=X):
    return tf.data.Dataset.from_tensor_slices((images, labels))


def test_a_label_in_a_vector_belongs_to_one_image():
    single = dataset(Y[:, None])
    expected = from_arrays(((X, Y), (X, Y))).as_record()
    for data in (single, single.batch(7)):
        assert from_arrays((data, data)).as_record() == expected


def test_batches_of_grey_images_with_one_positive_each_are_batches():
    images, labels = X[..., 0], np.arange(len(X)) % 2
    expected = from_arrays(((images, labels), (X, labels))).as_record()
    data = dataset(labels, images).batch(2)
    assert from_arrays((data, (X, labels))).as_record() == expected


@pytest.mark.parametrize("classes", [10, 3])
def test_batches_of_narrow_grey_images_are_batches(classes):
    images, labels = arrays(size=(8, 3), classes=classes)
    labels[: 2 * classes] = np.tile(np.arange(classes), 2)
    expected = from_arrays(((images, labels),) * 2).as_record()
    data = dataset(labels, images).batch(10, drop_remainder=True)
    assert from_arrays((data, data)).as_record() == expected


@pytest.mark.parametrize("size", [(10, 10, 3), (10, 10, 1), (10, 10)])
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_one_hot_labels_as_long_as_the_image_is_high_are_named(size, smoothing):
    """The labels of one image, and not of ten in grey."""
    images, labels = arrays(size=size, classes=10)
    vectors = np.eye(10)[labels] * (1 - smoothing) + smoothing / 10
    data = dataset(vectors, images)
    with pytest.raises(InputError, match=r"\(60, 10\).*one-hot.*argmax"):
        from_arrays((data, data))


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            (X, HUGE),
            "data: labels of its train split reach 18446744073709551615",
        ),
        ((RAGGED, [0, 1]), "data: its train split is no pair of arrays"),
        (dataset(np.eye(3, dtype=int)[Y]), r"int64 \(60, 3\).*one-hot"),
        (
            (np.zeros((2, 1, 28, 28), "uint8"), [0, 1]),
            "the channels must be the last axis",
        ),
        (
            tf.data.Dataset.from_tensor_slices((Y, np.eye(3, dtype=int)[Y])),
            r"int64 \(60, 3\).*one-hot",
        ),
        (
            (X, X[..., 0]),
            r"\(60, 8, 10\).*one integer for each example",
        ),
        ((X.astype(int), Y), r'images .* int64 .*x.astype\("uint8"\)'),
        ((X > 9, Y), r'images .* bool .*x.astype\("float32"\)'),
    ],
    ids=[
        "huge",
        "ragged",
        "one-hot",
        "grey channel first",
        "one-hot labels of numbers",
        "masks",
        "long images",
        "binary images",
    ],
)
def test_what_no_data_set_is_names_the_argument(split, message):
    with pytest.raises(InputError, match=message) as raised:
        from_arrays((split, (X, Y)))
    assert "\n" not in str(raised.value)
