"""Training batches on TensorFlow: from tf.data, or on the device."""

from collections.abc import Callable, Iterator

import tensorflow as tf

from rethink_keras.data import compiled
from rethink_keras.pipeline import (
    Position,
    ResidentExamples,
    converter,
    crop_at,
)

Train = Callable[[tuple], None]


class HostBatches:
    """Training batches that tf.data assembles beside the training steps.

    Args:
      batches: iterator of batches for `step`.
      step: training step; also updates the metrics.
    """

    def __init__(self, batches: Iterator[tuple], step: Train):
        @compiled
        def train(batches, steps):
            for _ in tf.range(steps):
                step(next(batches))

        self._batches = batches
        self._train = train

    def train(self, steps: int) -> None:
        """Trains on the next `steps` batches."""
        self._train(self._batches, tf.constant(steps))


class ResidentBatches:
    """Training batches that the device assembles between training steps.

    On CPUs, a thread that assembles batches beside the steps would delay them:
    each operation of a step waits for the thread whose core is shared.

    Args:
      resident: the examples and their batches.
      step: training step; also updates the metrics.
      convert_once: whether to keep the inputs of the network, four times as
        large as images of uint8, rather than convert each batch. Pays if a step
        takes little longer than the conversion. Random crops are converted in
        each batch anyway.
    """

    def __init__(
        self, resident: ResidentExamples, step: Train, *, convert_once: bool
    ):
        if convert_once and resident.augment and not resident.augment.crop:
            resident = resident.converted()
        self._resident = resident
        self._step = step
        self._position = Position(resident)
        self._fields = tuple(map(tf.constant, resident.examples.fields[:3]))
        self._bounds = tf.constant(resident.bounds)
        self._epoch: int | None = None
        self._plan: tuple = ()
        self._train = compiled(self._steps)

    def train(self, steps: int) -> None:
        """Trains on the next `steps` batches."""
        for epoch, first, count in self._position.advance(steps):
            if epoch != self._epoch:
                self._epoch, self._plan = epoch, self._planned(epoch)
            self._train(*self._plan, tf.constant(first), tf.constant(count))

    def _planned(self, epoch: int) -> tuple:
        """Returns the order and the corners of the crops of an epoch."""
        resident = self._resident
        corners = resident.corners(epoch)
        order = tf.constant(resident.order(epoch))
        return order, None if corners is None else tf.constant(corners)

    def _steps(self, order, corners, first, count):
        for number in tf.range(first, first + count):
            start, end = self._bounds[number], self._bounds[number + 1]
            self._step(self._batch(order[start:end], corners))

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
