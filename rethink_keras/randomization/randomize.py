"""The paper's randomizations of labels and pixels (Section 2).

Each is a pure function of (seed, example identity), vectorized over batches.
The result for an example does not depend on the batch, the epoch, the order,
the other examples or the device.
"""

import dataclasses

import tensorflow as tf

from rethink_keras.randomization.random_streams import (
    Key,
    Stream,
    example_keys,
    random_normals,
    random_words,
    stream_key,
    to_uniform,
)

PIXEL_KINDS = ("shuffled_pixels", "random_pixels", "gaussian")
"""Kinds of randomization that change the images."""


def replace_labels(
    labels: tf.Tensor,
    ids: tf.Tensor,
    *,
    num_classes: int,
    probability: float,
    seed: int,
) -> tf.Tensor:
    """Replaces each label with probability p by a uniformly random class.

    Implements the "partially corrupted labels" of Section 2.1; p = 1 gives
    "random labels". The random class may equal the true class, so a label is
    unchanged with probability `1 - p + p / num_classes`.

    Each example draws one uniform number u and one random class, and is
    corrupted if u < p. With the same seed, the corrupted examples for a smaller
    p are therefore a subset of those for a larger p.

    Args:
      labels: int32 [n], the true labels.
      ids: int64 [n], the examples' identities.
      num_classes: number of classes.
      probability: p, from 0 to 1.
      seed: non-negative integer.

    Returns:
      int32 [n].
    """
    coin, choice = label_words(ids, seed)
    scaled = tf.cast(choice, tf.uint64) * tf.constant(num_classes, tf.uint64)
    random_labels = tf.bitwise.right_shift(scaled, tf.constant(32, tf.uint64))
    corrupted = to_uniform(coin) < probability
    return tf.where(corrupted, tf.cast(random_labels, tf.int32), labels)


def label_words(ids: tf.Tensor, seed: int) -> Key:
    """Draws the random words of label noise: uint32 [n] each.

    Returns:
      The word that decides whether a label is corrupted, and the word that
      chooses the new class.
    """
    coin, choice = random_words(example_keys(ids, seed, Stream.LABELS), 1)
    return coin[:, 0], choice[:, 0]


def shuffle_pixels(images: tf.Tensor, *, seed: int) -> tf.Tensor:
    """Applies one random permutation of the pixel positions to all images.

    The channels of a pixel move together.

    Args:
      images: [n, height, width, channels].
      seed: non-negative integer. The permutation depends only on the seed and
        on height * width.

    Returns:
      Images of the same shape and dtype.
    """
    pixels = _as_pixels(images)
    keys = stream_key(seed, Stream.SHUFFLED_PIXELS)
    order = _random_order(keys, pixels.shape[1])
    return tf.reshape(tf.gather(pixels, order, axis=1), tf.shape(images))


def permute_pixels(
    images: tf.Tensor, ids: tf.Tensor, *, seed: int
) -> tf.Tensor:
    """Applies an independent random permutation to the pixels of each image.

    Args:
      images: [n, height, width, channels].
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.

    Returns:
      Images of the same shape and dtype.
    """
    pixels = _as_pixels(images)
    keys = example_keys(ids, seed, Stream.RANDOM_PIXELS)
    order = _random_order(keys, pixels.shape[1])
    permuted = tf.gather(pixels, order, axis=1, batch_dims=1)
    return tf.reshape(permuted, tf.shape(images))


def gaussian_pixels(
    ids: tf.Tensor,
    *,
    shape: tuple[int, int, int],
    mean: tf.Tensor,
    stddev: tf.Tensor,
    seed: int,
) -> tf.Tensor:
    """Draws images of independent Gaussian noise.

    Args:
      ids: int64 [n], the examples' identities.
      shape: (height, width, channels).
      mean: float32 [channels].
      stddev: float32 [channels].
      seed: non-negative integer.

    Returns:
      float32 [n, height, width, channels], not clipped.
    """
    keys = example_keys(ids, seed, Stream.GAUSSIAN)
    count = shape[0] * shape[1] * shape[2]
    noise = random_normals(keys, count)
    return tf.reshape(noise, (-1, *shape)) * stddev + mean


def _as_pixels(images: tf.Tensor) -> tf.Tensor:
    """Flattens height and width: [n, height * width, channels]."""
    height, width, channels = images.shape[1:]
    return tf.reshape(images, (-1, height * width, channels))


def _random_order(keys: tuple[tf.Tensor, tf.Tensor], count: int) -> tf.Tensor:
    """Draws a random permutation of range(count) per key: [..., count]."""
    high, low = (tf.cast(w, tf.int64) for w in random_words(keys, count))
    return tf.argsort(high * 2**30 + tf.bitwise.right_shift(low, 2))


@dataclasses.dataclass(frozen=True)
class Randomization:
    """A run's randomization, applied to batches.

    Attributes:
      kind: none, labels, shuffled_pixels, random_pixels or gaussian.
      num_classes: number of classes.
      seed: non-negative integer.
      label_corruption: probability of replacing a label by a random class;
        used if kind is labels.
      mean: mean of the training set's pixels per channel, from 0 to 1; used if
        kind is gaussian.
      stddev: standard deviation of the same pixels; used if kind is gaussian.
    """

    kind: str
    num_classes: int
    seed: int
    label_corruption: float = 1.0
    mean: tuple[float, ...] = ()
    stddev: tuple[float, ...] = ()

    @property
    def changes_pixels(self) -> bool:
        """Whether `pixels` changes the images."""
        return self.kind in PIXEL_KINDS

    def labels(self, labels: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Returns the labels to train on, int32 [n], from the true labels."""
        if self.kind != "labels":
            return labels
        return replace_labels(
            labels,
            ids,
            num_classes=self.num_classes,
            probability=self.label_corruption,
            seed=self.seed,
        )

    def pixels(self, images: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Returns the images to train on.

        Args:
          images: [n, height, width, channels], cropped.
          ids: int64 [n], the examples' identities.

        Returns:
          Images of the same shape. Permutations keep the dtype. Gaussian noise
          is float32, with the mean and deviation of pixels from 0 to 1.
        """
        if self.kind == "shuffled_pixels":
            return shuffle_pixels(images, seed=self.seed)
        if self.kind == "random_pixels":
            return permute_pixels(images, ids, seed=self.seed)
        if self.kind == "gaussian":
            return gaussian_pixels(
                ids,
                shape=tuple(images.shape[1:]),
                mean=tf.constant(self.mean, tf.float32),
                stddev=tf.constant(self.stddev, tf.float32),
                seed=self.seed,
            )
        return images
