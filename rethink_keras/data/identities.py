"""The identity of an example."""

import tensorflow as tf


def identities(names: tf.Tensor) -> tf.Tensor:
    """Names of examples, as TFDS ids, as 64-bit fingerprints.

    Args:
      names: string [...].

    Returns:
      int64 [...].
    """
    prints = tf.fingerprint(tf.reshape(names, [-1]))  # [n, 8] uint8
    return tf.reshape(tf.bitcast(prints, tf.int64), tf.shape(names))
