"""Checks the features and splits of TFDS data sets."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras.data.records import RecordFiles
from rethink_keras.errors import InputError


def count_classes(builder: tfds.core.DatasetBuilder, name: str) -> int:
    """Returns the number of classes of an image-classification data set.

    Raises:
      InputError: the data set is not an image classification.
    """
    features = builder.info.features
    keys = (builder.info.supervised_keys or ())[:2]
    named = [features[key] for key in keys if isinstance(key, str)]
    image, label = named if len(named) == 2 else (None, None)
    if not (
        isinstance(image, tfds.features.Image)
        and isinstance(label, tfds.features.ClassLabel)
        and label.num_classes
        and image.np_dtype == np.uint8
        and len(image.shape) == 3
    ):
        raise InputError(
            f"dataset={name}: not an image classification; its features must"
            " be a uint8 image and a class label"
        )
    return label.num_classes


def find_splits(
    builder: tfds.core.DatasetBuilder, name: str
) -> tuple[str, str]:
    """Returns the names of the training split and the test split.

    The test split is `test`. It is `validation` if `test` does not exist or
    has no public labels, as in ImageNet.

    Raises:
      InputError: a split is missing or empty.
    """
    splits = builder.info.splits
    tests = [split for split in ("test", "validation") if split in splits]
    tests = [t for t in tests if splits[t].num_examples] or tests[:1]
    if len(tests) == 2 and _is_unlabelled(builder):
        tests.remove("test")
    if "train" not in splits or not tests:
        raise InputError(
            f"dataset={name}: must have the splits train and test (or"
            f" validation); received {', '.join(splits)}; load others with tfds"
            " and pass them as data=(train, test)"
        )
    found = "train", tests[0]
    for split in found:
        if not splits[split].num_examples:
            raise InputError(
                f"dataset={name}: its split {split} is empty; prepare the data"
                " set again"
            )
    return found


def _is_unlabelled(builder: tfds.core.DatasetBuilder) -> bool:
    """Returns whether the test split has no labels: TFDS stores them as -1."""
    try:
        _, label, _ = next(iter(RecordFiles(builder, "test").in_order()))
    except (tf.errors.OpError, StopIteration):
        return False  # the reader reports the corrupt file
    return int(label) == -1
