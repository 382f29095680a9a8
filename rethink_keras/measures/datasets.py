"""Datasets of the measures, and the networks' outputs on them."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from rethink_keras.elements import Arrays, as_pair, class_indices, joined
from rethink_keras.errors import InputError, one_line
from rethink_keras.logits import check_logits

BATCH = 500
_EMPTY = "dataset: is empty; must have at least one example"
_INFINITE = -1  # tf.data.INFINITE_CARDINALITY
Dataset = Iterable[Any]
"""Arrays `(x, y)`, or a finite `tf.data.Dataset` of them, batched or not."""


def as_arrays(dataset: Dataset) -> Arrays:
    """Returns the inputs and labels of a dataset as arrays.

    Raises:
      InputError: the dataset is empty or endless, or its labels are not class
        indices.
    """
    if isinstance(dataset, tuple) or (
        isinstance(dataset, list) and dataset and hasattr(dataset[0], "shape")
    ):
        if len(dataset) != 2:
            raise InputError(
                f"dataset: must be a pair (x, y); received {len(dataset)}"
                " arrays"
            )
        x, y = _as_pair(dataset)
    else:
        x, y = _gather(dataset)
    if x.dtype == object or not x.ndim:
        raise InputError(
            "dataset: must have one array of inputs; received"
            f" {type(x.flat[0]).__name__}"
        )
    y = class_indices("dataset", x, y)
    if not len(x):
        raise InputError(_EMPTY)
    return x, y


def check_labels(y: np.ndarray, logits: np.ndarray) -> None:
    """Checks that a network has an output for each label.

    Raises:
      InputError: a label is not below the number of classes.
    """
    if y.max() >= logits.shape[1]:
        raise InputError(
            f"dataset: label {y.max()}: must be below {logits.shape[1]}, the"
            " number of the network's outputs"
        )


def _as_pair(pair: Any) -> Arrays:
    return as_pair(pair, "dataset: received", "must be arrays (x, y)")


def _gather(dataset: Dataset) -> Arrays:
    if getattr(dataset, "cardinality", lambda: 0)() == _INFINITE:
        raise InputError("dataset: is endless; pass dataset.take(n)")
    if not isinstance(dataset, Iterable):
        raise InputError(
            "dataset: must be arrays (x, y) or a data set of them; received a"
            f" {type(dataset).__name__}"
        )
    pairs = list(dataset)
    if not pairs:
        raise InputError(_EMPTY)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise InputError(
                "dataset: must yield pairs (x, y); received a"
                f" {type(pair).__name__}"
                f"{f' of {len(pair)}' if isinstance(pair, tuple) else ''}"
            )
        if isinstance(pair[0], Mapping):
            raise InputError(
                "dataset: must have one array of inputs; received a"
                f" {type(pair[0]).__name__}"
            )
    return joined(
        list(map(_as_pair, pairs)),
        "dataset: inputs differ in size; resize them",
    )


def logits_of(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Returns the logits of a network, [n, classes], and checks them.

    Raises:
      InputError: its outputs are not finite, or bounded by an activation such
        as softmax; or for the reasons of `outputs_of`.
    """
    logits = outputs_of(model, x)
    if not np.isfinite(logits.astype("float64")).all():
        raise InputError(
            f"model={model.name}: outputs are not finite; check its weights"
            " and the inputs"
        )
    check_logits(model, model.name, _call(model, x[:1]), logits)
    return logits


def outputs_of(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Returns the outputs of a network, [n, classes], of any value.

    Raises:
      InputError: the network has several inputs or outputs, does not take the
        inputs, or has no output for each of two or more classes.
    """
    check_one_input_and_output(model)
    outputs = np.concatenate(
        [
            ops.convert_to_numpy(_call(model, x[first : first + BATCH]))
            for first in range(0, len(x), BATCH)
        ]
    )
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        raise InputError(
            f"model={model.name}: must return logits [n, classes] of two or"
            f" more classes; received {list(outputs.shape)} for n = {len(x)}"
        )
    return outputs


def check_one_input_and_output(model: keras.Model) -> None:
    """Checks the numbers of inputs and outputs of a network.

    Subclassed networks are not checked, since theirs are unknown.

    Raises:
      InputError: the network has several inputs or outputs.
    """
    counts = [
        len(getattr(model, name, None) or [None])
        for name in ("inputs", "outputs")
    ]
    if counts != [1, 1]:
        raise InputError(
            f"model={model.name}: must have one input and one output; received"
            f" {counts[0]} and {counts[1]}"
        )


def _call(model: keras.Model, x: np.ndarray) -> Any:
    """Calls a network, and returns its only output as a tensor.

    Unlike `predict`, this keeps no compiled function in each network that is
    measured.
    """
    try:
        outputs = model(x, training=False)
    except Exception as error:  # Keras and its backends raise many types
        raise InputError(
            f"dataset: model={model.name} cannot be called on inputs of shape"
            f" {x.shape} ({one_line(error)})"
        ) from error
    if not hasattr(outputs, "shape"):
        raise InputError(
            f"model={model.name}: must have one input and one output; returns"
            f" a {type(outputs).__name__}"
        )
    return outputs


def weights_of(model: keras.Model) -> list[np.ndarray]:
    """Returns the trainable weights of a network.

    Raises:
      InputError: it has none.
    """
    weights = list(map(ops.convert_to_numpy, model.trainable_weights))
    if not weights:
        raise InputError(
            f"model={model.name}: has no trainable weights; build it, or set"
            " trainable=True"
        )
    return weights


def accuracy_of(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the accuracy of a network, from 0 to 1.

    Outputs that are not finite count as wrong.
    """
    outputs = outputs_of(model, x)
    finite = np.isfinite(outputs.astype("float64")).all(axis=1)
    return float(np.mean((outputs.argmax(axis=1) == y) & finite))
