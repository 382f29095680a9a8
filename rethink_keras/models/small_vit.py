"""Small vision transformer (not in the paper)."""

import keras
from keras import layers

from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import PositionEmbedding, classify, half_l2

_PATCH, _WIDTH, _DEPTH, _HEADS = 4, 128, 6, 4


@keras_settings(image_data_format="channels_last")
def small_vit(
    input_shape: tuple[int, int, int] = (28, 28, 3),
    num_classes: int = 10,
    *,
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    name: str = "small_vit",
) -> keras.Model:
    """Builds a vision transformer: 1,203,722 trainable parameters.

    The network splits images into patches of 4x4 pixels and applies six
    pre-norm blocks of width 128 with four heads (Dosovitskiy et al., 2021). It
    classifies the mean over the tokens instead of a class token (Beyer et al.,
    2022).

    Args:
      input_shape: (height, width, channels).
      num_classes: number of classes.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before the last layer.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].
    """

    def dense(x, units, activation=None):
        return layers.Dense(
            units,
            activation=activation,
            kernel_regularizer=half_l2(weight_decay),
        )(x)

    def block(x):
        """Transformer block: self-attention, then an MLP on each token."""
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(
            _HEADS,
            _WIDTH // _HEADS,
            kernel_regularizer=half_l2(weight_decay),
        )(y, y)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization()(x)
        y = dense(dense(y, 4 * _WIDTH, "gelu"), _WIDTH)
        return layers.Add()([x, y])

    inputs = keras.Input(input_shape)
    x = layers.Conv2D(
        _WIDTH,
        _PATCH,
        strides=_PATCH,
        padding="same",
        kernel_regularizer=half_l2(weight_decay),
    )(inputs)
    x = layers.Reshape((-1, _WIDTH))(x)
    x = PositionEmbedding()(x)
    for _ in range(_DEPTH):
        x = block(x)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    outputs = classify(
        x,
        num_classes,
        weight_decay=weight_decay,
        dropout=dropout,
    )
    return keras.Model(inputs, outputs, name=name)
