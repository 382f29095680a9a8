"""Reads data sets whose images have one size into memory, as uint8."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.data.streaming import EncodedExamples, ImageStreams, stream
from rethink_keras.errors import InputError

_BATCH = 500

Batches = list[tuple[np.ndarray, ...]]


def load(name: str, data_dir: str | None = None) -> ImageClassification:
    """Reads a data set whose images have one size, decoding each once.

    Images keep the number of channels that the data set declares. In an image
    folder, which declares none, they are grey if all are stored as grey, and
    RGB otherwise.

    Args:
      name: as in `stream`.
      data_dir: as in `stream`.

    Raises:
      InputError: no such data set, no image classification, images of varied
        size, or a damaged file (which it names).
    """
    streams = stream(name, data_dir)
    sizes: set[tuple[int, int]] = set()
    train, test = (
        list(_read(streams, split, sizes))
        for split in (streams.train, streams.test)
    )
    if streams.shape[-1] is None:
        grey = all(images.shape[-1] < 3 for images, *_ in (*train, *test))
        train, test = (_with_channels(part, grey) for part in (train, test))
    return ImageClassification(
        train=_join(train, streams, streams.train),
        test=_join(test, streams, streams.test),
        num_classes=streams.num_classes,
    )


def _read(
    streams: ImageStreams, split: EncodedExamples, sizes: set[tuple[int, int]]
) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches (images, labels, identities) of images decoded as stored.

    Args:
      streams: the data set.
      split: one of its splits.
      sizes: of the images read before; those of this split are added.

    Raises:
      InputError: a file is damaged, or the images vary in size.
    """

    def decode(encoded: tf.Tensor, *others: tf.Tensor) -> tuple[tf.Tensor, ...]:
        image = tf.io.decode_image(
            encoded, streams.shape[-1] or 0, expand_animations=False
        )
        return tf.ensure_shape(image, streams.shape), *others

    images = split.in_order().map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    batches = images.batch(1 if None in streams.shape else _BATCH).prefetch(1)
    try:
        for batch in batches.as_numpy_iterator():
            sizes.add(batch[0].shape[1:3])
            if len(sizes) > 1:
                raise InputError(
                    f"dataset={streams.name}: its images vary in size; give"
                    " --image_size=N to stream them, resized"
                )
            yield batch
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        raise InputError(
            streams.find_damage()
            or f"{split.place}: the records cannot be decoded as features.json"
            " says; prepare the files again"
        ) from error


def _with_channels(batches: Batches, grey: bool) -> Batches:
    """Batches whose images are all grey or all RGB, without transparency."""

    def convert(images: np.ndarray) -> np.ndarray:
        if images.shape[-1] < 3:
            return np.repeat(images[..., :1], 1 if grey else 3, axis=-1)
        return images[..., :3]

    return [(convert(images), *others) for images, *others in batches]


def _join(
    batches: Batches, streams: ImageStreams, split: EncodedExamples
) -> Examples:
    images, labels, ids = map(np.concatenate, zip(*batches, strict=True))
    if labels.min() < 0 or labels.max() >= streams.num_classes:
        raise InputError(
            f"{split.place}: has labels outside 0 to {streams.num_classes - 1};"
            f" the data set {streams.name} cannot be used"
        )
    return Examples(images, labels, labels, ids)
