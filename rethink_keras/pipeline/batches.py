"""Batches of in-memory examples, for one or several devices."""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.data.shuffling import shuffle
from rethink_keras.graphs import as_written, compiled
from rethink_keras.pipeline.datasets import Augmentation
from rethink_keras.pipeline.preprocessing import batch_of
from rethink_keras.pipeline.regularizers import Regularize
from rethink_keras.pipeline.resident import ResidentExamples

Batch = tuple[tf.Tensor, ...]


@dataclasses.dataclass(frozen=True)
class BatchShard:
    """The part of each batch that one input pipeline yields.

    Each batch is divided into one piece per replica of the network, so that
    batches do not depend on the number of devices.

    Attributes:
      num_replicas: number of pieces of a batch.
      first: index of the first piece that the pipeline yields, from 0.
      count: number of consecutive pieces of each batch that it yields.
      multiple: if None, the sizes of training batches differ by at most one.
        Otherwise all training batches have the same size, a multiple of this
        number, for compilers and shardings that require it. Neighbouring
        batches then share a few examples, unless the batch size divides the
        number of examples.
    """

    num_replicas: int = 1
    first: int = 0
    count: int = 1
    multiple: int | None = None

    def round_up(self, size: int) -> int:
        """Rounds a batch size up so that it divides into the pieces."""
        unit = self.multiple or self.num_replicas
        return unit * math.ceil(size / unit)


WHOLE_BATCH = BatchShard()


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Returns the number of batches per epoch; see `TrainingBatches`."""
    return math.ceil(examples / batch_size)


class TrainingBatches:
    """The training batches of all epochs of a run.

    Order, augmentation and regularization depend only on (seed, epoch), so that
    a run can resume at any step.

    Args:
      examples: n examples.
      batch_size: largest batch size. An epoch has ceil(n / batch_size) batches
        whose sizes differ by at most one, because the BatchNorm statistics of a
        small last batch would disturb training.
      seed: non-negative integer.
      epochs: numbers of the epochs.
      skip: number of batches of the first epoch to skip.
      augment: conversion of the images to inputs; None if they are inputs.
      regularize: function from (images, labels, ids, epoch) to images and
        targets; None to use the labels as targets.

    Attributes:
      steps: number of batches per epoch.
      epochs: see Args.
      skip: see Args.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        seed: int,
        epochs: range,
        skip: int = 0,
        augment: Augmentation | None = None,
        regularize: Regularize | None = None,
    ):
        self.steps = steps_per_epoch(len(examples), batch_size)
        self.epochs = epochs
        self.skip = skip
        self._examples = examples
        self._seed = seed
        self._augment = augment
        self._regularize = regularize

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Yields (images, targets, labels, true_labels) as one stream.

        The stream has no epoch boundaries: a new iterator in each epoch can
        halve the speed of training on a CPU.
        """
        fields = self._tensors()
        cuts = self._cuts(shard)
        size = cuts[0, 1] - cuts[0, 0] if shard.multiple else None

        @as_written
        def pieces_of(epoch: tf.Tensor) -> tf.data.Dataset:
            order = self._order(epoch, cuts)

            @as_written
            def indices(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                step, piece = number // shard.count, number % shard.count
                cut = tf.constant(cuts)[step]
                start = cut[shard.first + piece]
                end = cut[shard.first + piece + 1]
                return epoch, tf.ensure_shape(order[start:end], [size])

            return tf.data.Dataset.range(self.steps * shard.count).map(indices)

        batches = tf.data.Dataset.range(self.epochs.start, self.epochs.stop)
        batches = batches.flat_map(pieces_of).skip(self.skip * shard.count)
        varies = self._augment is not None and self._augment.varies
        batches = batches.map(
            as_written(
                lambda epoch, indices: self._take(fields, epoch, indices)
            ),
            num_parallel_calls=2 if varies or self._regularize else 1,
        )
        return steady(batches.prefetch(4 * shard.count))

    def beginning(
        self, epoch: int, limit: int, shard: BatchShard = WHOLE_BATCH
    ) -> Iterator[Batch]:
        """Yields the first training batches of an epoch, without a thread.

        Args:
          epoch: number of the epoch.
          limit: largest number of batches.
          shard: undivided batches.
        """
        fields = self._tensors()
        for step in range(min(limit, self.steps)):
            numbers = tf.constant(epoch, tf.int64), tf.constant(step, tf.int64)
            yield self._compiled_at(fields, *numbers, shard)

    @functools.cached_property
    def _compiled_at(self) -> Callable[..., Batch]:
        return compiled(self.at, autograph=False)

    def _tensors(self) -> Batch:
        return tuple(map(tf.constant, self._examples.fields))

    def whole(self) -> tf.data.Dataset:
        """Yields all examples as one element, endlessly; the input of `at`."""
        fields = self._tensors()
        return steady(tf.data.Dataset.from_tensors(fields).repeat())

    def at(
        self,
        fields: Batch,
        epoch: tf.Tensor,
        step: tf.Tensor,
        shard: BatchShard = WHOLE_BATCH,
    ) -> Batch:
        """Returns one batch, by its epoch and step.

        Args:
          fields: an element of `whole`.
          epoch: int64 scalar.
          step: int64 scalar, from 0 in each epoch.
          shard: undivided batches.
        """
        cuts = self._cuts(shard)
        cut = tf.constant(cuts)[step]
        indices = self._order(epoch, cuts)[cut[0] : cut[1]]
        return self._take(fields, epoch, indices)

    def resident(self) -> ResidentExamples | None:
        """Returns the same batches for a device that assembles them itself.

        None if batches are regularized or their pixels change, which only
        `dataset` can do.
        """
        augment = self._augment
        if self._regularize or (augment and augment.changes_pixels):
            return None
        starts = self._cuts(WHOLE_BATCH)[:, 0]
        return ResidentExamples(
            examples=self._examples,
            bounds=np.append(starts, len(self._examples)).astype("int32"),
            seed=self._seed,
            epochs=self.epochs,
            skip=self.skip,
            augment=augment,
        )

    def order(self, epoch: int, shard: BatchShard = WHOLE_BATCH) -> np.ndarray:
        """Returns the position of each example of an epoch: int32 [m].

        Args:
          epoch: number of the epoch.
          shard: undivided batches, whose size decides if some examples appear
            twice.
        """
        cuts = self._cuts(shard)
        order = self._order(tf.constant(epoch, tf.int64), cuts).numpy()
        return np.concatenate([order[cut[0] : cut[-1]] for cut in cuts])

    def _order(self, epoch: tf.Tensor, cuts: np.ndarray) -> tf.Tensor:
        """Shuffles the examples; repeats the first to fill a single batch."""
        order = shuffle(tf.range(len(self._examples)), self._seed, epoch)
        missing = cuts[-1, -1] - len(self._examples)
        return tf.concat([order, order[:missing]], 0) if missing > 0 else order

    def _cuts(self, shard: BatchShard) -> np.ndarray:
        """Computes the bounds of all pieces: [steps, num_replicas + 1]."""
        count, steps = len(self._examples), self.steps
        step = np.arange(steps)[:, None]
        if shard.multiple is None:
            starts, ends = count * step // steps, count * (step + 1) // steps
        else:
            size = shard.round_up(math.ceil(count / steps))
            starts = (count - size) * step // max(steps - 1, 1)
            ends = starts + size
        piece = np.arange(shard.num_replicas + 1)
        return starts + (ends - starts) * piece // shard.num_replicas

    def _take(self, fields: Batch, epoch: tf.Tensor, indices: tf.Tensor):
        """Gathers, augments and regularizes the examples of a batch."""
        images, labels, true_labels, ids = (
            tf.gather(field, indices) for field in fields
        )
        targets = labels
        if self._augment is not None:
            images = self._augment(images, ids, epoch)
        if self._regularize is not None:
            images, targets = self._regularize(images, labels, ids, epoch)
        return images, targets, labels, true_labels


class EvaluationBatches:
    """Evaluation batches: every example once, in order.

    All batches have the same size, which is 500 or, for images above 32x32,
    fewer. The last batch is padded with examples of weight 0.

    Args:
      examples: the examples to evaluate on.
      convert: function from a batch of images to inputs; None if they are
        inputs.
      smallest: number of examples that a batch has at least.
    """

    def __init__(
        self,
        examples: Examples,
        convert: Callable[[tf.Tensor], tf.Tensor] | None = None,
        smallest: int = 1,
    ):
        self._examples = examples
        self._convert = convert or tf.identity
        self._size = max(smallest, batch_of(examples.images.shape[1:]))
        self._datasets: dict[BatchShard, tf.data.Dataset] = {}

    def __iter__(self) -> Iterator[Batch]:
        """Yields the undivided batches of `dataset`, without its thread."""
        for number in range(self._steps(WHOLE_BATCH)):
            yield self._undivided(tf.constant(number, tf.int64))

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Yields (images, labels, true_labels, weights)."""
        # Tracing takes longer than evaluating a small network.
        if shard not in self._datasets:
            pieces = tf.data.Dataset.range(self._steps(shard) * shard.count)
            batches = pieces.map(as_written(self._taker(shard)))
            self._datasets[shard] = steady(batches.prefetch(1))
        return self._datasets[shard]

    @functools.cached_property
    def _undivided(self) -> Callable[[tf.Tensor], Batch]:
        return compiled(self._taker(WHOLE_BATCH), autograph=False)

    def _steps(self, shard: BatchShard) -> int:
        return math.ceil(len(self._examples) / self._batch_size(shard))

    def _batch_size(self, shard: BatchShard) -> int:
        return shard.round_up(min(self._size, len(self._examples)))

    def _taker(self, shard: BatchShard) -> Callable[[tf.Tensor], Batch]:
        """Returns a function from the number of a piece to the piece."""
        images, *numbers, _ = map(tf.constant, self._examples.fields)
        count, batch_size = len(self._examples), self._batch_size(shard)
        size = batch_size // shard.num_replicas

        def take(number: tf.Tensor) -> Batch:
            step, piece = number // shard.count, number % shard.count
            start = step * batch_size + (shard.first + piece) * size
            indices = start + tf.range(size, dtype=tf.int64)
            weights = tf.cast(indices < count, tf.float32)
            indices = tf.minimum(indices, count - 1)
            batch = self._convert(tf.gather(images, indices))
            others = (tf.gather(field, indices) for field in numbers)
            return batch, *others, weights

        return take


def steady(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Disables autotuning, whose threads can halve training speed on a CPU."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)
