"""Inputs and labels as users pass them: pairs of arrays, batches, forms."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rethink_keras.errors import InputError, one_line

Arrays = tuple[np.ndarray, np.ndarray]
CHANNELS = (1, 3, 4)
"""Numbers of channels of grey and colour images."""

_ROUNDING = 1e-3  # of a sum of probabilities


def as_pair(value: Any, received: str, fix: str) -> Arrays:
    """Converts a pair to arrays.

    Args:
      value: the pair.
      received: beginning of an error message, such as "data: received".
      fix: end of an error message.

    Raises:
      InputError: `value` is a pair of data sets, or an entry is no array.
    """
    if all(map(_is_data_set, value)):
        raise InputError(f"{received} a pair of data sets; pass one at a time")
    try:
        x, y = map(np.asarray, value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{received} no pair of arrays ({one_line(error)}); {fix}"
        ) from error
    return x, y


def _is_data_set(value: Any) -> bool:
    """Whether a value is a tf.data data set, or a pair of arrays (x, y)."""
    if not isinstance(value, tuple):
        return hasattr(value, "element_spec")
    return len(value) == 2 and all(getattr(v, "shape", ()) for v in value)


def joined(
    elements: Sequence[tuple[Any, Any]], differ: str, images: bool = False
) -> Arrays:
    """Returns the inputs and the labels of all elements as arrays.

    Args:
      elements: batches (x, y) or single examples, at least one.
      differ: error message if shapes differ.
      images: whether the inputs are images; see `are_batches`.

    Raises:
      InputError: the elements differ in shape.
    """
    join = np.concatenate if are_batches(elements, images) else np.stack
    x, y = zip(*elements, strict=True)
    try:
        return join(x), join(y)
    except ValueError as error:
        raise InputError(differ) from error


def are_batches(
    elements: Iterable[tuple[Any, Any]], images: bool = False
) -> bool:
    """Returns whether elements are batches rather than single examples.

    An element with as many labels as inputs is a batch, with one exception: an
    image [height, width, channels] whose one-hot or soft label is as long as
    the image is high. The first element that is no such image decides; if there
    is none, the elements are single images.

    Args:
      elements: pairs (x, y) of arrays, read only until one decides.
      images: whether the inputs are images; those of rank 2 are then single
        images. Otherwise they may be any inputs, such as vectors.
    """
    for x, y in elements:
        single = np.ndim(y) == 0 or (images and np.ndim(x) == 2)
        if single or np.shape(y)[:1] != np.shape(x)[:1]:
            return False
        if not _may_be_one_image(x, np.asarray(y)):
            return True
    return False


def _may_be_one_image(x: Any, y: np.ndarray) -> bool:
    """Whether x can be one image, and y its one-hot or soft label."""
    shape = np.shape(x)
    return (
        len(shape) == 3
        and shape[-1] in CHANNELS
        and y.ndim == 1
        and len(y) > 1
        and y.dtype.kind in "biuf"
        and y.min() >= 0
        and abs(y.sum(dtype="float64") - 1) < _ROUNDING
    )


def flat_labels(labels: np.ndarray) -> np.ndarray:
    """Returns labels [n, 1] as [n], and others as they are."""
    return labels[:, 0] if labels.shape[1:] == (1,) else labels


def class_indices(name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the labels [n] of n inputs, and checks them.

    Args:
      name: name of the data, for the error message.
      x: inputs [n, ...].
      y: labels, [n] or [n, 1].

    Raises:
      InputError: the labels are not one class index from 0 for each input.
    """
    y = flat_labels(y)
    are_indices = y.ndim == 1 and y.dtype.kind in "iu"
    if not are_indices or len(x) != len(y):
        raise InputError(
            f"{name}: must have one class index for each input; received inputs"
            f" {x.shape} and {y.dtype} labels {y.shape}"
            f"{'' if are_indices else f'; {integers_from(y)}'}"
        )
    if y.size and y.min() < 0:
        raise InputError(
            f"{name}: labels must be class indices from 0; received {y.min()}"
        )
    return y


def integers_from(labels: np.ndarray) -> str:
    """Returns how to convert labels of another form to integers [n]."""
    labels = flat_labels(labels)
    if labels.ndim == 2:
        return "convert one-hot labels with y.argmax(axis=1)"
    if labels.ndim != 1:
        return "pass one integer for each example"
    if labels.dtype.kind in "bf":
        return "convert them with y.astype(int)"
    return "convert them with numpy.unique(y, return_inverse=True)[1]"
