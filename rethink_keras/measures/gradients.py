"""Gradients with respect to inputs, for the backends of the package."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from rethink_keras.errors import InputError


def input_gradient(function: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """Returns the gradient of the sum of a function's outputs at x.

    Args:
      function: a function of one tensor, composed of Keras operations.
      x: the inputs.
    """
    inputs = ops.convert_to_tensor(x)
    if keras.backend.backend() == "jax":
        import jax

        gradient = jax.grad(lambda value: ops.sum(function(value)))(inputs)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = ops.sum(function(inputs))
        gradient = tape.gradient(total, inputs)
        if gradient is None:
            raise InputError(
                "model: its outputs have no gradient with respect to its"
                " inputs, which may be integers"
            )
    return ops.convert_to_numpy(gradient)
