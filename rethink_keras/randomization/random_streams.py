"""Independent random numbers for each example, purpose and epoch."""

import enum
import math

import tensorflow as tf

from rethink_keras.randomization.threefry import threefry_2x32

Key = tuple[tf.Tensor, tf.Tensor]

_VECTOR = 16  # floats in the widest vector register


class Stream(enum.IntEnum):
    """Purpose of random numbers; purposes have independent streams."""

    LABELS = 0
    SHUFFLED_PIXELS = 1
    RANDOM_PIXELS = 2
    GAUSSIAN = 3
    SUBSET = 4
    CROP = 5
    AUGMENT = 6
    VALIDATION = 7
    CUTOUT = 8
    MIXUP = 9
    DISTORTION = 10


def stream_key(seed: int, stream: Stream, epoch: int | tf.Tensor = 0) -> Key:
    """Computes the key that all examples share, from (seed, stream, epoch)."""
    return threefry_2x32(
        (seed & 0xFFFFFFFF, seed >> 32), (int(stream), tf.cast(epoch, tf.int64))
    )


def example_keys(
    ids: tf.Tensor, seed: int, stream: Stream, epoch: int | tf.Tensor = 0
) -> Key:
    """Computes a key for each example, from (seed, stream, epoch, identity).

    Args:
      ids: int64 [n], the examples' identities.
      seed: non-negative integer.
      stream: purpose of the random numbers.
      epoch: scalar; 0 for numbers that are the same in all epochs.

    Returns:
      Two uint32 tensors [n].
    """
    low = tf.bitwise.bitwise_and(ids, 0xFFFFFFFF)
    high = tf.bitwise.bitwise_and(tf.bitwise.right_shift(ids, 32), 0xFFFFFFFF)
    return threefry_2x32(stream_key(seed, stream, epoch), (low, high))


def random_words(keys: Key, count: int) -> Key:
    """Generates pairs of random words from each key.

    Args:
      keys: two uint32 tensors [...].
      count: number of pairs per key.

    Returns:
      Two uint32 tensors [..., count].
    """
    positions = tf.range(count, dtype=tf.int32)
    return threefry_2x32(
        (keys[0][..., None], keys[1][..., None]), (0, positions)
    )


def to_uniform(words: tf.Tensor) -> tf.Tensor:
    """Converts random words to float64 uniform on [0, 1), in steps of 2^-32."""
    return tf.cast(words, tf.float64) / 2**32


def to_normal(words: Key) -> tf.Tensor:
    """Converts random words to float32 standard normals (Box-Muller).

    Args:
      words: two uint32 tensors [..., m].

    Returns:
      float32 [..., 2 * m].
    """
    radius_bits, angle_bits = words
    uniform = tf.cast(1.0 - to_uniform(radius_bits), tf.float32)  # (0, 1]
    angle = tf.cast(2 * math.pi * to_uniform(angle_bits), tf.float32)
    radius = tf.sqrt(-2.0 * tf.math.log(uniform))
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=-1)


def random_normals(keys: Key, count: int) -> tf.Tensor:
    """Generates float32 standard normals from each key: [..., count].

    The last numbers of a tensor that does not fill whole vector registers can
    differ in the last bit, because TensorFlow computes their logarithms and
    cosines by other instructions. A multiple of the vector's size is therefore
    computed for each key, so that the batch does not matter.
    """
    pairs = -(-count // 2)
    padded = -(-pairs // _VECTOR) * _VECTOR
    normals = to_normal(random_words(keys, padded))
    halves = normals[..., :pairs], normals[..., padded : padded + pairs]
    return tf.concat(halves, axis=-1)[..., :count]
