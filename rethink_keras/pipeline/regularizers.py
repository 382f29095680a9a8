"""Regularizers of today, anew in each epoch: cutout, mixup, label smoothing.

Not in the paper. Each draw depends on the seed, the epoch and the example.
"""

from collections.abc import Callable

import tensorflow as tf

from rethink_keras.randomization.random_streams import (
    Stream,
    example_keys,
    random_words,
    to_uniform,
)

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
    """What regularizes a training batch anew in each epoch.

    Args:
      num_classes: number of classes.
      cutout: whether to cut a square out of each image.
      mixup: whether to mix each example with another.
      label_smoothing: see `smooth`.
      seed: at least 0.

    Returns:
      A function of (whitened images, labels, ids, epoch) that returns images
      and targets: int32 [n], or, of mixed or smoothed labels, float32
      distributions [n, classes]. None where there is nothing to do.
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
    """Sets a square in each image to 0, its mean after whitening.

    The side is half of the image's and the centre any pixel, so that part of
    the square may lie outside (DeVries and Taylor, 2017).

    Args:
      images: float32 [n, height, width, channels], whitened.
      ids: int64 [n], the examples' identities.
      seed: at least 0.
      epoch: scalar; each epoch has squares of its own.
    """
    height, width = images.shape[1:3]
    keys = example_keys(ids, seed, Stream.CUTOUT, epoch)
    vertical, horizontal = random_words(keys, 1)  # [n, 1] each
    rows = _cut(vertical, height, min(height, width) // 2)
    columns = _cut(horizontal, width, min(height, width) // 2)
    cut = tf.logical_and(rows[:, :, None], columns[:, None, :])
    return tf.where(cut[..., None], tf.zeros_like(images), images)


def _cut(words: tf.Tensor, size: int, side: int) -> tf.Tensor:
    """Which of `size` positions a window cuts: bool [n, size]."""
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
    """Mixes each example with the one before it in its batch.

    The share is uniform on [0, 1], the beta distribution with alpha = 1 that
    Zhang et al. (2018) take for CIFAR-10, one for each example. Mixing is
    symmetric, so the greater share goes to the example itself, whose label
    then stands for the mixture where accuracy is measured.

    Args:
      images: float32 [n, height, width, channels].
      targets: float32 [n, classes].
      ids: int64 [n], the examples' identities.
      seed: at least 0.
      epoch: scalar; each epoch has shares of its own.
    """
    keys = example_keys(ids, seed, Stream.MIXUP, epoch)
    words, _ = random_words(keys, 1)  # [n, 1]
    lam = tf.cast((1 + to_uniform(words)) / 2, tf.float32)
    share_of_image = lam[:, :, None, None]
    return (
        _interpolate(images, share_of_image),
        _interpolate(targets, lam),
    )


def _interpolate(values: tf.Tensor, lam: tf.Tensor) -> tf.Tensor:
    return lam * values + (1 - lam) * tf.roll(values, 1, axis=0)


def smooth(labels: tf.Tensor, num_classes: int, amount: float) -> tf.Tensor:
    """Labels as distributions: 1 - amount, and amount over all the classes.

    Args:
      labels: int32 [n].
      num_classes: number of classes.
      amount: from 0 to below 1 (Szegedy et al., 2016).

    Returns:
      float32 [n, classes].
    """
    return (1 - amount) * tf.one_hot(labels, num_classes) + amount / num_classes
