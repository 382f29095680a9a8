"""Random class-balanced subsets of a training set."""

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization.random_streams import Stream, example_keys


def balanced_subset(examples: Examples, size: int, *, seed: int) -> Examples:
    """Draws a random subset with the same number of examples per class.

    Classes without examples do not count. If `size` is not a multiple of the
    number of classes, the first classes get one more example. With the same
    seed, a smaller subset is contained in a larger one. The order of the
    examples is kept.

    Raises:
      InputError: a class has too few examples.
    """
    members = _balanced_members(
        examples, size, seed, Stream.SUBSET, "train_examples"
    )
    return examples.take(np.flatnonzero(members))


def balanced_size(examples: Examples, limit: int) -> int:
    """Returns the size of the largest balanced subset, but at most `limit`."""
    _, counts = np.unique(examples.true_labels, return_counts=True)
    return min(limit, len(counts) * int(counts.min()))


def leading(examples: Examples, size: int, *, seed: int) -> np.ndarray:
    """Returns the positions of the first examples: [min(size, n)].

    Folders of images are stored class by class, so that their first examples
    are of the first classes only. The positions are then those of a random
    subset.

    Args:
      examples: n examples.
      size: largest number of examples.
      seed: seed of the random subset.
    """
    by_class = bool(np.all(np.diff(examples.true_labels) >= 0))
    if not by_class or size >= len(examples):
        return np.arange(min(size, len(examples)))
    return np.sort(np.argsort(_draws(examples, seed, Stream.SUBSET))[:size])


def hold_out(
    examples: Examples, size: int, *, seed: int
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
    seed: int,
    stream: Stream,
    option: str,
) -> np.ndarray:
    """Returns a mask of the examples in a balanced subset: bool [n]."""
    draws = _draws(examples, seed, stream)
    members = np.zeros(len(examples), bool)
    # Some data sets declare classes of which they have no examples.
    present = np.unique(examples.true_labels)
    for place, label in enumerate(present):
        candidates = np.flatnonzero(examples.true_labels == label)
        quota = size // len(present) + (place < size % len(present))
        if quota > len(candidates):
            raise InputError(
                f"{option}={size}: a balanced subset needs {quota} examples of"
                f" class {label} (from 0, in the order of the labels), which"
                f" has {len(candidates)} examples; choose a smaller size"
            )
        members[candidates[np.argsort(draws[candidates])[:quota]]] = True
    return members


def _draws(examples: Examples, seed: int, stream: Stream) -> np.ndarray:
    """Returns a random number for each example: uint64 [n]."""
    high, low = example_keys(tf.constant(examples.ids), seed, stream)
    return high.numpy().astype(np.uint64) << np.uint64(32) | low.numpy()
