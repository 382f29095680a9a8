"""Layers that the paper's networks need and Keras does not have."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("rethink_keras")
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
        return ops.cast(
            x * _negative_power(norm, self.beta), self.compute_dtype
        )

    def get_config(self):
        return {
            **super().get_config(),
            "depth_radius": self.depth_radius,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
        }


@keras.saving.register_keras_serializable("rethink_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, on the fused kernel where the backend is TensorFlow.

    Keras composes the layer from a dozen elementwise operations. On a CPU
    they take a third of the small Inception's step in bfloat16; the fused
    kernel takes a tenth. The function is the same.
    """

    def call(self, inputs, training=None, mask=None):
        fused = keras.backend.backend() == "tensorflow"
        if not fused or mask is not None or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        return self._fused_call(inputs, bool(training and self.trainable))

    def _fused_call(self, inputs, training):
        import tensorflow as tf

        ones = ops.ones_like(self.moving_mean)
        given = self.moving_mean, self.moving_variance
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.cast(self.gamma, "float32") if self.scale else ones,
            offset=ops.cast(self.beta, "float32") if self.center else 0 * ones,
            mean=ones[:0] if training else given[0].value,
            variance=ones[:0] if training else given[1].value,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # The kernel's variance has n - 1 in the denominator.
            count = ops.cast(ops.size(inputs) // inputs.shape[-1], "float32")
            variance = variance * (ops.maximum(count - 1, 1) / count)
            for moving, batch in zip(given, (mean, variance), strict=True):
                moving.assign(
                    moving * self.momentum + batch * (1 - self.momentum)
                )
        return outputs


@keras.saving.register_keras_serializable("rethink_keras")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector to each token of [n, tokens, width]."""

    def build(self, input_shape):
        self.embedding = self.add_weight(
            shape=input_shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="embedding",
        )

    def call(self, inputs):
        return inputs + ops.cast(self.embedding, self.compute_dtype)


def classify(
    x,
    num_classes: int,
    *,
    activation: str | None,
    weight_decay: float,
    dropout: float = 0.0,
    kernel_initializer="glorot_uniform",
):
    """The last layer of every network: dropout, then one output a class.

    Args:
      x: [n, features].
      num_classes: number of classes.
      activation: None for logits.
      weight_decay: see `half_l2`.
      dropout: rate before the layer.
      kernel_initializer: of the layer.

    Returns:
      float32 [n, classes] under every dtype policy.
    """
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.layers.Dense(
        num_classes,
        activation=activation,
        kernel_initializer=kernel_initializer,
        kernel_regularizer=half_l2(weight_decay),
        dtype="float32",
        name="logits",
    )(x)


def _negative_power(x, exponent: float):
    """`x ** -exponent`; at 0.75, two roots take a third of a power's time."""
    if exponent == 0.75:
        root = ops.rsqrt(x)
        return root * ops.sqrt(root)
    return ops.power(x, -exponent)


def half_l2(weight_decay: float) -> keras.regularizers.Regularizer | None:
    """The penalty 1/2 * weight_decay * ||w||^2, coupled: part of the loss."""
    return keras.regularizers.L2(weight_decay / 2) if weight_decay else None
