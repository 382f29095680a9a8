"""Small residual network (not in the paper)."""

import keras
from keras import layers

from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import BatchNormalization, classify, half_l2

_WIDTHS = (64, 128, 256)


@keras_settings(image_data_format="channels_last")
def small_resnet(
    input_shape: tuple[int, int, int] = (28, 28, 3),
    num_classes: int = 10,
    *,
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    name: str = "small_resnet",
) -> keras.Model:
    """Builds a pre-activation ResNet: 1,198,810 trainable parameters.

    The network is WRN-10-4 of Zagoruyko and Komodakis (2016). It has three
    residual blocks of 64, 128 and 256 filters. Each block has two 3x3
    convolutions, which BatchNorm and ReLU precede (He et al., 2016).

    Args:
      input_shape: (height, width, channels).
      num_classes: number of classes.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before the fully connected layer.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].
    """

    def conv(x, filters, kernel, strides=1):
        return layers.Conv2D(
            filters,
            kernel,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=half_l2(weight_decay),
        )(x)

    def activate(x):
        x = BatchNormalization(epsilon=1e-3)(x)
        return layers.ReLU()(x)

    def block(x, filters, strides):
        """Residual block with a projection shortcut."""
        x = activate(x)
        shortcut = conv(x, filters, 1, strides)
        x = activate(conv(x, filters, 3, strides))
        return layers.Add()([conv(x, filters, 3), shortcut])

    inputs = keras.Input(input_shape)
    x = conv(inputs, 16, 3)
    for filters, strides in zip(_WIDTHS, (1, 2, 2), strict=True):
        x = block(x, filters, strides)
    x = layers.GlobalAveragePooling2D()(activate(x))
    outputs = classify(
        x,
        num_classes,
        weight_decay=weight_decay,
        dropout=dropout,
    )
    return keras.Model(inputs, outputs, name=name)
