"""The layers that the norms of a network are made of."""

import collections
import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from rethink_keras.errors import InputError

WEIGHTED = (layers.Dense, layers.Conv2D, layers.BatchNormalization)
# Layers without weights that do not enlarge distances between their inputs, up
# to factors that norms leave out (overlapping pooling windows, branches).
_PASSIVE = (
    layers.InputLayer,
    layers.Flatten,
    layers.Reshape,
    layers.Dropout,
    layers.Activation,
    layers.ReLU,
    layers.MaxPooling2D,
    layers.AveragePooling2D,
    layers.GlobalAveragePooling2D,
    layers.ZeroPadding2D,
    layers.Add,
    layers.Concatenate,
)
# Functions of keras.ops, by the names of their classes.
_PASSIVE_FUNCTIONS = ("Relu", "ReLU", "Add", "Concatenate", "Reshape")
_ACTIVATIONS = ("linear", "relu")


def weighted_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers with weights: Dense, Conv2D and BatchNormalization.

    Raises:
      InputError: the network is not built, or neither functional nor
        sequential; or a layer or a function between layers is of another kind,
        has an activation other than ReLU, or takes images of any size.
    """
    found = []
    for layer in _operations(model):
        if isinstance(layer, keras.Model):
            found += weighted_layers(layer)
            continue
        activation = getattr(layer, "activation", keras.activations.linear)
        name = getattr(activation, "__name__", str(activation))
        known = (
            isinstance(layer, (*WEIGHTED, *_PASSIVE))
            if isinstance(layer, keras.Layer)
            else type(layer).__name__ in _PASSIVE_FUNCTIONS
        )
        known = known and not _bends(layer)
        # Keras derives other convolutions from Conv2D's base, not from Conv2D.
        if not known or name not in _ACTIVATIONS:
            what = f" with activation {name}" if known else ""
            raise InputError(
                f"model={model.name}: layer {layer.name}"
                f" ({type(layer).__name__}){what} is not supported by path"
                " and spectral norms, which take Dense, Conv2D,"
                " BatchNormalization, pooling, ReLU without limits, and sums of"
                " layers"
            )
        if isinstance(layer, WEIGHTED):
            if None in layer.output.shape[1:]:
                raise InputError(
                    f"model={model.name}: takes images of any size, on which"
                    " norms depend; build it with the size of the images"
                )
            found.append(layer)
    return found


def check_used_once(model: keras.Model) -> None:
    """Checks that no layer with weights is used several times in a network.

    Args:
      model: a functional or sequential network.

    Raises:
      InputError: a layer is.
    """
    graph = getattr(model, "_functional", None) or model
    nodes = itertools.chain(*graph._nodes_by_depth.values())
    uses = collections.Counter(id(node.operation) for node in nodes)
    for layer in _operations(model):
        if getattr(layer, "weights", None) and uses[id(layer)] > 1:
            raise InputError(
                f"model={model.name}: uses layer {layer.name} more than once,"
                " which spectral complexity does not support"
            )
        if isinstance(layer, keras.Model):
            check_used_once(layer)


def _bends(layer: keras.Operation) -> bool:
    """Whether an operation is a ReLU with limits, or adds a constant."""
    if type(layer).__name__ == "ReLU":
        limits = layer.max_value is not None or bool(layer.threshold)
        return limits or abs(layer.negative_slope) > 1
    return type(layer).__name__ == "Add" and any(
        len(node.input_tensors) < 2 for node in layer._inbound_nodes
    )


def _operations(model: keras.Model) -> Sequence[keras.Operation]:
    """Returns the layers and the operations between them.

    Raises:
      InputError: the network is not built, or neither functional nor
        sequential, so that its operations are unknown.
    """
    if not model.built:
        raise InputError(
            f"model={model.name}: is not built; call it on inputs once"
        )
    if isinstance(model, keras.Sequential):
        return model.layers
    if hasattr(model, "operations"):
        return model.operations
    raise InputError(
        f"model={model.name}: {type(model).__name__} is not supported by path"
        " and spectral norms, which take functional and sequential networks"
    )


def scale_and_shift(
    layer: layers.BatchNormalization,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns BatchNorm at inference as factors and offsets of channels."""
    mean, variance = map(
        ops.convert_to_numpy, (layer.moving_mean, layer.moving_variance)
    )
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * ops.convert_to_numpy(layer.gamma)
    shift = -mean * scale
    if layer.center:
        shift = shift + ops.convert_to_numpy(layer.beta)
    return scale, shift


def kernel_of(layer: keras.Layer) -> np.ndarray:
    """Returns the kernel of a weighted layer; of BatchNorm, its factors.

    Raises:
      InputError: a weight is not finite.
    """
    if isinstance(layer, layers.BatchNormalization):
        kernel = scale_and_shift(layer)[0]
    else:
        kernel = ops.convert_to_numpy(layer.kernel)
    if not np.isfinite(kernel.astype("float64")).all():
        raise InputError(f"layer={layer.name}: has weights that are not finite")
    return kernel
