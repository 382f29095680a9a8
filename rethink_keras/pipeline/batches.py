"""Batches of examples in memory, for one device or for many."""

import copy
import dataclasses
import math

import numpy as np
import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.pipeline.datasets import Augment
from rethink_keras.pipeline.regularizers import Regularize

EVALUATION_BATCH = 500

Batch = tuple[tf.Tensor, ...]


@dataclasses.dataclass(frozen=True)
class BatchShard:
    """The part of each batch that one input pipeline yields.

    A batch is cut into pieces, one for each replica of the network, so that
    the batches are the same whatever the number of devices.

    Attributes:
      num_replicas: of a batch.
      first: number of the first piece yielded, from 0.
      count: of pieces yielded of each batch, one after the other.
      multiple: None for batches whose sizes differ by one at most. Else all
        training batches have one size, a multiple of this, for compilers and
        shardings that need it; batches then overlap by a few examples of
        their neighbours, unless the sizes divide.
    """

    num_replicas: int = 1
    first: int = 0
    count: int = 1
    multiple: int | None = None

    def round_up(self, size: int) -> int:
        """The least batch size from `size` on that the pieces divide."""
        unit = self.multiple or self.num_replicas
        return unit * math.ceil(size / unit)


WHOLE_BATCH = BatchShard()


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Batches of an epoch; see `TrainingBatches`."""
    return math.ceil(examples / batch_size)


class TrainingBatches:
    """The batches of all the epochs of a run.

    Order, augmentation and regularization are functions of (seed, epoch), so
    that a run may start at any step.

    Args:
      examples: n examples; held in memory once, gathered by index.
      batch_size: the largest. An epoch has ceil(n / batch_size) batches whose
        sizes differ by one at most: through BatchNorm, a small last batch
        would undo much of what the others teach.
      seed: at least 0.
      epochs: which epochs.
      skip: batches of the first epoch to leave out.
      augment: from (images, ids, epoch) to images; None for images as they
        are.
      regularize: from (images, labels, ids, epoch) to images and targets;
        None for the labels as targets.

    Attributes:
      steps: batches of an epoch.
      epochs, skip: as given.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        seed: int,
        epochs: range,
        skip: int = 0,
        augment: Augment | None = None,
        regularize: Regularize | None = None,
    ):
        self.steps = steps_per_epoch(len(examples), batch_size)
        self.epochs = epochs
        self.skip = skip
        self._limit: int | None = None
        self._examples = examples
        self._seed = seed
        self._augment = augment
        self._regularize = regularize

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Batches (images, targets, labels, true_labels), without end marks.

        One data set spans the run, since a new iterator each epoch can leave
        a CPU at half speed.
        """
        fields = tuple(map(tf.constant, self._examples.fields))
        cuts = self._cuts(shard)
        size = cuts[0, 1] - cuts[0, 0] if shard.multiple else None

        def num_replicas(epoch: tf.Tensor) -> tf.data.Dataset:
            order = self._order(epoch)

            def indices(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                step, piece = number // shard.count, number % shard.count
                cut = tf.constant(cuts)[step]
                start = cut[shard.first + piece]
                end = cut[shard.first + piece + 1]
                return epoch, tf.ensure_shape(order[start:end], [size])

            return tf.data.Dataset.range(self.steps * shard.count).map(indices)

        batches = tf.data.Dataset.range(self.epochs.start, self.epochs.stop)
        batches = batches.flat_map(num_replicas).skip(self.skip * shard.count)
        if self._limit is not None:
            batches = batches.take(self._limit * shard.count)
        changing = bool(self._augment or self._regularize)
        batches = batches.map(
            lambda epoch, indices: self._take(fields, epoch, indices),
            num_parallel_calls=1 + changing,
        )
        return steady(batches.prefetch(4 * shard.count))

    def beginning(self, epoch: int, limit: int) -> "TrainingBatches":
        """The first batches of an epoch alone, as trained on."""
        part = copy.copy(self)
        part.epochs, part.skip = range(epoch, epoch + 1), 0
        part._limit = limit
        return part

    def whole(self) -> tf.data.Dataset:
        """All the examples as one element, again and again; see `at`."""
        fields = tuple(map(tf.constant, self._examples.fields))
        return steady(tf.data.Dataset.from_tensors(fields).repeat())

    def at(self, fields: Batch, epoch: tf.Tensor, step: tf.Tensor) -> Batch:
        """The batch of a step of an epoch, by its number.

        Args:
          fields: an element of `whole`.
          epoch: int64 scalar.
          step: int64 scalar, of the epoch.
        """
        cut = tf.constant(self._cuts(WHOLE_BATCH))[step]
        return self._take(fields, epoch, self._order(epoch)[cut[0] : cut[1]])

    def _order(self, epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(
            tf.range(len(self._examples)), seed=(self._seed, epoch)
        )

    def _cuts(self, shard: BatchShard) -> np.ndarray:
        """Where the pieces of each batch begin and end: [steps, pieces + 1]."""
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
        """The examples of a batch, augmented and regularized."""
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
    """Batches of every example once, in order.

    All have one size: the last is filled up with examples of weight 0.

    Args:
      examples: n examples.
    """

    def __init__(self, examples: Examples):
        self._examples = examples

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Batches (images, labels, true_labels, weights)."""
        images, labels, true_labels, _ = map(tf.constant, self._examples.fields)
        count = len(self._examples)
        batch_size = shard.round_up(min(EVALUATION_BATCH, count))
        size = batch_size // shard.num_replicas
        batches = math.ceil(count / batch_size)

        def take(number: tf.Tensor) -> Batch:
            batch, piece = number // shard.count, number % shard.count
            start = batch * batch_size + (shard.first + piece) * size
            indices = start + tf.range(size, dtype=tf.int64)
            weights = tf.cast(indices < count, tf.float32)
            indices = tf.minimum(indices, count - 1)
            fields = (images, labels, true_labels)
            return *(tf.gather(field, indices) for field in fields), weights

        dataset = tf.data.Dataset.range(batches * shard.count).map(take)
        return steady(dataset.prefetch(1))


def steady(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Without autotuning, whose threads can slow a CPU's training by half."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)
