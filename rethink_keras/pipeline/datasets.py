"""Transformations of examples: once per run, or in every epoch."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples, concatenated
from rethink_keras.graphs import compiled
from rethink_keras.pipeline import preprocessing
from rethink_keras.pipeline.preprocessing import batch_of
from rethink_keras.randomization import Randomization


def map_examples(
    examples: Examples,
    function: Callable[[Examples], tuple[tf.Tensor, tf.Tensor]],
) -> Examples:
    """Applies a batched function to all examples.

    Args:
      examples: n examples; not modified.
      function: function from a batch of examples, as tensors, to (images,
        labels).

    Returns:
      n examples with the new images and labels, as tensors.
    """

    def apply(*fields: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return function(Examples(*fields))

    compiled_apply = compiled(apply, reduce_retracing=True, autograph=False)

    size = batch_of(examples.images.shape[1:])

    def applied(begin: int) -> list[np.ndarray]:
        part = slice(begin, begin + size)
        batch = [tf.constant(field[part]) for field in examples.fields]
        return [result.numpy() for result in compiled_apply(*batch)]

    count = len(examples)
    parts = map(applied, range(0, count, size))
    images, labels = map(_as_tensor, concatenated(parts, count))
    return dataclasses.replace(examples, images=images, labels=labels)


def _as_tensor(array: np.ndarray) -> tf.Tensor:
    """Returns a tensor on the default device; on CPUs it shares the memory.

    `tf.constant` would take the memory of the array three times.

    Args:
      array: an array from `concatenated`, which must not change any more.
    """
    return tf.identity(tf.experimental.dlpack.from_dlpack(array.__dlpack__()))


def as_tensors(examples: Examples) -> Examples:
    """Returns examples whose images tf.data does not copy."""
    return map_examples(examples, lambda batch: (batch.images, batch.labels))


def randomize_examples(
    examples: Examples, randomization: Randomization, *, crop: bool = True
) -> Examples:
    """Crops images at the centre, then randomizes labels and pixels.

    Cropping comes first so that a randomized image has the same pixels as the
    true image that the network would see.

    Args:
      examples: examples as stored.
      randomization: the run's randomization.
      crop: whether to crop.
    """

    def apply(batch: Examples) -> tuple[tf.Tensor, tf.Tensor]:
        images = batch.images
        if crop:
            images = preprocessing.centre_crop(images)
        return (
            randomization.pixels(images, batch.ids),
            randomization.labels(batch.labels, batch.ids),
        )

    return map_examples(examples, apply)


def as_inputs(examples: Examples, *, standardize: bool = True) -> Examples:
    """Converts images to inputs of the network; see `preprocessing`.

    Args:
      examples: cropped and randomized examples.
      standardize: whether to whiten each image; otherwise it is only scaled.
    """
    convert = preprocessing.converter(standardize)
    return map_examples(
        examples, lambda batch: (convert(batch.images), batch.labels)
    )


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Converts training images to inputs of the network, in each epoch.

    Attributes:
      randomization: the run's randomization; applied to random crops. Centre
        crops are already randomized.
      crop: whether to crop at random; the images are then uncropped.
      flip_and_rotate: whether to flip and rotate images.
      seed: non-negative integer.
      standardize: see `as_inputs`.
    """

    randomization: Randomization
    crop: bool
    flip_and_rotate: bool
    seed: int
    standardize: bool = True

    def __call__(
        self, images: tf.Tensor, ids: tf.Tensor, epoch: tf.Tensor
    ) -> tf.Tensor:
        """Returns the inputs of the network."""
        key = {"seed": self.seed, "epoch": epoch}
        if self.crop:
            images = preprocessing.random_crop(images, ids, **key)
            images = self.randomization.pixels(images, ids)
        if self.flip_and_rotate:
            images = preprocessing.flip_and_rotate(images, ids, **key)
        return preprocessing.converter(self.standardize)(images)

    @property
    def varies(self) -> bool:
        """Whether the inputs differ between epochs."""
        return self.crop or self.flip_and_rotate

    @property
    def changes_pixels(self) -> bool:
        """Whether it computes new pixels, beside cropping and scaling."""
        randomizes = self.crop and self.randomization.changes_pixels
        return randomizes or self.flip_and_rotate
