"""Inputs and comparisons for tests of randomization."""

import dataclasses

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st
from scipy import stats

from rethink_keras.data import Examples
from rethink_keras.randomization import (
    Randomization,
    replace_labels,
)

N = 50_000
SEEDS = st.integers(0, 2**31 - 1)
MEAN, STDDEV = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)
FRESH_PROCESS = """
import dataclasses
import numpy as np
import tensorflow as tf
from rethink_keras import data
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.randomization import Randomization, fingerprint
few = data.load("cifar10_sample").train.take(np.arange(130))
ids = tf.constant(few.ids)
for kind in RANDOMIZATIONS:
    random = Randomization(
        kind, num_classes=10, seed=3, mean=(0.49, 0.48, 0.45),
        stddev=(0.25, 0.24, 0.26))
    print(kind, fingerprint(dataclasses.replace(
        few,
        images=random.pixels(tf.constant(few.images[:, 2:30, 2:30]), ids),
        labels=random.labels(tf.constant(few.labels), ids))))
"""


def identities(count: int, first: int = 0) -> tf.Tensor:
    return tf.range(first, first + count, dtype=tf.int64)


def cycling_labels(count: int, num_classes: int = 10) -> np.ndarray:
    return (np.arange(count) % num_classes).astype(np.int32)


def corrupted(labels, ids, *, num_classes=10, probability=1.0, seed=0):
    return replace_labels(
        tf.constant(labels),
        tf.constant(ids),
        num_classes=num_classes,
        probability=probability,
        seed=seed,
    ).numpy()


def make(kind: str, seed: int = 3, **options) -> Randomization:
    return Randomization(
        kind, num_classes=10, seed=seed, mean=MEAN, stddev=STDDEV, **options
    )


def assert_same(one: Examples, other: Examples) -> None:
    for field in dataclasses.fields(Examples):
        np.testing.assert_array_equal(
            getattr(one, field.name), getattr(other, field.name), field.name
        )


def rows(examples: Examples, indices) -> Examples:
    """The examples at the given positions, as arrays."""
    return Examples(
        *(
            np.asarray(getattr(examples, field.name))[indices]
            for field in dataclasses.fields(examples)
        )
    )


def numbered(height: int, width: int, channels: int = 3) -> np.ndarray:
    """An int32 image whose values encode their position and channel."""
    position = np.arange(height * width, dtype=np.int32)
    channel = 10_000 * np.arange(channels, dtype=np.int32)
    return (position[:, None] + channel).reshape(height, width, channels)


def chi_square(counts, expected: float) -> float:
    """The p-value of counts that are expected to be equal."""
    statistic = ((np.asarray(counts) - expected) ** 2 / expected).sum()
    return stats.chi2.sf(statistic, np.size(counts) - 1)
