"""Inception V3, the paper's network for ImageNet (Section 3, Table 2)."""

import keras
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import BatchNormalization, classify, half_l2

MIN_SIZE = 75


@keras_settings(image_data_format="channels_last")
def inception_v3(
    input_shape: tuple[int, int, int] = (299, 299, 3),
    num_classes: int = 1000,
    *,
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    batch_norm: bool = True,
    name: str = "inception_v3",
) -> keras.Model:
    """Builds Inception V3: 23,817,352 trainable parameters for 1,000 classes.

    The network is `keras.applications.InceptionV3` (Szegedy et al., 2016) with
    random weights and without the auxiliary classifier. BatchNorm has an offset
    but no scale. Without BatchNorm, convolutions have a bias instead, so the
    number of parameters is the same.

    Args:
      input_shape: (height, width, channels); at least 75 x 75.
      num_classes: number of classes.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before the fully connected layer.
      batch_norm: whether BatchNorm follows each convolution.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].

    Raises:
      InputError: the images are smaller than 75 x 75.
    """
    if min(input_shape[:2]) < MIN_SIZE:
        raise InputError(
            f"image_size={min(input_shape[:2])}: must be {MIN_SIZE} or more for"
            " inception_v3"
        )

    def configure(layer):
        """Copies a layer with the options of this network."""
        options = layer.get_config()
        if isinstance(layer, layers.Conv2D):
            options["use_bias"] = not batch_norm
            options["kernel_regularizer"] = half_l2(weight_decay)
        elif isinstance(layer, layers.BatchNormalization):
            if not batch_norm:
                return layers.Identity(name=layer.name)
            return BatchNormalization.from_config(options)
        return type(layer).from_config(options)

    features = keras.models.clone_model(
        keras.applications.InceptionV3(
            include_top=False,
            weights=None,
            input_shape=input_shape,
            pooling="avg",
        ),
        clone_function=configure,
        call_function=lambda layer, *inputs, **_: layer(*inputs),  # no masks
    )
    outputs = classify(
        features.output,
        num_classes,
        weight_decay=weight_decay,
        dropout=dropout,
    )
    return keras.Model(features.input, outputs, name=name)
