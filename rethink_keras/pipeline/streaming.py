"""Batches of examples that stream from disk; see `batches` for memory.

Batches do not depend on the number of devices and input pipelines. Each
pipeline reads all records, which is cheap, but decodes only those of its shard.
"""

import copy
import dataclasses
import os
from collections.abc import Iterator

import tensorflow as tf

from rethink_keras.data import EncodedExamples
from rethink_keras.pipeline import encoded_images
from rethink_keras.pipeline.batches import WHOLE_BATCH, BatchShard, steady
from rethink_keras.pipeline.preprocessing import flip_and_rotate
from rethink_keras.pipeline.regularizers import Regularize
from rethink_keras.randomization import Randomization, Stream, example_keys
from rethink_keras.randomization.random_streams import random_words

MOMENT_EXAMPLES = 1_000


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Preprocessing of streamed images.

    Decodes and resizes the centre or a random window of each image, randomizes
    it and scales pixels from -1 to 1, like TensorFlow's Inception.

    Attributes:
      randomization: the run's randomization.
      image_size: side of the images in pixels.
      seed: non-negative integer.
      distort: whether to train on random windows with flips and changed colours
        (see `encoded_images.distorted`).
      flip_and_rotate: whether to flip and rotate training images (Table 4).
      regularize: regularization of training batches; see `TrainingBatches`.
    """

    randomization: Randomization
    image_size: int
    seed: int
    distort: bool = False
    flip_and_rotate: bool = False
    regularize: Regularize | None = None

    def keyed(self, epoch: tf.Tensor, labels: tf.Tensor, ids: tf.Tensor):
        """Returns the randomized labels and the seeds of the distortions."""
        num_classes = self.randomization.num_classes
        for good in (labels >= 0, labels < num_classes):
            tf.debugging.Assert(
                tf.reduce_all(good),
                [f"a label outside 0 to {num_classes - 1} among", labels],
            )
        keys = example_keys(ids, self.seed, Stream.DISTORTION, epoch)
        words = random_words(keys, encoded_images.SEEDS)
        seeds = tf.bitcast(tf.stack(words, axis=-1), tf.int32)  # [n, 6, 2]
        return self.randomization.labels(labels, ids), seeds

    def decode(self, encoded: tf.Tensor, seeds: tf.Tensor | None) -> tf.Tensor:
        """Decodes an image; distorts it if `distort` is on and seeds exist."""
        if self.distort and seeds is not None:
            return encoded_images.distorted(encoded, self.image_size, seeds)
        return encoded_images.centred(encoded, self.image_size)

    def finish(
        self, images: tf.Tensor, ids: tf.Tensor, epoch: tf.Tensor | None
    ) -> tf.Tensor:
        """Randomizes, augments and scales a batch of decoded images.

        Args:
          images: float32 [n, size, size, 3] from 0 to 1.
          ids: int64 [n], the examples' identities.
          epoch: scalar; None for evaluation.

        Returns:
          The inputs of the network: float32 [n, size, size, 3].
        """
        images = self.randomization.pixels(images, ids)
        if self.flip_and_rotate and epoch is not None:
            images = flip_and_rotate(images, ids, seed=self.seed, epoch=epoch)
        return 2 * images - 1


class StreamedTrainingBatches:
    """The training batches of all epochs of a run, all of the same size.

    An epoch has only full batches. It skips the remaining examples, which
    differ between epochs. Order, distortion and regularization depend only on
    (seed, epoch), so that a run can resume at any step.

    Args:
      examples: n examples, at least `batch_size`.
      preprocessing: preprocessing of the images.
      batch_size: size of all batches; a multiple of the number of replicas.
      epochs: numbers of the epochs.
      skip: number of batches of the first epoch to skip; they are read but not
        decoded.

    Attributes:
      steps: number of batches per epoch.
      epochs: see Args.
      skip: see Args.
    """

    def __init__(
        self,
        examples: EncodedExamples,
        preprocessing: Preprocessing,
        *,
        batch_size: int,
        epochs: range,
        skip: int = 0,
    ):
        self.steps = len(examples) // batch_size
        self.epochs = epochs
        self.skip = skip
        self._limit: int | None = None
        self._examples = examples
        self._preprocessing = preprocessing
        self._batch_size = batch_size

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Yields (images, targets, labels, true_labels) as one stream."""
        preprocessing, size = self._preprocessing, self._batch_size

        def examples_of(epoch: tf.Tensor) -> tf.data.Dataset:
            examples = self._examples.shuffled(preprocessing.seed, epoch)
            examples = examples.take(self.steps * size)
            return examples.map(lambda *fields: (epoch, *fields))

        def key(epoch, encoded, true_labels, ids):
            labels, seeds = preprocessing.keyed(epoch[0], true_labels, ids)
            return epoch, encoded, labels, true_labels, ids, seeds

        def decode(epoch, encoded, labels, true_labels, ids, seeds):
            image = preprocessing.decode(encoded, seeds)
            return epoch, image, labels, true_labels, ids

        def finish(epoch, images, labels, true_labels, ids):
            images = preprocessing.finish(images, ids, epoch[0])
            targets = labels
            if preprocessing.regularize is not None:
                images, targets = preprocessing.regularize(
                    images, labels, ids, epoch[0]
                )
            return images, targets, labels, true_labels

        epochs = tf.data.Dataset.range(self.epochs.start, self.epochs.stop)
        stream = epochs.flat_map(examples_of).skip(self.skip * size)
        if self._limit is not None:
            stream = stream.take(self._limit * size)
        pieces = _pieces(stream, shard, size).map(key)
        decoded = _batched(_one_by_one(pieces, decode), shard, size)
        return steady(decoded.map(finish).prefetch(shard.count))

    def resident(self) -> None:
        """Returns None: only the host can read and decode the images."""

    def order(self, epoch: int, shard: BatchShard = WHOLE_BATCH) -> None:
        """Returns None: readers shuffle the files and a buffer of examples."""

    def beginning(
        self, epoch: int, limit: int, shard: BatchShard = WHOLE_BATCH
    ) -> Iterator[tuple[tf.Tensor, ...]]:
        """Yields the first `limit` training batches of an epoch, undivided."""
        part = copy.copy(self)
        part.epochs, part.skip = range(epoch, epoch + 1), 0
        part._limit = limit
        return iter(part.dataset(shard))


class StreamedEvaluationBatches:
    """Evaluation batches: every example once, in order.

    All batches have the same size. The last batch is padded with examples of
    weight 0.

    Args:
      examples: the examples to evaluate on.
      preprocessing: preprocessing of the images, without augmentation.
      batch_size: largest batch size, rounded up to a multiple of the number of
        replicas.
    """

    def __init__(
        self,
        examples: EncodedExamples,
        preprocessing: Preprocessing,
        *,
        batch_size: int,
    ):
        self._examples = examples
        self._preprocessing = preprocessing
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[tf.Tensor, ...]]:
        """Yields the undivided batches of `dataset`."""
        return iter(self.dataset())

    def dataset(self, shard: BatchShard = WHOLE_BATCH) -> tf.data.Dataset:
        """Yields (images, labels, true_labels, weights)."""
        preprocessing, count = self._preprocessing, len(self._examples)
        size = shard.round_up(min(self._batch_size, count))
        missing = -count % size

        def weigh(number, fields):
            weight = tf.cast(number < count, tf.float32)
            return weight, *fields

        def key(weights, encoded, true_labels, ids):
            labels, _ = preprocessing.keyed(tf.constant(0), true_labels, ids)
            return encoded, labels, true_labels, ids, weights

        def decode(encoded, *others):
            return preprocessing.decode(encoded, None), *others

        def finish(images, labels, true_labels, ids, weights):
            images = preprocessing.finish(images, ids, None)
            return images, labels, true_labels, weights

        examples = self._examples.in_order()
        filled = examples.concatenate(examples.take(1).repeat(missing))
        stream = filled.enumerate().map(weigh)
        pieces = _pieces(stream, shard, size).map(key)
        decoded = _batched(_one_by_one(pieces, decode), shard, size)
        return steady(decoded.map(finish).prefetch(shard.count))


def _pieces(
    stream: tf.data.Dataset, shard: BatchShard, batch_size: int
) -> tf.data.Dataset:
    """Groups encoded examples into the pieces of batches of a shard."""
    size = batch_size // shard.num_replicas
    begin, end = shard.first * size, (shard.first + shard.count) * size
    if (begin, end) != (0, batch_size):
        numbered = stream.enumerate().filter(
            lambda number, _: tf.logical_and(
                number % batch_size >= begin, number % batch_size < end
            )
        )
        stream = numbered.map(lambda _, fields: fields)
    return _batched(stream, shard, batch_size)


def _batched(
    stream: tf.data.Dataset, shard: BatchShard, batch_size: int
) -> tf.data.Dataset:
    return stream.batch(batch_size // shard.num_replicas, drop_remainder=True)


def _one_by_one(pieces: tf.data.Dataset, decode) -> tf.data.Dataset:
    """Decodes the images of pieces one at a time, on all cores."""
    return pieces.unbatch().map(decode, num_parallel_calls=os.cpu_count())


def streamed_moments(
    examples: EncodedExamples, image_size: int, seed: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Computes the moments of each channel over the centres of 1,000 images.

    Returns:
      The mean and the standard deviation per channel, for pixels scaled from
      0 to 1.
    """
    first = examples.shuffled(seed, tf.constant(0, tf.int64))

    def moments(encoded, *_):
        image = encoded_images.centred(encoded, image_size)
        return tf.reduce_mean(tf.stack([image, image**2]), axis=(1, 2))

    found = list(first.take(MOMENT_EXAMPLES).map(moments))
    mean, square = tf.reduce_mean(tf.stack(found), axis=0)
    # Rounding can make the variance of a constant channel negative.
    deviation = tf.sqrt(tf.maximum(square - mean**2, 0.0))
    return tuple(map(float, mean)), tuple(map(float, deviation))
