"""Checks that the outputs of a network are logits."""

from typing import Any

import keras
import numpy as np

from rethink_keras.errors import InputError

_NOT_LOGITS = (
    "exponential",
    "hardsigmoid",
    "hardtanh",
    "relu",
    "relu6",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "sparsemax",
    "sparseplus",
    "sparsesigmoid",
    "squareplus",
    "tanh",
)
"""Activations whose outputs are bounded or never negative.

A wrong label may need a logit that they do not reach.
"""


def check_logits(
    model: keras.Model, name: str, output: Any, values: np.ndarray
) -> None:
    """Checks the activation at the end of a network, and its outputs.

    Args:
      model: the network.
      name: name of the network, for the error message.
      output: an output of the network, as it returned it.
      values: outputs [n, classes].

    Raises:
      InputError: the outputs are those of an activation, or probabilities.
    """
    # Softmax rounds to the precision of the network.
    rounding = 1e-4 if values.itemsize >= 4 else 1e-2
    values = values.astype("float64")
    sums_to_one = np.allclose(values.sum(axis=1), 1, atol=rounding)
    last = _last_activation(model)
    named = last.replace("_", "") in _NOT_LOGITS
    # Keras keeps the logits that its activations take, on TensorFlow.
    activated = named or hasattr(output, "_keras_logits")
    if activated or (sums_to_one and (values >= 0).all()):
        received = f"outputs of {last}" if named else "probabilities"
        raise InputError(
            f"model={name}: must return logits; received {received}; drop the"
            " activation at its end"
        )


def _last_activation(model: keras.Model) -> str:
    """Returns the activation of a network's output layer, in lower case.

    It is the name of the layer's or operation's class if that has no
    activation, as for `keras.layers.ReLU` and `keras.ops.tanh`. It is empty
    for subclassed networks and layers, and for a ReLU with a slope.
    """
    outputs = getattr(model, "outputs", None)
    last = outputs[0]._keras_history.operation if outputs else None
    if isinstance(last, keras.Model) and last is not model:
        return _last_activation(last)
    kind = type(last)
    if not kind.__module__.startswith("keras."):
        return ""
    if getattr(last, "negative_slope", 0):
        return ""
    activation = getattr(last, "activation", kind)
    return getattr(activation, "__name__", "").lower()
