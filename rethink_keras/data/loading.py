"""Loads data sets into memory, as uint8 images of one size."""

import functools
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from rethink_keras.config import SAMPLE
from rethink_keras.data.concatenation import concatenated
from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.data.streaming import EncodedExamples, ImageStreams, stream
from rethink_keras.errors import InputError, one_line
from rethink_keras.graphs import as_written

_BATCH = 500

Batch = tuple[np.ndarray, ...]


def load(name: str, data_dir: str | None = None) -> ImageClassification:
    """Loads a data set of equally sized images into memory.

    Images have the number of channels that the data set declares. An image
    folder declares none: its images are loaded as grey if all of them are
    stored as grey, and as RGB otherwise. A process reads `cifar10_sample` once;
    its arrays are read-only.

    Args:
      name: see `stream`.
      data_dir: see `stream`.

    Raises:
      InputError: the data set does not exist or is not an image
        classification, its images differ in size, or a file is corrupt (the
        message names it).
    """
    return _sample() if name == SAMPLE else _load(stream(name, data_dir))


@functools.cache
def _sample() -> ImageClassification:
    loaded = _load(stream(SAMPLE))
    for split in (loaded.train, loaded.test):
        for field in split.fields:
            field.setflags(write=False)
    return loaded


def _load(streams: ImageStreams) -> ImageClassification:
    sizes: set[tuple[int, int]] = set()
    splits = streams.train, streams.test
    parts: list[Iterable] = [_read(streams, split, sizes) for split in splits]
    if streams.shape[-1] is None:
        parts = [list(part) for part in parts]
        grey = all(image.shape[-1] < 3 for part in parts for image, *_ in part)
        parts = [_with_channels(part, grey) for part in parts]
    train, test = (
        _join(part, streams, split)
        for part, split in zip(parts, splits, strict=True)
    )
    return ImageClassification(train, test, streams.num_classes)


def _read(
    streams: ImageStreams, split: EncodedExamples, sizes: set[tuple[int, int]]
) -> Iterator[Batch]:
    """Yields batches (images, labels, identities) of a split.

    Args:
      streams: the data set.
      split: one of its splits.
      sizes: the image sizes found so far; extended by those of this split.

    Raises:
      InputError: a file is corrupt, or the images differ in size.
    """

    @as_written
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
                    f"dataset={streams.name}: images differ in size; set"
                    " image_size=N to stream and resize them"
                )
            yield batch
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        raise InputError(
            streams.find_damage()
            or f"{split.place}: the records cannot be decoded with the features"
            " in features.json; prepare the data set again"
        ) from error


def _with_channels(batches: Iterable[Batch], grey: bool) -> list[Batch]:
    """Converts images to grey or RGB, and drops transparency."""

    def convert(images: np.ndarray) -> np.ndarray:
        if images.shape[-1] < 3:
            return np.repeat(images[..., :1], 1 if grey else 3, axis=-1)
        return images[..., :3]

    return [(convert(images), *others) for images, *others in batches]


def _join(
    batches: Iterable[Batch], streams: ImageStreams, split: EncodedExamples
) -> Examples:
    try:
        images, labels, ids = concatenated(batches, len(split))
    except MemoryError as error:
        raise InputError(
            f"dataset={streams.name}: {len(split):,} images do not fit into"
            f" memory ({one_line(error)}); set image_size=N to stream and"
            " resize them"
        ) from error
    if labels.min() < 0 or labels.max() >= streams.num_classes:
        raise InputError(
            f"{split.place}: labels must be from 0 to"
            f" {streams.num_classes - 1}; fix the data set {streams.name} or"
            " choose another"
        )
    return Examples(images, labels, labels, ids)
