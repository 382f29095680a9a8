"""Random bits as a pure function of a key and a counter.

TensorFlow's stateless random ops take one seed per call, but a batch needs one
stream per example. This module implements Threefry-2x32 with 20 rounds (Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), which JAX also
uses. It consists of a few integer ops. It is therefore vectorized over
examples, and gives the same bits in eager mode, in graphs and in tf.data on
every machine.
"""

import functools

import tensorflow as tf

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry_2x32(
    key: tuple[tf.Tensor, tf.Tensor], counter: tuple[tf.Tensor, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Encrypts counters with keys: 64 random bits per (key, counter) pair.

    Args:
      key: two uint32 tensors.
      counter: two uint32 tensors that broadcast with the key's.

    Returns:
      Two uint32 tensors of the broadcast shape.
    """
    words = [tf.cast(word, tf.uint32) for word in (*key, *counter)]
    shape = functools.reduce(
        tf.broadcast_static_shape, (word.shape for word in words)
    )
    x0, x1 = _encrypt(*words)
    return tf.ensure_shape(x0, shape), tf.ensure_shape(x1, shape)


@functools.partial(
    tf.function,
    input_signature=[tf.TensorSpec(None, tf.uint32)] * 4,
    autograph=False,
)
def _encrypt(k0, k1, x0, x1):
    """See `threefry_2x32`. Traced once in a process, for all shapes."""
    parity = tf.constant(_PARITY, tf.uint32)
    schedule = (
        k0,
        k1,
        tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(k0, k1), parity),
    )
    x0, x1 = x0 + k0, x1 + k1
    for group in range(5):
        for bits in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = tf.bitwise.bitwise_xor(_rotate_left(x1, bits), x0)
        x0 = x0 + schedule[(group + 1) % 3]
        x1 = x1 + schedule[(group + 2) % 3] + tf.constant(group + 1, tf.uint32)
    return x0, x1


def _rotate_left(x: tf.Tensor, bits: int) -> tf.Tensor:
    left = tf.bitwise.left_shift(x, tf.constant(bits, tf.uint32))
    right = tf.bitwise.right_shift(x, tf.constant(32 - bits, tf.uint32))
    return tf.bitwise.bitwise_or(left, right)
