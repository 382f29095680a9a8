"""Datasets of the measures, and the networks' outputs on them."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from rethink_keras.errors import InputError

BATCH = 500
_EMPTY = "dataset: is empty; must have at least one example"
Arrays = tuple[np.ndarray, np.ndarray]
Dataset = Iterable[Any]
"""Arrays `(x, y)`, or a `tf.data.Dataset` of `(x, y)`, batched or not."""


def as_arrays(dataset: Dataset) -> Arrays:
    """Returns the inputs and labels of a dataset as arrays.

    Raises:
      InputError: the dataset is empty or endless, or its labels are not class
        indices.
    """
    if isinstance(dataset, tuple) or (
        isinstance(dataset, list)
        and dataset
        and isinstance(dataset[0], np.ndarray)
    ):
        if len(dataset) != 2:
            raise InputError(
                f"dataset: must be a pair (x, y); received {len(dataset)}"
                " arrays"
            )
        x, y = map(np.asarray, dataset)
    else:
        x, y = _gather(dataset)
    if x.dtype == object or not x.ndim:
        raise InputError(
            "dataset: must have one array of inputs; received"
            f" {type(x.flat[0]).__name__}"
        )
    if y.shape[1:] == (1,):
        y = y[:, 0]
    if y.ndim != 1 or len(x) != len(y) or y.dtype.kind not in "iu":
        raise InputError(
            "dataset: must have one class index for each input; received"
            f" inputs {x.shape} and {y.dtype} labels {y.shape}"
        )
    if not len(x):
        raise InputError(_EMPTY)
    if y.min() < 0:
        raise InputError(
            f"dataset: labels must be class indices from 0; received {y.min()}"
        )
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


def _gather(dataset: Dataset) -> Arrays:
    if getattr(dataset, "cardinality", lambda: 0)() == -1:
        raise InputError("dataset: is endless; pass dataset.take(n)")
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
    xs, ys = (list(map(np.asarray, part)) for part in zip(*pairs, strict=True))
    # A label may be a vector, such as [1]. Then its length is not the input's.
    batched = ys[0].ndim and ys[0].shape[:1] == xs[0].shape[:1]
    join = np.concatenate if batched else np.stack
    return join(xs), join(ys)


def logits_of(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Returns the outputs of a network, [n, classes].

    Calls the network rather than `predict`, which would keep a compiled
    function in each network that is measured.

    Raises:
      InputError: the network has no output for each of two or more classes.
    """
    outputs = [
        ops.convert_to_numpy(model(x[first : first + BATCH], training=False))
        for first in range(0, len(x), BATCH)
    ]
    logits = np.concatenate(outputs)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise InputError(
            f"model={model.name}: must return logits [n, classes] of two or"
            f" more classes; received {list(logits.shape)} for n = {len(x)}"
        )
    return logits


def weights_of(model: keras.Model) -> list[np.ndarray]:
    """Returns the trainable weights of a network.

    Raises:
      InputError: it has none.
    """
    weights = list(map(ops.convert_to_numpy, model.trainable_weights))
    if not weights:
        raise InputError(
            f"model={model.name}: has no trainable weights; set trainable=True"
        )
    return weights


def accuracy_of(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the accuracy of a network, from 0 to 1."""
    logits = logits_of(model, x)
    check_labels(y, logits)
    return float(np.mean(logits.argmax(axis=1) == y))
