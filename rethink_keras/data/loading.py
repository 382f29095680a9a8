"""Reads TFDS image-classification data sets into memory, as uint8."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras.data.builders import find_builder
from rethink_keras.data.damage import damage_of
from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.data.identities import identities
from rethink_keras.data.splits import count_classes, find_splits
from rethink_keras.errors import InputError

_BATCH = 500


def load(name: str, data_dir: str | None = None) -> ImageClassification:
    """Reads a data set whose images have one size, decoding each once.

    The identity of an example is the 64-bit fingerprint of its TFDS id (file
    name and position), so it does not depend on the order of reading.

    Args:
      name: `cifar10_sample`, or any TFDS image-classification data set.
      data_dir: TFDS directory; None for TFDS's own.

    Raises:
      InputError: no such data set, no image classification, images of varied
        size, or a damaged file (which it names).
    """
    builder = find_builder(name, data_dir)
    classes = count_classes(builder, name)
    image_key, _ = builder.info.supervised_keys
    if None in builder.info.features[image_key].shape:
        raise InputError(
            f"dataset={name}: its images vary in size; give --image_size=N to"
            " stream them, resized"
        )
    train, test = find_splits(builder, name)
    return ImageClassification(
        train=_read(builder, train, classes),
        test=_read(builder, test, classes),
        classes=classes,
    )


def _read(
    builder: tfds.core.DatasetBuilder, split: str, classes: int
) -> Examples:
    image_key, label_key = builder.info.supervised_keys

    def pick(example: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        label = tf.cast(example[label_key], tf.int32)
        return example[image_key], label, example["tfds_id"]

    try:
        dataset = builder.as_dataset(
            split=split,
            shuffle_files=False,
            read_config=tfds.ReadConfig(add_tfds_id=True, try_autocache=False),
        )
        dataset = dataset.map(pick, num_parallel_calls=tf.data.AUTOTUNE)
        dataset = dataset.batch(_BATCH).prefetch(1)
        batches = list(dataset.as_numpy_iterator())
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(_damage(builder, split)) from error
    expected = builder.info.splits[split].num_examples
    if sum(len(labels) for _, labels, _ in batches) != expected:
        raise InputError(_damage(builder, split))
    images, labels, ids = map(np.concatenate, zip(*batches, strict=True))
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"dataset={builder.name}: the split {split} has labels outside"
            f" 0 to {classes - 1}; it cannot be used"
        )
    names = identities(tf.constant(ids)).numpy()
    return Examples(images, labels, labels, names)


def _damage(builder: tfds.core.DatasetBuilder, split: str) -> str:
    """Which file of a split is damaged, in one line."""
    files = ", ".join(map(str, builder.info.splits[split].filepaths))
    return damage_of(builder, [split]) or (
        f"{files}: the records cannot be decoded as features.json says;"
        " prepare the files again"
    )
