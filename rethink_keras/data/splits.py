"""What a data set must have: an image, a label, a training and a test split."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras.data.records import RecordFiles
from rethink_keras.errors import InputError


def count_classes(builder: tfds.core.DatasetBuilder, name: str) -> int:
    """The number of classes, once the features are what a run needs.

    Raises:
      InputError: it is no image classification.
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
            f"dataset={name}: is no image classification; its features must be"
            " a uint8 image and a class label"
        )
    return label.num_classes


def find_splits(
    builder: tfds.core.DatasetBuilder, name: str
) -> tuple[str, str]:
    """The names of the training and the test split.

    The latter is `test`, or `validation` where there is none or its labels
    are kept secret, as ImageNet's.

    Raises:
      InputError: one is missing or empty.
    """
    splits = builder.info.splits
    tests = [split for split in ("test", "validation") if split in splits]
    if len(tests) == 2 and _is_unlabelled(builder):
        tests.remove("test")
    if "train" not in splits or not tests:
        raise InputError(
            f"dataset={name}: needs the splits train and test or validation;"
            f" received {', '.join(splits)}"
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
    """Whether the first label of the test split is TFDS's -1, for none."""
    try:
        _, label, _ = next(iter(RecordFiles(builder, "test").in_order()))
    except (tf.errors.OpError, StopIteration):
        return False  # the reader reports the corrupt file
    return int(label) == -1
