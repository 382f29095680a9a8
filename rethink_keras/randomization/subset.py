"""Random subsets of a training set."""

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization.random_streams import Stream, example_keys


def balanced_subset(
    examples: Examples, size: int, *, classes: int, seed: int
) -> Examples:
    """A random subset with equally many examples of each class.

    Where `size` is no multiple of the number of classes, the first classes
    have one more. Subsets of one seed are nested in their size. The order of
    the examples is kept.

    Raises:
      InputError: a class has too few examples.
    """
    high, low = example_keys(tf.constant(examples.ids), seed, Stream.SUBSET)
    draws = high.numpy().astype(np.uint64) << np.uint64(32) | low.numpy()
    chosen = []
    for label in range(classes):
        members = np.flatnonzero(examples.true_labels == label)
        quota = size // classes + (label < size % classes)
        if quota > len(members):
            raise InputError(
                f"train_examples={size}: class {label} has {len(members)}"
                f" examples and a balanced subset needs {quota}; give less"
            )
        chosen.append(members[np.argsort(draws[members])[:quota]])
    return examples.take(np.sort(np.concatenate(chosen)))
