"""Functions of tensors that become graphs."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

# For functions without Python control flow over tensors. AutoGraph would take
# longer than tracing them, and change nothing.
as_written = tf.autograph.experimental.do_not_convert


def compiled(function: Callable, **options: Any) -> Any:
    """Returns a `tf.function` whose retracings are counted on their own.

    TensorFlow counts those of all functions with the same code together. It
    would warn of retracing after five runs in one process.

    Args:
      function: function of tensors.
      **options: options of `tf.function`.
    """
    return tf.function(functools.partial(function), **options)
