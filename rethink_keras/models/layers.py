"""Layers that the paper's networks need and Keras does not have."""

import keras
import numpy as np
from keras import ops


class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a norm over the channels next to its own.

    `x / (bias + alpha * sum(x**2)) ** beta`, the sum over `2 * depth_radius
    + 1` channels, as `tf.nn.local_response_normalization` (Krizhevsky et al.,
    2012, Section 3.3). The defaults are those of TensorFlow's CIFAR-10
    tutorial, whose network the paper's small Alexnet is. Computes in float32
    under every dtype policy.

    Args:
      depth_radius: half-width of the window of channels.
      bias: added to the sum; above 0.
      alpha: factor of the sum.
      beta: exponent.
    """

    def __init__(
        self,
        depth_radius: int = 4,
        bias: float = 1.0,
        alpha: float = 0.001 / 9.0,
        beta: float = 0.75,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.depth_radius = depth_radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta

    def build(self, input_shape):
        channel = np.arange(input_shape[-1])
        near = np.abs(channel[:, None] - channel) <= self.depth_radius
        self._window = near.astype("float32")  # [C, C]

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        norm = self.bias + self.alpha * ops.matmul(
            ops.square(x), ops.convert_to_tensor(self._window)
        )
        return ops.cast(x * _negative_power(norm, self.beta), self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "depth_radius": self.depth_radius,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
        }


def _negative_power(x, exponent: float):
    """`x ** -exponent`; at 0.75, two roots take a third of a power's time."""
    if exponent == 0.75:
        root = ops.rsqrt(x)
        return root * ops.sqrt(root)
    return ops.power(x, -exponent)


def half_l2(weight_decay: float) -> keras.regularizers.Regularizer | None:
    """The penalty 1/2 * weight_decay * ||w||^2, coupled: part of the loss."""
    return keras.regularizers.L2(weight_decay / 2) if weight_decay else None
