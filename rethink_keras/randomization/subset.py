"""Random subsets of a training set."""

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization.random_streams import Stream, example_keys


def balanced_subset(
    examples: Examples, size: int, *, num_classes: int, seed: int
) -> Examples:
    """A random subset with equally many examples of each class.

    Where `size` is no multiple of the number of classes, the first classes
    have one more. Subsets of one seed are nested in their size. The order of
    the examples is kept.

    Raises:
      InputError: a class has too few examples.
    """
    members = _balanced_members(
        examples, size, num_classes, seed, Stream.SUBSET, "train_examples"
    )
    return examples.take(np.flatnonzero(members))


def hold_out(
    examples: Examples, size: int, *, num_classes: int, seed: int
) -> tuple[Examples, Examples]:
    """Splits off a random class-balanced part, to choose hyperparameters on.

    Returns:
      The rest, and the part of `size` examples; both in the given order.

    Raises:
      InputError: a class has too few examples, or none is left to train on.
    """
    if size >= len(examples):
        raise InputError(
            f"validation_examples={size}: allowed is less than the"
            f" {len(examples)} training examples"
        )
    members = _balanced_members(
        examples,
        size,
        num_classes,
        seed,
        Stream.VALIDATION,
        "validation_examples",
    )
    parts = np.flatnonzero(~members), np.flatnonzero(members)
    rest, held_out = map(examples.take, parts)
    return rest, held_out


def _balanced_members(
    examples: Examples,
    size: int,
    num_classes: int,
    seed: int,
    stream: Stream,
    option: str,
) -> np.ndarray:
    """Which examples a balanced subset holds: bool [n]."""
    high, low = example_keys(tf.constant(examples.ids), seed, stream)
    draws = high.numpy().astype(np.uint64) << np.uint64(32) | low.numpy()
    members = np.zeros(len(examples), bool)
    for label in range(num_classes):
        candidates = np.flatnonzero(examples.true_labels == label)
        quota = size // num_classes + (label < size % num_classes)
        if quota > len(candidates):
            raise InputError(
                f"{option}={size}: class {label} has {len(candidates)}"
                f" examples and a balanced subset needs {quota}; give less"
            )
        members[candidates[np.argsort(draws[candidates])[:quota]]] = True
    return members
