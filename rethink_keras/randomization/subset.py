"""Random class-balanced subsets of a training set."""

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization.random_streams import Stream, example_keys


def balanced_subset(
    examples: Examples, size: int, *, num_classes: int, seed: int
) -> Examples:
    """Draws a random subset with the same number of examples per class.

    If `size` is not a multiple of the number of classes, the first classes
    get one more example. With the same seed, a smaller subset is contained in
    a larger one. The order of the examples is kept.

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
    """Holds out a random class-balanced subset, to tune hyperparameters on.

    Returns:
      The remaining examples, and the `size` held-out examples. Both keep the
      given order.

    Raises:
      InputError: a class has too few examples, or no example would remain.
    """
    if size >= len(examples):
        raise InputError(
            f"validation_examples={size}: must be less than the number"
            f" of training examples, {len(examples)}"
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
    """Returns a mask of the examples in a balanced subset: bool [n]."""
    high, low = example_keys(tf.constant(examples.ids), seed, stream)
    draws = high.numpy().astype(np.uint64) << np.uint64(32) | low.numpy()
    members = np.zeros(len(examples), bool)
    for label in range(num_classes):
        candidates = np.flatnonzero(examples.true_labels == label)
        quota = size // num_classes + (label < size % num_classes)
        if quota > len(candidates):
            raise InputError(
                f"{option}={size}: a balanced subset needs {quota} examples of"
                f" class {label}, which has {len(candidates)} examples; choose"
                " a smaller size"
            )
        members[candidates[np.argsort(draws[candidates])[:quota]]] = True
    return members
