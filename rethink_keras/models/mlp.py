"""The paper's multi-layer perceptrons (Appendix A)."""

import keras
from keras import layers

from rethink_keras.keras_settings import keras_settings
from rethink_keras.models.layers import classify, half_l2


@keras_settings(image_data_format="channels_last")
def mlp(
    input_shape: tuple[int, int, int] = (28, 28, 3),
    num_classes: int = 10,
    *,
    hidden: tuple[int, ...] = (512,),
    weight_decay: float = 0.0,
    dropout: float = 0.0,
    name: str = "mlp",
) -> keras.Model:
    """Builds a multi-layer perceptron with ReLU hidden layers.

    The paper does not state initial weights. Kernels are Glorot-uniform and
    biases zero, the defaults of TensorFlow when the paper was written.

    Args:
      input_shape: (height, width, channels).
      num_classes: number of classes.
      hidden: number of units of each hidden layer.
      weight_decay: coefficient of 1/2*||w||^2 in the loss, for each kernel.
      dropout: dropout rate before each layer except the first.
      name: name of the model.

    Returns:
      A functional model from images [n, *input_shape] to float32 logits
      [n, num_classes].
    """
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    for units in hidden:
        x = layers.Dense(
            units, activation="relu", kernel_regularizer=half_l2(weight_decay)
        )(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
    outputs = classify(x, num_classes, weight_decay=weight_decay)
    return keras.Model(inputs, outputs, name=name)


def mlp_1x512(*args, name: str = "mlp_1x512", **kwargs) -> keras.Model:
    """Builds the MLP 1x512: one hidden layer, 1,209,866 parameters."""
    return mlp(*args, hidden=(512,), name=name, **kwargs)


def mlp_3x512(*args, name: str = "mlp_3x512", **kwargs) -> keras.Model:
    """Builds the MLP 3x512: three hidden layers, 1,735,178 parameters."""
    return mlp(*args, hidden=(512, 512, 512), name=name, **kwargs)
