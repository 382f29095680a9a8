"""Layers and regularizers that the networks share."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("rethink_keras")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a norm over neighbouring channels.

    Computes `x / (bias + alpha * sum(x**2)) ** beta`, where the sum is over
    `2 * depth_radius + 1` channels (Krizhevsky et al., 2012, Section 3.3), like
    `tf.nn.local_response_normalization`. The defaults are those of TensorFlow's
    CIFAR-10 tutorial, whose network is the paper's small Alexnet. Computes in
    float32 under every dtype policy.

    Args:
      depth_radius: half-width of the window of channels.
      bias: positive number added to the scaled sum.
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
    """Keras's BatchNormalization with TensorFlow's fused kernel.

    Computes the same function as the Keras layer, which consists of a dozen
    elementwise operations. On a CPU, those take a third of the time of a
    bfloat16 step of the small Inception; the fused kernel takes a tenth. Other
    backends and float64 use the Keras layer.
    """

    def call(self, inputs, training=None, mask=None):
        fused = keras.backend.backend() == "tensorflow"
        fused = fused and self.compute_dtype != "float64"
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
            # The kernel divides by n - 1; Keras divides by n.
            count = ops.cast(ops.size(inputs) // inputs.shape[-1], "float32")
            variance = variance * (ops.maximum(count - 1, 1) / count)
            for moving, batch in zip(given, (mean, variance), strict=True):
                moving.assign(
                    moving * self.momentum + batch * (1 - self.momentum)
                )
        return outputs


@keras.saving.register_keras_serializable("rethink_keras")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector to each token; inputs are [n, tokens, width]."""

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
    weight_decay: float,
    dropout: float = 0.0,
    kernel_initializer="glorot_uniform",
):
    """Applies dropout and the last layer of every network.

    Args:
      x: [n, features].
      num_classes: number of classes.
      weight_decay: see `half_l2`.
      dropout: dropout rate before the layer.
      kernel_initializer: initializer of the layer's kernel.

    Returns:
      float32 [n, num_classes] under every dtype policy.
    """
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.layers.Dense(
        num_classes,
        kernel_initializer=kernel_initializer,
        kernel_regularizer=half_l2(weight_decay),
        dtype="float32",
        name="logits",
    )(x)


def _negative_power(x, exponent: float):
    """Computes `x ** -exponent`.

    At 0.75, two square roots take a third of the time of a power.
    """
    if exponent == 0.75:
        root = ops.rsqrt(x)
        return root * ops.sqrt(root)
    return ops.power(x, -exponent)


def half_l2(weight_decay: float) -> keras.regularizers.Regularizer | None:
    """Returns the penalty 1/2 * weight_decay * ||w||^2, a term of the loss."""
    return keras.regularizers.L2(weight_decay / 2) if weight_decay else None
