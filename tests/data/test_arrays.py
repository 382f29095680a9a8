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


def dataset(labels):
    return tf.data.Dataset.from_tensor_slices((X, labels))


def test_a_label_in_a_vector_belongs_to_one_image():
    single = dataset(Y[:, None])
    expected = from_arrays(((X, Y), (X, Y))).as_record()
    for data in (single, single.batch(7)):
        assert from_arrays((data, data)).as_record() == expected


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
    ],
    ids=["huge", "ragged", "one-hot", "grey channel first"],
)
def test_what_no_data_set_is_names_the_argument(split, message):
    with pytest.raises(InputError, match=message) as raised:
        from_arrays((split, (X, Y)))
    assert "\n" not in str(raised.value)
