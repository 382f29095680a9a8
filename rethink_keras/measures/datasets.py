"""Datasets of the measures, and the networks' outputs on them."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from rethink_keras.errors import InputError

BATCH = 500
Arrays = tuple[np.ndarray, np.ndarray]
Dataset = Iterable[Any]
"""`(x, y)` arrays, or a `tf.data.Dataset` of `(x, y)`, batched or not."""


def as_arrays(dataset: Dataset) -> Arrays:
    """Returns the inputs and labels of a dataset as arrays.

    Raises:
      InputError: the dataset is empty or endless, or its labels are not class
        indices.
    """
    if isinstance(dataset, tuple):
        x, y = map(np.asarray, dataset)
    else:
        x, y = _gather(dataset)
    if y.ndim != 1 or len(x) != len(y) or y.dtype.kind not in "iu":
        raise InputError(
            "dataset: must have one class index for each input; received"
            f" inputs {x.shape} and {y.dtype} labels {y.shape}"
        )
    return x, y


def _gather(dataset: Dataset) -> Arrays:
    if getattr(dataset, "cardinality", lambda: 0)() == -1:
        raise InputError("dataset: is endless; pass dataset.take(n)")
    pairs = [(np.asarray(x), np.asarray(y)) for x, y in dataset]
    if not pairs:
        raise InputError("dataset: is empty; must have at least one example")
    join = np.stack if pairs[0][1].ndim == 0 else np.concatenate
    xs, ys = zip(*pairs, strict=True)
    return join(xs), join(ys)


def logits_of(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Returns the outputs of a network, [n, classes].

    Calls the network rather than `predict`, which would keep a compiled
    function in each network that is measured.
    """
    outputs = [
        ops.convert_to_numpy(model(x[first : first + BATCH], training=False))
        for first in range(0, len(x), BATCH)
    ]
    return np.concatenate(outputs)


def accuracy_of(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the accuracy of a network, from 0 to 1."""
    return float(np.mean(logits_of(model, x).argmax(axis=1) == y))
