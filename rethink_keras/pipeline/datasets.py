"""Examples as batches: what is static once, what is random each epoch."""

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from rethink_keras.data import Examples
from rethink_keras.pipeline import preprocessing
from rethink_keras.pipeline.regularizers import Regularize
from rethink_keras.randomization import Randomization

_STATIC_BATCH = 500
EVALUATION_BATCH = 500

Augment = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def map_examples(
    examples: Examples,
    function: Callable[[Examples], tuple[tf.Tensor, tf.Tensor]],
) -> Examples:
    """Applies a batched function to all examples once, through tf.data.

    Args:
      examples: n examples.
      function: from a batch of examples, as tensors, to (images, labels).

    Returns:
      n examples with the new images and labels, as tensors; the given ones
      are untouched.
    """

    def apply(*fields: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return function(Examples(*fields))

    batches = tf.data.Dataset.from_tensor_slices(_fields(examples))
    batches = batches.batch(_STATIC_BATCH)
    batches = batches.map(apply, num_parallel_calls=tf.data.AUTOTUNE)
    images, labels = zip(*batches, strict=True)
    return dataclasses.replace(
        examples, images=tf.concat(images, 0), labels=tf.concat(labels, 0)
    )


def randomize(examples: Examples, randomization: Randomization) -> Examples:
    """Takes the centre crop of each image, then randomizes labels and pixels.

    The pixel conditions thus hold the pixels of the crop that the true images
    show. Runs once; epochs gather from the result.
    """

    def apply(batch: Examples) -> tuple[tf.Tensor, tf.Tensor]:
        crops = preprocessing.centre_crop(batch.images)
        return (
            randomization.pixels(crops, batch.ids),
            randomization.labels(batch.labels, batch.ids),
        )

    return map_examples(examples, apply)


def whitened(examples: Examples) -> Examples:
    """The examples with whitened float32 images."""
    return map_examples(
        examples,
        lambda batch: (preprocessing.whiten(batch.images), batch.labels),
    )


def augmentation(
    randomization: Randomization,
    *,
    crop: bool,
    flip_and_rotate: bool,
    seed: int,
) -> Augment:
    """What happens to a training batch anew in each epoch.

    Args:
      randomization: of the run; its permutations act on the random crop as
        they do on the centre crop.
      crop: whether to crop at random; then images arrive uncropped.
      flip_and_rotate: whether to flip and rotate.
      seed: at least 0.

    Returns:
      A function of (images, ids, epoch) that returns whitened images.
    """

    def apply(images: tf.Tensor, ids: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        key = {"seed": seed, "epoch": epoch}
        if crop:
            images = preprocessing.random_crop(images, ids, **key)
            images = randomization.pixels(images, ids)
        if flip_and_rotate:
            images = preprocessing.flip_and_rotate(images, ids, **key)
        return preprocessing.whiten(images)

    return apply


def training_batches(
    examples: Examples,
    *,
    batch_size: int,
    seed: int,
    epochs: range,
    skip: int = 0,
    augment: Augment | None = None,
    regularize: Regularize | None = None,
) -> tf.data.Dataset:
    """Batches of all the epochs, one after the other, without end marks.

    One data set spans the run, since a new iterator each epoch can leave a
    CPU at half speed. Order, augmentation and regularization are functions of
    (seed, epoch), so that a run may start at any step.

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

    Returns:
      Batches (images, targets, labels, true_labels).
    """
    images, labels, true_labels, ids = map(tf.constant, _fields(examples))
    count = len(examples)
    steps = math.ceil(count / batch_size)
    ends = tf.constant([count * step // steps for step in range(steps + 1)])

    def indices(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count), seed=(seed, epoch)
        )
        batches = tf.data.Dataset.range(steps)
        return batches.map(
            lambda step: (epoch, order[ends[step] : ends[step + 1]])
        )

    def gather(epoch: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        batch = tf.gather(images, index)
        targets = given = tf.gather(labels, index)
        if augment is not None:
            batch = augment(batch, tf.gather(ids, index), epoch)
        if regularize is not None:
            batch, targets = regularize(
                batch, given, tf.gather(ids, index), epoch
            )
        return batch, targets, given, tf.gather(true_labels, index)

    batches = tf.data.Dataset.range(epochs.start, epochs.stop)
    batches = batches.flat_map(indices).skip(skip)
    changing = augment is not None or regularize is not None
    batches = batches.map(gather, num_parallel_calls=1 + changing)
    return _steady(batches.prefetch(4))


def evaluation_batches(examples: Examples) -> tf.data.Dataset:
    """Batches (images, labels, true_labels) of every example once, in order."""
    images, labels, true_labels, _ = _fields(examples)
    batches = tf.data.Dataset.from_tensor_slices((images, labels, true_labels))
    return _steady(batches.batch(EVALUATION_BATCH).prefetch(1))


def _fields(examples: Examples) -> tuple:
    return (
        examples.images,
        examples.labels,
        examples.true_labels,
        examples.ids,
    )


def _steady(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Without autotuning, whose threads can slow a CPU's training by half."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)
