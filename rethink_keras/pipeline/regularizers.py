"""Modern regularizers: cutout, mixup and label smoothing (not in the paper).

Random numbers depend only on the seed, the epoch and the example.
"""

from collections.abc import Callable

import tensorflow as tf

from rethink_keras.randomization import Stream, example_keys
from rethink_keras.randomization.random_streams import random_words, to_uniform

Regularize = Callable[
    [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]
]


def regularization(
    *,
    num_classes: int,
    cutout: bool,
    mixup: bool,
    label_smoothing: float,
    seed: int,
) -> Regularize | None:
    """Creates the regularization of training batches.

    Args:
      num_classes: number of classes.
      cutout: whether to set a square of each image to 0.
      mixup: whether to mix each example with another one.
      label_smoothing: see `smooth`.
      seed: non-negative integer.

    Returns:
      A function from (whitened images, labels, ids, epoch) to images and
      targets. Targets are int32 labels [n]; with mixup or label smoothing, they
      are float32 distributions [n, num_classes]. None if all options are off.
    """
    if not (cutout or mixup or label_smoothing):
        return None

    def apply(images, labels, ids, epoch):
        key = {"seed": seed, "epoch": epoch}
        targets = labels
        if cutout:
            images = cut_out(images, ids, **key)
        if mixup or label_smoothing:
            targets = smooth(labels, num_classes, label_smoothing)
        if mixup:
            images, targets = mix_up(images, targets, ids, **key)
        return images, targets

    return apply


def cut_out(
    images: tf.Tensor, ids: tf.Tensor, *, seed: int, epoch: tf.Tensor
) -> tf.Tensor:
    """Sets a square of each image to 0, the mean of whitened images.

    The side of the square is half of the image's shorter side. Its centre is a
    random pixel, so that part of the square may lie outside of the image
    (DeVries and Taylor, 2017).

    Args:
      images: float32 [n, height, width, channels], whitened.
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      epoch: scalar; squares differ between epochs.
    """
    height, width = images.shape[1:3]
    keys = example_keys(ids, seed, Stream.CUTOUT, epoch)
    vertical, horizontal = random_words(keys, 1)  # [n, 1] each
    rows = _cut(vertical, height, min(height, width) // 2)
    columns = _cut(horizontal, width, min(height, width) // 2)
    cut = tf.logical_and(rows[:, :, None], columns[:, None, :])
    return tf.where(cut[..., None], tf.zeros_like(images), images)


def _cut(words: tf.Tensor, size: int, side: int) -> tf.Tensor:
    """Returns a mask of the positions in a random window: bool [n, size]."""
    centre = tf.cast(tf.floor(to_uniform(words) * size), tf.int32)
    start = centre - side // 2
    positions = tf.range(size)
    return tf.logical_and(positions >= start, positions < start + side)


def mix_up(
    images: tf.Tensor,
    targets: tf.Tensor,
    ids: tf.Tensor,
    *,
    seed: int,
    epoch: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mixes each example with the previous one in its part of the batch.

    Zhang et al. (2018) draw the mixing ratio lambda for CIFAR-10 from the beta
    distribution with alpha = 1, which is uniform on [0, 1]. Here each example
    has its own lambda. Lambda is uniform on [0.5, 1], which is equivalent
    because mixing is symmetric. The example itself thus has the larger weight,
    and accuracy is measured on its label.

    Args:
      images: float32 [n, height, width, channels].
      targets: float32 [n, num_classes].
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      epoch: scalar; ratios differ between epochs.
    """
    keys = example_keys(ids, seed, Stream.MIXUP, epoch)
    words, _ = random_words(keys, 1)  # [n, 1]
    lam = tf.cast((1 + to_uniform(words)) / 2, tf.float32)
    return (
        _interpolate(images, lam[:, :, None, None]),
        _interpolate(targets, lam),
    )


def _interpolate(values: tf.Tensor, lam: tf.Tensor) -> tf.Tensor:
    return lam * values + (1 - lam) * tf.roll(values, 1, axis=0)


def smooth(labels: tf.Tensor, num_classes: int, amount: float) -> tf.Tensor:
    """Converts labels to smoothed one-hot distributions.

    The label gets 1 - amount, and each class gets another amount / num_classes
    (Szegedy et al., 2016).

    Args:
      labels: int32 [n].
      num_classes: number of classes.
      amount: at least 0 and below 1.

    Returns:
      float32 distributions [n, num_classes].
    """
    return (1 - amount) * tf.one_hot(labels, num_classes) + amount / num_classes
