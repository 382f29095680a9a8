"""Reproducible shuffling."""

import tensorflow as tf


def shuffle(values: tf.Tensor, seed: int, number: tf.Tensor) -> tf.Tensor:
    """Shuffles along the first axis, depending only on (seed, number)."""
    return tf.random.experimental.stateless_shuffle(
        values, seed=tf.stack([tf.cast(seed, tf.int64), number])
    )
