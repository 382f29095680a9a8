"""What a device needs to assemble training batches by itself."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.data.shuffling import shuffle
from rethink_keras.pipeline import preprocessing
from rethink_keras.pipeline.datasets import Augmentation, as_inputs


@dataclasses.dataclass(frozen=True)
class ResidentExamples:
    """Examples that stay on the device, and the batches of each epoch.

    The host draws the order of the examples and the corners of their crops. The
    device gathers, crops and scales. The batches are those of
    `TrainingBatches.dataset`.

    Attributes:
      examples: n examples.
      bounds: where batches begin in the order of an epoch: int32 [steps + 1].
      seed: non-negative integer.
      epochs: numbers of the epochs.
      skip: number of batches of the first epoch to skip.
      augment: conversion of the images to inputs, which crops and scales at
        most; None if they are inputs.
    """

    examples: Examples
    bounds: np.ndarray
    seed: int
    epochs: range
    skip: int
    augment: Augmentation | None

    @property
    def crop_size(self) -> tuple[int, int]:
        """Height and width of a random crop."""
        return preprocessing.crop_size(*self.examples.images.shape[1:3])

    def converted(self) -> "ResidentExamples":
        """Returns the same batches of images that are converted once.

        They take four times the memory of images of uint8. Random crops stay
        as they are: each batch is converted after cropping.
        """
        augment = self.augment
        if augment is None or augment.crop:
            return self
        examples = as_inputs(self.examples, standardize=augment.standardize)
        return dataclasses.replace(self, examples=examples, augment=None)

    def order(self, epoch: int) -> np.ndarray:
        """Returns the order of the examples in an epoch: int32 [n]."""
        count, number = len(self.examples), tf.constant(epoch, tf.int64)
        return shuffle(tf.range(count), self.seed, number).numpy()

    def corners(self, epoch: int) -> np.ndarray | None:
        """Returns the top and left of each example's crop: int32 [n, 2].

        None without random crops.
        """
        if self.augment is None or not self.augment.crop:
            return None
        return preprocessing.crop_corners(
            self.examples.images.shape[1:3],
            tf.constant(self.examples.ids),
            seed=self.seed,
            epoch=tf.constant(epoch, tf.int64),
        ).numpy()


class Position:
    """The next of a run's resident batches.

    Args:
      resident: the examples and their batches.
      place: function that places the order and the corners of an epoch, which
        can be None, on the device.
    """

    def __init__(
        self,
        resident: ResidentExamples,
        place: Callable[[tuple[np.ndarray, np.ndarray | None]], tuple],
    ):
        self._resident = resident
        self._place = place
        self._steps = len(resident.bounds) - 1
        self._epoch, self._step = resident.epochs.start, resident.skip
        self._plan: tuple | None = None

    def advance(self, steps: int) -> Iterator[tuple[tuple, int, int]]:
        """Yields (plan, first step, number of steps), once per epoch.

        The plan is what `place` returned.
        """
        while steps:
            if self._plan is None:
                order = self._resident.order(self._epoch)
                corners = self._resident.corners(self._epoch)
                self._plan = self._place((order, corners))
            count = min(steps, self._steps - self._step)
            yield self._plan, self._step, count
            steps -= count
            self._step += count
            if self._step == self._steps:
                self._epoch, self._step = self._epoch + 1, 0
                self._plan = None
