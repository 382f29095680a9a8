"""What `randomize` asks of a tf.data data set of (image, label)."""

import numpy as np
import tensorflow as tf

from rethink_keras.elements import are_batches
from rethink_keras.errors import InputError
from rethink_keras.randomization.arguments import Arguments
from rethink_keras.randomization.label_noise import check_dtype

_COMPARED = 64  # examples that must be the same in two passes


def specs_of(data: tf.data.Dataset) -> tuple[tf.TensorSpec, tf.TensorSpec]:
    """Returns the specs of images and labels.

    Raises:
      InputError: elements are not pairs of dense tensors.
    """
    spec = data.element_spec
    if isinstance(spec, tuple) and len(spec) == 2:
        image, label = spec
        if all(isinstance(part, tf.TensorSpec) for part in spec):
            if label.shape.rank is None:
                raise InputError(
                    "data: received labels of unknown rank; set their shape"
                    " with tf.ensure_shape"
                )
            return image, label
    raise InputError(
        f"data: received elements of {str(spec).replace(chr(10), ' ')};"
        " must be pairs (image, label) of dense tensors; use map to select"
        " them"
    )


def is_batched(
    data: tf.data.Dataset, label: tf.TensorSpec, pixels: bool
) -> bool:
    """Returns whether elements are batches, from the first of them.

    Elements with scalar labels are single examples, and are not read.

    Args:
      data: dataset of (image, label).
      label: spec of the labels.
      pixels: whether the images are images; otherwise they may be any inputs.
    """
    return label.shape.rank > 0 and are_batches(
        data.take(_COMPARED).as_numpy_iterator(), images=pixels
    )


def check_arguments(
    arguments: Arguments,
    image: tf.TensorSpec,
    label: tf.TensorSpec,
    batched: bool,
) -> None:
    """Checks that the elements of a dataset fit the arguments.

    Args:
      arguments: arguments of `randomize`.
      image: spec of the images.
      label: spec of the labels.
      batched: whether elements are batches.

    Raises:
      InputError: they do not.
    """
    if arguments.kind == "labels":
        shape = label.shape[1:] if batched else label.shape
        if not label.dtype.is_integer or (shape.rank and shape != [1]):
            raise InputError(
                f"data: received labels of shape {label.shape} and dtype"
                f" {label.dtype.name}; must be integers, one for each image;"
                f" convert {_conversion(shape, label.dtype)}"
            )
        if arguments.num_classes is None:
            raise InputError(
                "num_classes=None: must be the number of classes for"
                " kind=labels on a tf.data.Dataset, as in num_classes=10"
            )
        check_dtype(np.dtype(label.dtype.as_numpy_dtype), arguments.num_classes)
    elif arguments.kind != "none":
        shape = image.shape[1:] if batched else image.shape
        if shape.rank not in (2, 3, None):
            raise InputError(
                f"data: received images of shape {image.shape} with labels of"
                f" shape {label.shape}; must be images [height, width] or"
                " [height, width, channels] with one label each, or batches of"
                " them"
            )
        if not shape.is_fully_defined():
            raise InputError(
                f"data: received images of shape {image.shape}; kind="
                f"{arguments.kind} needs images of one known size; resize them,"
                " or set their shape with tf.ensure_shape"
            )


def _conversion(shape: tf.TensorShape, dtype: tf.DType) -> str:
    """Returns how to convert the label of an example to an integer."""
    if shape.rank and shape != [1]:
        return "one-hot labels with tf.argmax"
    if dtype == tf.string:
        return "them with keras.layers.StringLookup"
    return "them with tf.cast"


def check_passes(data: tf.data.Dataset, batched: bool) -> None:
    """Checks that a dataset is finite and yields the same in each pass.

    Args:
      data: dataset of (image, label); two passes read its beginning.
      batched: whether elements are batches.

    Raises:
      InputError: it is empty or infinite, or its passes differ.
    """
    if data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise InputError(
            "data: received an infinite dataset; repeat after randomizing"
        )
    examples = (data.unbatch() if batched else data).take(_COMPARED)
    first, second = (
        [
            [_as_bytes(np.asarray(part)) for part in example]
            for example in examples.as_numpy_iterator()
        ]
        for _ in range(2)
    )
    if not first:
        raise InputError("data: received no images; must be at least one")
    if first != second:
        raise InputError(
            "data: received a dataset that yields other elements in each pass;"
            " the randomization of an example would change; shuffle and"
            " augment after randomizing"
        )


def _as_bytes(array: np.ndarray) -> bytes:
    """Returns the bytes of numbers or of texts, which are objects in NumPy."""
    return (array.astype(bytes) if array.dtype == object else array).tobytes()
