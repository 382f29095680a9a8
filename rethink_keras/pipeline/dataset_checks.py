"""What `randomize` asks of a tf.data data set of (image, label)."""

import numpy as np
import tensorflow as tf

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
    image: tf.TensorSpec, label: tf.TensorSpec, pixels: bool
) -> bool:
    """Whether elements are batches, from the ranks of images and labels.

    Images of rank 3 are one image in colour or a batch in grey. A label of
    shape [1] then belongs to one image.

    Args:
      image: spec of the images.
      label: spec of the labels.
      pixels: whether the images are images; otherwise they may be any inputs.

    Raises:
      InputError: the shapes of images and labels do not fit.
    """
    rank, labels = image.shape.rank, label.shape
    batched = labels.rank > 0
    if batched and rank != 4:
        one_image = rank == 2 and (
            pixels or not labels[:1].is_compatible_with(image.shape[:1])
        )
        batched = not one_image and (labels[0] != 1 or image.shape[:1] == [1])
    ranks = (3, 4) if batched else (2, 3)
    fits = not batched or labels[:1].is_compatible_with(image.shape[:1])
    if rank is not None and ((pixels and rank not in ranks) or not fits):
        raise InputError(
            f"data: received images of shape {image.shape} with labels of shape"
            f" {labels}; must be images [height, width] or [height, width,"
            " channels] with one label each, or batches of them"
        )
    return batched


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
            one_hot = shape.rank and shape != [1]
            convert = "one-hot labels with tf.argmax"
            raise InputError(
                f"data: received labels of shape {label.shape} and dtype"
                f" {label.dtype.name}; must be integers, one for each image;"
                f" convert {convert if one_hot else 'them with tf.cast'}"
            )
        if arguments.num_classes is None:
            raise InputError(
                "num_classes=None: must be the number of classes for"
                " kind=labels on a tf.data.Dataset, as in num_classes=10"
            )
        check_dtype(np.dtype(label.dtype.as_numpy_dtype), arguments.num_classes)
    elif arguments.kind != "none":
        shape = image.shape[1:] if batched else image.shape
        if not shape.is_fully_defined():
            raise InputError(
                f"data: received images of shape {image.shape}; kind="
                f"{arguments.kind} needs images of one known size; resize them,"
                " or set their shape with tf.ensure_shape"
            )


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
