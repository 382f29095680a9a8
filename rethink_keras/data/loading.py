"""Reads TFDS image-classification data sets into memory, as uint8."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras.data.builders import find_builder
from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.errors import InputError

_BATCH = 500


def load(
    name: str, data_dir: str | None = None, image_size: int | None = None
) -> ImageClassification:
    """Reads a data set, decoding each image once.

    The identity of an example is the 64-bit fingerprint of its TFDS id (file
    name and position), so it does not depend on the order of reading.

    Args:
      name: `cifar10_sample`, or any TFDS image-classification data set.
      data_dir: TFDS directory; None for TFDS's own.
      image_size: side in pixels to which the central square of each image is
        resized; None where all images have one size already.

    Raises:
      InputError: no such data set, no image classification, images of varied
        size without `image_size`, or a damaged file (which it names).
    """
    builder = find_builder(name, data_dir)
    classes = _check_features(builder, name, image_size)
    splits = builder.info.splits
    test = next((s for s in ("test", "validation") if s in splits), None)
    if "train" not in splits or test is None:
        raise InputError(
            f"dataset={name}: needs the splits train and test or validation;"
            f" received {', '.join(splits)}"
        )
    return ImageClassification(
        train=_read(builder, "train", classes, image_size),
        test=_read(builder, test, classes, image_size),
        classes=classes,
    )


def _check_features(
    builder: tfds.core.DatasetBuilder, name: str, image_size: int | None
) -> int:
    """The number of classes, once the features are what a run needs."""
    features = builder.info.features
    keys = builder.info.supervised_keys
    image, label = (features[k] for k in keys) if keys else (None, None)
    if not (
        isinstance(image, tfds.features.Image)
        and isinstance(label, tfds.features.ClassLabel)
        and image.np_dtype == np.uint8
    ):
        raise InputError(
            f"dataset={name}: is no image classification; its features must be"
            " a uint8 image and a class label"
        )
    if None in image.shape and image_size is None:
        raise InputError(
            f"dataset={name}: its images vary in size; give --image_size=N to"
            " resize them"
        )
    return label.num_classes


def _read(
    builder: tfds.core.DatasetBuilder,
    split: str,
    classes: int,
    image_size: int | None,
) -> Examples:
    image_key, label_key = builder.info.supervised_keys
    expected = builder.info.splits[split].num_examples
    if not expected:
        raise InputError(
            f"dataset={builder.name}: its split {split} is empty; prepare"
            " the data set again"
        )

    def pick(example: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        image = example[image_key]
        if image_size is not None:
            image = _resize(image, image_size)
        return image, tf.cast(example[label_key], tf.int32), example["tfds_id"]

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
    if sum(len(labels) for _, labels, _ in batches) != expected:
        raise InputError(_damage(builder, split))
    images, labels, ids = map(np.concatenate, zip(*batches, strict=True))
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"dataset={builder.name}: the split {split} has labels outside"
            f" 0 to {classes - 1}; it cannot be used"
        )
    return Examples(images, labels, labels, _identities(ids))


def _resize(image: tf.Tensor, size: int) -> tf.Tensor:
    """The central square of an image, at size x size: uint8."""
    side = tf.minimum(tf.shape(image)[0], tf.shape(image)[1])
    square = tf.image.resize_with_crop_or_pad(image, side, side)
    resized = tf.image.resize(square, (size, size), antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def _identities(tfds_ids: np.ndarray) -> np.ndarray:
    """TFDS ids (bytes) as 64-bit fingerprints: int64 [n]."""
    prints = tf.fingerprint(tf.constant(tfds_ids)).numpy()  # [n, 8] uint8
    return prints.view("<i8")[:, 0]


def _damage(builder: tfds.core.DatasetBuilder, split: str) -> str:
    """Which file of a split is damaged, in one line."""
    info = builder.info.splits[split]
    shards = zip(info.filepaths, info.shard_lengths, strict=True)
    for path, expected in shards:
        readable = 0
        try:
            for _ in tf.data.TFRecordDataset(str(path)):
                readable += 1
        except tf.errors.OpError:
            pass
        if readable != expected:
            return (
                f"{path}: damaged or truncated; {readable} of {expected}"
                " records can be read; prepare or copy the file again"
            )
    files = ", ".join(str(path) for path in info.filepaths)
    return (
        f"{files}: the records cannot be decoded as features.json says;"
        " prepare the files again"
    )
