"""Training batches on TensorFlow: from tf.data, or on the device."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from rethink_keras.graphs import compiled
from rethink_keras.pipeline import (
    Position,
    ResidentExamples,
    converter,
    crop_at,
)

Step = Callable[[tuple], tf.Tensor]


class HostBatches:
    """Training batches that tf.data assembles beside the training steps.

    Args:
      batches: iterator of batches for `step`.
      step: training step, from a batch to its `training_hits`; also updates the
        metrics.
    """

    def __init__(self, batches: Iterator[tuple], step: Step):
        @compiled
        def train(batches, steps):
            hits = tf.TensorArray(tf.float32, steps, element_shape=[None])
            for number in tf.range(steps):
                hits = hits.write(number, step(next(batches)))
            return hits.concat()

        self._batches = batches
        self._train = train

    def train(self, steps: int) -> np.ndarray:
        """Trains on the next `steps` batches; returns the `training_hits`."""
        return self._train(self._batches, tf.constant(steps)).numpy()


class ResidentBatches:
    """Training batches that the device assembles between training steps.

    On CPUs, a thread that assembles batches beside the steps would delay them:
    each operation of a step waits for the thread whose core is shared.

    Args:
      resident: the examples and their batches.
      step: training step, from a batch to its `training_hits`; also updates the
        metrics.
    """

    def __init__(self, resident: ResidentExamples, step: Step):
        self._resident = resident
        self._step = step
        self._position = Position(resident, place=_placed)
        self._fields = tuple(map(tf.constant, resident.examples.fields[:3]))
        self._bounds = tf.constant(resident.bounds)
        self._train = compiled(self._steps)

    def train(self, steps: int) -> np.ndarray:
        """Trains on the next `steps` batches; returns the `training_hits`."""
        found = []
        for plan, first, count in self._position.advance(steps):
            hits = self._train(*plan, tf.constant(first), tf.constant(count))
            found.append(hits.numpy())
        return np.concatenate(found)

    def _steps(self, order, corners, first, count):
        hits = tf.TensorArray(tf.float32, count, element_shape=[None])
        for number in tf.range(count):
            start = self._bounds[first + number]
            end = self._bounds[first + number + 1]
            batch = self._batch(order[start:end], corners)
            hits = hits.write(number, self._step(batch))
        return hits.concat()

    def _batch(self, indices, corners):
        images, labels, true_labels = (
            tf.gather(field, indices) for field in self._fields
        )
        if corners is not None:
            images = crop_at(images, tf.gather(corners, indices))
        augment = self._resident.augment
        if augment is not None:
            images = converter(augment.standardize)(images)
        return images, labels, labels, true_labels


def _placed(plan: tuple) -> tuple:
    return tuple(None if part is None else tf.constant(part) for part in plan)
