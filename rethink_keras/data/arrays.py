"""Data sets from arrays and tf.data datasets."""

import dataclasses
import hashlib
from typing import Any

import numpy as np
import tensorflow as tf

from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.elements import (
    CHANNELS,
    Arrays,
    as_pair,
    flat_labels,
    integers_from,
    joined,
)
from rethink_keras.errors import InputError

_FORM = (
    "must be ((x, y), (x_test, y_test)), arrays or tf.data.Datasets of (image,"
    " label)"
)
_LARGEST_LABEL = np.iinfo(np.int64).max


@dataclasses.dataclass(frozen=True)
class GivenData:
    """A data set of one's own.

    Labels are numbered from 0 in ascending order. The identity of a training
    example is its index; that of a test example is its index plus the number of
    training examples, since equal identities would get equal noise.

    Attributes:
      examples: the images and the numbered labels.
      classes: int64 [num_classes], the label of each class.
    """

    examples: ImageClassification
    classes: np.ndarray

    def as_record(self) -> dict[str, Any]:
        """Returns what tells this data set from others, as JSON values.

        The record holds the shape of each split's images, their dtype, the
        classes unless they are 0, 1, 2, and so on, and a SHA-256 of images and
        labels.
        """
        splits = self.examples.train, self.examples.test
        digest = hashlib.sha256()
        for split in splits:
            for array in (split.images, split.labels):
                digest.update(np.ascontiguousarray(array).data)
        digest.update(self.classes.data)
        record = {
            "train_shape": list(splits[0].images.shape),
            "test_shape": list(splits[1].images.shape),
            "dtype": str(splits[0].images.dtype),
            "sha256": digest.hexdigest(),
        }
        if not np.array_equal(self.classes, np.arange(len(self.classes))):
            record["classes"] = self.classes.tolist()
        return record


def from_arrays(data: Any) -> GivenData:
    """Reads a training and a test split given as arrays or datasets.

    Args:
      data: a pair of splits, training first. A split is a pair (images,
        labels) of arrays or a `tf.data.Dataset` of such pairs, batched or not.
        Images are uint8 or float, [n, height, width] or [n, height, width,
        channels]; labels are integers, [n] or [n, 1]. Datasets must be finite;
        they are read once and kept in memory. A `GivenData` is returned as it
        is.

    Raises:
      InputError: the data have another form, or are empty or infinite.
    """
    if isinstance(data, GivenData):
        return data
    if isinstance(data, tf.data.Dataset) or not _is_pair(data):
        raise InputError(f"data={_describe(data)}: {_FORM}")
    splits = [
        _read_split(split, name)
        for split, name in zip(data, ("train", "test"), strict=True)
    ]
    (train, train_labels), (test, test_labels) = splits
    if train.shape[1:] != test.shape[1:] or train.dtype != test.dtype:
        raise InputError(
            f"data: images must have one size and dtype; received"
            f" {train.dtype} {train.shape[1:]} for training and"
            f" {test.dtype} {test.shape[1:]} for testing"
        )
    classes = np.unique(train_labels)
    unseen = np.setdiff1d(test_labels, classes)
    if len(unseen):
        raise InputError(
            f"data: no training example has the label {unseen[0]} of its test"
            " split; drop these test examples"
        )
    if len(classes) < 2:
        raise InputError(
            f"data: all labels are {classes[0]}; needs at least two classes"
        )
    return GivenData(
        ImageClassification(
            train=_numbered(train, train_labels, classes, 0),
            test=_numbered(test, test_labels, classes, len(train)),
            num_classes=len(classes),
        ),
        classes,
    )


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2


def _describe(value: Any) -> str:
    return f"a {type(value).__name__}"


def _read_split(split: Any, name: str) -> Arrays:
    """Returns the images [n, height, width, channels] and labels [n]."""
    if isinstance(split, tf.data.Dataset):
        split = _collected(split, name)
    if not _is_pair(split):
        raise InputError(
            f"data: its {name} split is {_describe(split)}; {_FORM}"
        )
    images, labels = _arrays(split, name)
    if len(images) != len(labels):
        raise InputError(
            f"data: its {name} split has {len(images)} images and"
            f" {len(labels)} labels; must be as many"
        )
    return images, labels


def _arrays(split: Any, name: str) -> Arrays:
    """Checks the dtypes and shapes of a split's images and labels."""
    images, labels = as_pair(split, f"data: its {name} split is", _FORM)
    labels = flat_labels(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"data: the labels of its {name} split are {labels.dtype}"
            f" {labels.shape}; must be integers [n]; {integers_from(labels)}"
        )
    if labels.size and labels.max() > _LARGEST_LABEL:
        raise InputError(
            f"data: labels of its {name} split reach {labels.max()}; must be"
            f" at most {_LARGEST_LABEL}"
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or not (
        images.dtype == np.uint8 or images.dtype.kind == "f"
    ):
        raise InputError(
            f"data: the images of its {name} split are {images.dtype}"
            f" {images.shape}; must be uint8 or float, [n, height, width] or"
            f" [n, height, width, channels]{_dtype_hint(images.dtype)}"
        )
    if not images.size:
        raise InputError(f"data: its {name} split is empty")
    first, height, width = images.shape[1:]
    if first in CHANNELS and min(height, width) > max(CHANNELS):
        raise InputError(
            f"data: the images of its {name} split are {images.shape}; the"
            " channels must be the last axis, as in numpy.moveaxis(x, 1, -1)"
        )
    if images.dtype.kind == "f":
        images = images.astype("float32", copy=False)
        if not np.isfinite(images).all():
            raise InputError(
                f"data: images of its {name} split hold infinite or NaN"
                " pixels; replace or drop them"
            )
    return images, labels.astype("int64")


def _dtype_hint(dtype: np.dtype) -> str:
    """Returns how to convert images of another dtype; may be empty."""
    if dtype.kind == "b":
        return '; convert them with x.astype("float32")'
    if dtype.kind in "iu" and dtype != np.uint8:
        return '; convert pixels from 0 to 255 with x.astype("uint8")'
    return ""


def _collected(dataset: tf.data.Dataset, name: str) -> Arrays:
    """Reads a dataset of (image, label) once, batched or not."""
    spec = dataset.element_spec
    if not _is_pair(spec) or not all(hasattr(s, "shape") for s in spec):
        raise InputError(
            f"data: the elements of its {name} split are {spec}; must be"
            " (image, label), as from tfds.load(..., as_supervised=True)"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise InputError(
            f"data: its {name} split is infinite; pass it without repeat()"
        )
    elements = list(dataset.as_numpy_iterator())
    if not elements:
        raise InputError(f"data: its {name} split is empty")
    return joined(
        elements,
        f"data: images of its {name} split differ in size; resize them, or"
        " pass a folder with image_size=N",
        images=True,
    )


def _numbered(
    images: np.ndarray, labels: np.ndarray, classes: np.ndarray, first: int
) -> Examples:
    """Returns examples whose labels are positions among the classes."""
    numbers = np.searchsorted(classes, labels).astype("int32")
    ids = np.arange(first, first + len(labels), dtype="int64")
    return Examples(images, numbers, numbers, ids)
