"""Inputs and comparisons for tests of batches."""

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples


def identities(count: int, first: int = 0) -> tf.Tensor:
    return tf.range(first, first + count, dtype=tf.int64)


def numbered(height: int, width: int) -> np.ndarray:
    """An int32 image of one channel whose values are their positions."""
    return np.arange(height * width, dtype=np.int32).reshape(height, width, 1)


def copies(image: np.ndarray, count: int) -> tf.Tensor:
    return tf.constant(np.broadcast_to(image, (count, *image.shape)))


def indexed(count: int) -> Examples:
    """Examples whose image, labels and identity encode their position."""
    index = np.arange(count)
    return Examples(
        images=np.tile(index[:, None, None, None], (1, 2, 2, 1)).astype("f4"),
        labels=(7 * index).astype(np.int32),
        true_labels=(11 * index).astype(np.int32),
        ids=index - 2**40,
    )


def collect(batches: tf.data.Dataset) -> list[tuple[np.ndarray, ...]]:
    return list(batches.as_numpy_iterator())


def assert_same_batches(one, other) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)


def by_example(batches) -> dict[bytes, int]:
    """Returns the label of each image of an epoch, by the image's bytes."""
    pairs = {}
    for images, labels, *_ in batches:
        for image, label in zip(images, labels, strict=True):
            assert image.tobytes() not in pairs
            pairs[image.tobytes()] = int(label)
    return pairs
