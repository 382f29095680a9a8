"""Norms of a network's weights."""

import keras
import numpy as np
from keras import layers, ops

from rethink_keras.errors import InputError
from rethink_keras.measures.datasets import (
    Dataset,
    check_one_input_and_output,
    weights_of,
)
from rethink_keras.measures.linear_layers import (
    scale_and_shift,
    weighted_layers,
)


def parameter_norm(model: keras.Model, dataset: Dataset) -> float:
    """Computes the Euclidean norm of all trainable weights.

    Args:
      model: the network.
      dataset: not used.
    """
    del dataset
    return float(np.linalg.norm(_flat(model)))


def distance_from_initialization(
    model: keras.Model, dataset: Dataset, *, initial: keras.Model
) -> float:
    """Computes the Euclidean distance of the weights from the initial ones.

    Args:
      model: the network.
      dataset: not used.
      initial: a network of the same architecture with the initial weights.

    Raises:
      InputError: the networks have different weights.
    """
    del dataset
    check_alike(model, initial)
    return float(np.linalg.norm(_flat(model) - _flat(initial)))


def path_norm(model: keras.Model, dataset: Dataset) -> float:
    """Computes the path norm (Neyshabur et al., 2015).

    The square root of the sum, over all paths from an input or a bias to an
    output, of the product of the squared weights on the path. A pass of ones
    through the network with squared weights computes it (Jiang et al., 2020).
    Pooling is left as it is: averages keep their factor, which is not squared,
    and maxima take one of the paths.
    BatchNorm multiplies and shifts by its statistics, as at inference.

    Args:
      model: the network.
      dataset: not used.

    Raises:
      InputError: a layer is not supported, or there are several inputs or
        outputs.
    """
    del dataset
    weighted_layers(model)  # rejects other layers
    check_one_input_and_output(model)
    # Without the loss of a compiled model, which Keras might not find again.
    uncompiled = keras.Model(model.inputs[0], model.outputs[0])
    squared = keras.models.clone_model(uncompiled)
    for layer, copy in zip(
        weighted_layers(uncompiled), weighted_layers(squared), strict=True
    ):
        if isinstance(layer, layers.BatchNormalization):
            _square_batch_norm(layer, copy)
        else:
            copy.set_weights([np.square(w) for w in layer.get_weights()])
    ones = np.ones((1, *model.input_shape[1:]), "float32")
    outputs = ops.convert_to_numpy(squared(ones, training=False))
    return float(np.sqrt(outputs.astype("float64").sum()))


def _square_batch_norm(
    layer: layers.BatchNormalization, copy: layers.BatchNormalization
) -> None:
    """Makes a copy that multiplies and shifts by the squares."""
    scale, shift = (x.astype("float64") ** 2 for x in scale_and_shift(layer))
    if copy.scale:
        copy.gamma.assign(scale)
        copy.moving_variance.assign(np.full_like(scale, 1 - layer.epsilon))
    else:
        copy.moving_variance.assign(scale**-2 - layer.epsilon)
    if copy.center:
        copy.beta.assign(shift)
        copy.moving_mean.assign(np.zeros_like(scale))
    else:
        # A channel whose scale is 0 has no shift either.
        mean = np.divide(-shift, scale, np.zeros_like(scale), where=scale > 0)
        copy.moving_mean.assign(mean)


def check_alike(model: keras.Model, initial: keras.Model) -> None:
    """Rejects initial weights of another architecture.

    Raises:
      InputError: the networks have different weights.
    """
    shapes, others = (
        [tuple(weight.shape) for weight in network.trainable_weights]
        for network in (model, initial)
    )
    if shapes != others:
        raise InputError(
            f"initial={initial.name}: must have the weights of the"
            f" architecture of {model.name}"
        )


def _flat(model: keras.Model) -> np.ndarray:
    """Returns the trainable weights as one vector in float64."""
    weights = weights_of(model)
    return np.concatenate([weight.ravel().astype("f8") for weight in weights])
