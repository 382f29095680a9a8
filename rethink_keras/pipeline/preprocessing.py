"""Batched crops, augmentation and whitening (Appendix A, Table 4)."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from rethink_keras.randomization import Stream, example_keys
from rethink_keras.randomization.random_streams import random_words, to_uniform

MAX_ROTATION_DEGREES = 25.0
_BATCH = 500
_NUMBERS = _BATCH * 32 * 32 * 3


def batch_of(image_shape: Sequence[int]) -> int:
    """Returns how many images of a shape are computed on at once.

    500, or fewer of more than 32 x 32 x 3 numbers, which need as much memory.
    """
    return max(1, min(_BATCH, _NUMBERS // math.prod(image_shape)))


def crop_size(height: int, width: int) -> tuple[int, int]:
    """Returns the size of the crop: 28/32 of each side, rounded down."""
    return height * 28 // 32, width * 28 // 32


def centre_crop(images: tf.Tensor) -> tf.Tensor:
    """Crops the central 28/32 of each image.

    Args:
      images: [n, height, width, channels].
    """
    height, width = images.shape[1:3]
    rows, columns = crop_size(height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    return images[:, top : top + rows, left : left + columns]


def random_crop(
    images: tf.Tensor, ids: tf.Tensor, *, seed: int, epoch: tf.Tensor
) -> tf.Tensor:
    """Crops a random 28/32 window of each image, uniformly over positions.

    Args:
      images: [n, height, width, channels].
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      epoch: scalar; crops differ between epochs.
    """
    corners = crop_corners(images.shape[1:3], ids, seed=seed, epoch=epoch)
    return crop_at(images, corners)


def crop_at(images: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
    """Crops a 28/32 window of each image.

    Args:
      images: [n, height, width, channels].
      corners: int32 [n, 2], the top and left of each window.
    """
    rows, columns = crop_size(*images.shape[1:3])
    top, left = corners[:, :1], corners[:, 1:]
    cropped = tf.gather(images, top + tf.range(rows), axis=1, batch_dims=1)
    return tf.gather(cropped, left + tf.range(columns), axis=2, batch_dims=1)


def crop_corners(
    size: tuple[int, int], ids: tf.Tensor, *, seed: int, epoch: tf.Tensor
) -> tf.Tensor:
    """Returns the top and left of each image's `random_crop`: int32 [n, 2].

    Args:
      size: height and width of the images.
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      epoch: scalar; crops differ between epochs.
    """
    keys = example_keys(ids, seed, Stream.CROP, epoch)
    return tf.concat(
        [
            _uniform_integers(words, side - cropped + 1)
            for words, side, cropped in zip(
                random_words(keys, 1), size, crop_size(*size), strict=True
            )
        ],
        axis=1,
    )


def _uniform_integers(words: tf.Tensor, count: int) -> tf.Tensor:
    return tf.cast(tf.floor(to_uniform(words) * count), tf.int32)


def flip_and_rotate(
    images: tf.Tensor, ids: tf.Tensor, *, seed: int, epoch: tf.Tensor
) -> tf.Tensor:
    """Flips each image with probability 1/2 and rotates it.

    Flips are left to right. Angles are uniform between -25 and 25 degrees
    (Appendix E, footnote 2). Interpolation is bilinear, and pixels outside the
    image are its reflection at the border.

    Args:
      images: [n, height, width, channels], any dtype.
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      epoch: scalar; the augmentation differs between epochs.

    Returns:
      Images of the same shape and dtype.
    """
    keys = example_keys(ids, seed, Stream.AUGMENT, epoch)
    coin, turn = random_words(keys, 1)  # [n, 1] each
    mirror = tf.where(to_uniform(coin[:, 0]) < 0.5, -1.0, 1.0)
    span = 2 * math.radians(MAX_ROTATION_DEGREES)
    angle = tf.cast((to_uniform(turn[:, 0]) - 0.5) * span, tf.float32)
    # The op truncates interpolated values of integer images, hence float32.
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=_about_centre(angle, mirror, images.shape[1:3]),
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    if images.dtype.is_integer:
        moved = tf.round(moved)
    return tf.cast(moved, images.dtype)


def _about_centre(
    angle: tf.Tensor, mirror: tf.Tensor, shape: tuple[int, int]
) -> tf.Tensor:
    """Returns projective transforms [n, 8]: rotate about the centre, flip."""
    middle_y, middle_x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    cos, sin = tf.cos(angle), tf.sin(angle)
    xx, xy, yx, yy = mirror * cos, -sin, mirror * sin, cos
    shift_x = middle_x - xx * middle_x - xy * middle_y
    shift_y = middle_y - yx * middle_x - yy * middle_y
    zero = tf.zeros_like(angle)
    return tf.stack([xx, xy, shift_x, yx, yy, shift_y, zero, zero], axis=1)


def whiten(images: tf.Tensor) -> tf.Tensor:
    """Standardizes each image to mean 0 and standard deviation 1.

    This is the paper's "per_image_whitening" (Appendix A). Pixels are first
    scaled to [0, 1]. The standard deviation that divides them is at least
    1/sqrt(number of values of the image).

    Args:
      images: [n, height, width, channels], uint8, or float32 already scaled
        from 0 to 1.

    Returns:
      float32 of the same shape.
    """
    return tf.image.per_image_standardization(scale(images))


def scale(images: tf.Tensor) -> tf.Tensor:
    """Scales uint8 images to 0 to 1; leaves float images as they are.

    Returns:
      float32 of the same shape.
    """
    return tf.image.convert_image_dtype(images, tf.float32)


def as_uint8(images: np.ndarray) -> np.ndarray:
    """Returns pixels that can be shown: uint8 images as they are.

    Float images, on the scale from 0 to 1, are clipped and rounded.
    """
    if images.dtype == np.uint8:
        return images
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)


def converter(standardize: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns `whiten` or, without `standardize`, `scale`."""
    return whiten if standardize else scale
