"""Label noise for arrays of any framework (public `corrupt_labels`)."""

from typing import Any

import numpy as np
import tensorflow as tf

from rethink_keras.elements import flat_labels, integers_from
from rethink_keras.errors import InputError
from rethink_keras.randomization import randomize
from rethink_keras.randomization.arguments import Arguments
from rethink_keras.randomization.random_streams import to_uniform

_SUM_TOLERANCE = 1e-6


def corrupt_labels(
    labels: Any,
    *,
    num_classes: int | None = None,
    probability: float | None = None,
    seed: int = 0,
    transition: Any = None,
) -> np.ndarray:
    """Adds label noise to an array of labels.

    With `probability`, each label is replaced with that probability by a
    uniformly random class, which may be the true one (symmetric noise; the
    "partially corrupted labels" of Zhang et al. 2017). With `transition`, the
    new label is drawn from the row of the true class (asymmetric noise).

    The draw for an example depends only on the seed and on its index, so the
    result is the same in each call. With the same seed, the labels that change
    at a smaller probability also change at a larger one, to the same class.

    Args:
      labels: integers [n] or [n, 1]: a NumPy array, a list or a tensor.
      num_classes: number of classes; labels must be from 0 to
        `num_classes - 1`. If None, the classes are the distinct labels in
        ascending order, which need not be contiguous.
      probability: probability of replacing a label, from 0 to 1. If None, 1.
        Cannot be combined with `transition`.
      seed: non-negative integer.
      transition: floats [k, k] for k classes; row i holds
        P(new label is class j | true label is class i) and sums to 1. The
        `noise_matrix` of cleanlab is the transpose of it.

    Returns:
      A new array with the shape and dtype of `labels`.

    Raises:
      InputError: an argument is not allowed.

    Example:
      >>> corrupt_labels([0, 0, 1], transition=[[0, 1], [0, 1]])
      array([1, 1, 1])
    """
    if probability is not None and transition is not None:
        raise InputError(
            f"probability={probability}: cannot be combined with transition;"
            " pass one of them"
        )
    arguments = Arguments(
        probability=1.0 if probability is None else probability,
        num_classes=num_classes,
        seed=seed,
    )
    given = _as_labels(labels)
    if arguments.num_classes is None:
        classes, true = np.unique(given.ravel(), return_inverse=True)
        count = len(classes)
    else:
        count = arguments.num_classes
        check_range(given, count)
        true = given.ravel()
    if transition is None:
        noisy = _uniformly(true, count, arguments)
    else:
        rows = _as_transition(transition, count, arguments.num_classes)
        noisy = _by_transition(true, rows, arguments.seed)
    if arguments.num_classes is None:
        noisy = classes[noisy]
    return noisy.astype(given.dtype).reshape(given.shape)


def check_range(labels: np.ndarray, num_classes: int) -> None:
    """Checks that labels are from 0 to `num_classes - 1`.

    Raises:
      InputError: they are not, or their dtype cannot hold all classes.
    """
    check_dtype(labels.dtype, num_classes)
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise InputError(
            f"labels: received values from {labels.min()} to {labels.max()};"
            f" with num_classes={num_classes} they must be from 0 to"
            f" {num_classes - 1}; relabel them, or leave num_classes out of"
            " corrupt_labels to use the distinct labels as classes"
        )


def check_dtype(dtype: np.dtype, num_classes: int) -> None:
    """Checks that an integer dtype can hold all classes.

    Raises:
      InputError: it cannot.
    """
    if num_classes - 1 > np.iinfo(dtype).max:
        raise InputError(
            f"num_classes={num_classes}: labels of dtype {dtype} hold values"
            f" up to {np.iinfo(dtype).max}; convert the labels to int32"
        )


def _as_labels(labels: Any) -> np.ndarray:
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError):
        raise InputError(
            f"labels: received a {type(labels).__name__} that is not an array;"
            " must be integers of shape [n] or [n, 1]"
        ) from None
    if array.dtype.kind not in "iu" or flat_labels(array).ndim != 1:
        raise InputError(
            f"labels: received {array.dtype} {array.shape}; must be integers"
            f" of shape [n] or [n, 1]; {integers_from(array)}"
        )
    return array


def _as_transition(
    transition: Any, count: int, num_classes: int | None
) -> np.ndarray:
    """Returns a valid transition matrix, float64 [count, count]."""
    try:
        matrix = np.asarray(transition, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"transition: received a {type(transition).__name__} that is not a"
            " matrix; must be floats [k, k] for k classes"
        ) from None
    if matrix.shape != (count, count):
        reason = (
            f"num_classes is {num_classes}"
            if num_classes
            else f"labels has {count} distinct values; pass num_classes if a"
            " class has no label"
        )
        raise InputError(
            f"transition: received shape {list(matrix.shape)}; must be"
            f" {[count, count]}, since {reason}"
        )
    wrong = matrix[~((matrix >= 0) & (matrix <= 1 + _SUM_TOLERANCE))]
    if wrong.size:
        raise InputError(
            f"transition: received the value {wrong[0]}; must be probabilities"
            " from 0 to 1"
        )
    sums = matrix.sum(axis=1)
    bad = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
    if bad.size:
        fix = "divide each row by its sum"
        if np.allclose(matrix.sum(axis=0), 1, rtol=0, atol=_SUM_TOLERANCE):
            fix = (
                "the columns do, as in cleanlab's noise_matrix: pass the"
                " transpose"
            )
        raise InputError(
            f"transition: row {bad[0]} sums to {sums[bad[0]]:.6g}; each row"
            f" must sum to 1; {fix}"
        )
    return matrix


def _identities(count: int) -> tf.Tensor:
    return tf.range(count, dtype=tf.int64)


def _uniformly(
    true: np.ndarray, count: int, arguments: Arguments
) -> np.ndarray:
    with tf.device("CPU"):
        return randomize.replace_labels(
            tf.constant(true.astype(np.int32)),
            _identities(len(true)),
            num_classes=count,
            probability=arguments.probability,
            seed=arguments.seed,
        ).numpy()


def _by_transition(
    true: np.ndarray, transition: np.ndarray, seed: int
) -> np.ndarray:
    """Draws new classes by inverting the cumulative distribution of each row.

    Dividing by the total makes the last cumulative sums exactly 1, which is
    above every draw. Hence rounding cannot select a class of probability 0.
    """
    with tf.device("CPU"):
        _, choice = randomize.label_words(_identities(len(true)), seed)
        draws = to_uniform(choice).numpy()
    noisy = np.empty(len(true), np.int64)
    for label, row in enumerate(transition):
        cumulative = np.cumsum(row)
        mine = true == label
        noisy[mine] = np.searchsorted(
            cumulative / cumulative[-1], draws[mine], side="right"
        )
    return noisy
