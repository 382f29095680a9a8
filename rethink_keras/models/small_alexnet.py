"""The paper's small Alexnet (Appendix A)."""

import keras
from keras import initializers, layers

from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import (
    LocalResponseNormalization,
    classify,
    half_l2,
)


@keras_settings(image_data_format="channels_last")
def small_alexnet(
    input_shape: tuple[int, int, int] = (28, 28, 3),
    num_classes: int = 10,
    *,
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    name: str = "small_alexnet",
) -> keras.Model:
    """Builds the small Alexnet: 1,387,786 parameters at 28x28x3.

    Two blocks of 5x5 convolution, 3x3 max-pooling and local response
    normalization are followed by fully connected layers of 384 and 192 units.
    The number of filters (64), strides and padding follow from the paper's
    number of parameters. Initial weights and the constants of the normalization
    are those of TensorFlow's CIFAR-10 tutorial, which describes this network.

    Args:
      input_shape: (height, width, channels).
      num_classes: number of classes.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before each fully connected layer.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].
    """
    inputs = keras.Input(input_shape)
    x = inputs
    for bias in (0.0, 0.1):
        x = layers.Conv2D(
            64,
            5,
            padding="same",
            activation="relu",
            kernel_initializer=_normal(0.05),
            bias_initializer=initializers.Constant(bias),
            kernel_regularizer=half_l2(weight_decay),
        )(x)
        x = layers.MaxPooling2D(3, 2, padding="same")(x)
        x = LocalResponseNormalization()(x)
    x = layers.Flatten()(x)
    for units in (384, 192):
        if dropout:
            x = layers.Dropout(dropout)(x)
        x = layers.Dense(
            units,
            activation="relu",
            kernel_initializer=_normal(0.04),
            bias_initializer=initializers.Constant(0.1),
            kernel_regularizer=half_l2(weight_decay),
        )(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    outputs = classify(
        x,
        num_classes,
        weight_decay=weight_decay,
        kernel_initializer=_normal(1 / 192),
    )
    return keras.Model(inputs, outputs, name=name)


def _normal(stddev: float) -> initializers.Initializer:
    return initializers.TruncatedNormal(stddev=stddev)
