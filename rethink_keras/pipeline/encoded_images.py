"""Decodes, crops and distorts encoded images.

Implements the preprocessing of TensorFlow's Inception for ImageNet, which the
paper reuses (Appendix A). Functions take one image, because sizes vary.
"""

from collections.abc import Callable

import tensorflow as tf

from rethink_keras.pipeline.preprocessing import crop_size

SEEDS = 6  # number of random operations in `distorted`
_WHOLE_IMAGE = [[[0.0, 0.0, 1.0, 1.0]]]
_ASPECT_RATIOS = (3 / 4, 4 / 3)
_AREAS = (0.05, 1.0)
_MIN_OBJECT_COVERED = 0.1


def centred(encoded: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes the central 28/32 of each side and resizes it to a square.

    Args:
      encoded: string scalar; a JPEG, PNG, BMP or GIF.
      size: side of the result in pixels.

    Returns:
      float32 [size, size, 3] from 0 to 1. Grey images are converted to RGB.
    """

    def centre(shape: tf.Tensor) -> tf.Tensor:
        height, width = shape[0], shape[1]
        rows, columns = (tf.maximum(n, 1) for n in crop_size(height, width))
        top, left = (height - rows) // 2, (width - columns) // 2
        return tf.stack([top, left, rows, columns])

    return _decode(encoded, centre, size)


def distorted(encoded: tf.Tensor, size: int, seeds: tf.Tensor) -> tf.Tensor:
    """Decodes a random window of an image, flips it and changes its colours.

    The window has 10 to 100 % of the image's area and an aspect ratio of 3/4 to
    4/3. It is flipped left to right with probability 1/2. Brightness changes by
    up to 32/255, saturation by a factor of 0.5 to 1.5, hue by up to 0.2 of a
    turn, and contrast by a factor of 0.5 to 1.5.

    Args:
      encoded: string scalar; a JPEG, PNG, BMP or GIF.
      size: side of the result in pixels.
      seeds: int32 [SEEDS, 2]. The distortion depends only on them.

    Returns:
      float32 [size, size, 3] from 0 to 1.
    """
    window, flip, brightness, saturation, hue, contrast = tf.unstack(seeds)

    def choose(shape: tf.Tensor) -> tf.Tensor:
        image = tf.image
        begin, extent, _ = image.stateless_sample_distorted_bounding_box(
            shape,
            _WHOLE_IMAGE,
            seed=window,
            min_object_covered=_MIN_OBJECT_COVERED,
            aspect_ratio_range=_ASPECT_RATIOS,
            area_range=_AREAS,
            max_attempts=100,
        )
        return tf.concat([begin[:2], extent[:2]], axis=0)

    image = _decode(encoded, choose, size)
    image = tf.image.stateless_random_flip_left_right(image, flip)
    image = tf.image.stateless_random_brightness(image, 32 / 255, brightness)
    image = tf.image.stateless_random_saturation(image, 0.5, 1.5, saturation)
    image = tf.image.stateless_random_hue(image, 0.2, hue)
    image = tf.image.stateless_random_contrast(image, 0.5, 1.5, contrast)
    return tf.clip_by_value(image, 0.0, 1.0)


def _decode(
    encoded: tf.Tensor,
    choose_window: Callable[[tf.Tensor], tf.Tensor],
    size: int,
) -> tf.Tensor:
    """Decodes a window of an image and resizes it to a square.

    Decodes only the window if the image is a JPEG, which is faster.

    Args:
      encoded: string scalar.
      choose_window: function from the shape of the image, int32 [3], to the
        window, int32 [4]: top, left, height and width.
      size: side of the result in pixels.

    Returns:
      float32 [size, size, 3] from 0 to 1.
    """

    def window_of_jpeg() -> tf.Tensor:
        window = choose_window(tf.io.extract_jpeg_shape(encoded))
        return tf.io.decode_and_crop_jpeg(encoded, window, channels=3)

    def window_of_other() -> tf.Tensor:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        top, left, rows, columns = tf.unstack(choose_window(tf.shape(image)))
        return image[top : top + rows, left : left + columns]

    window = tf.cond(tf.io.is_jpeg(encoded), window_of_jpeg, window_of_other)
    window = tf.ensure_shape(window, (None, None, 3))
    return tf.image.resize(window, (size, size)) / 255
