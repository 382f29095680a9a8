"""The paper's small Inception (Appendix A, Figure 3)."""

import keras
from keras import layers

from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import BatchNormalization, classify, half_l2

BATCH_NORM_EPSILON = 1e-3


@keras_settings(image_data_format="channels_last")
def small_inception(
    input_shape: tuple[int, int, int] = (28, 28, 3),
    num_classes: int = 10,
    *,
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    batch_norm: bool = True,
    name: str = "small_inception",
) -> keras.Model:
    """Builds the small Inception: 1,649,402 trainable parameters.

    The number of parameters is the paper's. It is the same with BatchNorm (an
    offset but no scale, and convolutions without bias) and without BatchNorm
    (convolutions with bias). The paper does not state the padding, which is
    "same" here, nor the initial weights, which are Glorot-uniform, the default
    of TensorFlow when the paper was written.

    Args:
      input_shape: (height, width, channels).
      num_classes: number of classes.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before the fully connected layer.
      batch_norm: whether BatchNorm follows each convolution.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].
    """

    def conv(x, filters, kernel, strides=1):
        """Conv module: convolution, BatchNorm and ReLU."""
        x = layers.Conv2D(
            filters,
            kernel,
            strides=strides,
            padding="same",
            use_bias=not batch_norm,
            kernel_regularizer=half_l2(weight_decay),
        )(x)
        if batch_norm:
            x = BatchNormalization(
                epsilon=BATCH_NORM_EPSILON,
                scale=False,
            )(x)
        return layers.ReLU()(x)

    def inception(x, ones, threes):
        """Inception module: parallel 1x1 and 3x3 convolutions."""
        return layers.Concatenate()([conv(x, ones, 1), conv(x, threes, 3)])

    def downsample(x, threes):
        """Downsample module: parallel strided convolution and max-pooling."""
        pooled = layers.MaxPooling2D(3, 2, padding="same")(x)
        return layers.Concatenate()([conv(x, threes, 3, strides=2), pooled])

    inputs = keras.Input(input_shape)
    x = conv(inputs, 96, 3)
    x = inception(x, 32, 32)
    x = inception(x, 32, 48)
    x = downsample(x, 80)
    x = inception(x, 112, 48)
    x = inception(x, 96, 64)
    x = inception(x, 80, 80)
    x = inception(x, 48, 96)
    x = downsample(x, 96)
    x = inception(x, 176, 160)
    x = inception(x, 176, 160)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = classify(
        x,
        num_classes,
        weight_decay=weight_decay,
        dropout=dropout,
    )
    return keras.Model(inputs, outputs, name=name)
