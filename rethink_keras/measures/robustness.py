"""Critical samples: examples with an adversarial neighbour."""

import numbers

import keras
import numpy as np
from keras import ops

from rethink_keras.errors import InputError, check_whole_number
from rethink_keras.measures.datasets import (
    BATCH,
    Dataset,
    as_arrays,
    logits_of,
    outputs_of,
)
from rethink_keras.measures.gradients import input_gradient


def critical_sample_ratio(
    model: keras.Model,
    dataset: Dataset,
    *,
    radius: float = 0.03,
    steps: int = 10,
) -> float:
    """Computes the share of critical samples (Arpit et al., 2017).

    An example is critical if the prediction changes within `radius` of the
    input in each coordinate (L-infinity). Projected gradient descent searches:
    it lowers the margin of the prediction by steps in the direction of the
    gradient's sign. The search is deterministic and finds a lower bound; for a
    linear network of two classes it is exact.

    Args:
      model: the network.
      dataset: examples; their labels are not used.
      radius: largest change of a coordinate, above 0, in the unit of the
        inputs.
      steps: number of steps of length `radius / 4`, at least 1.

    Raises:
      InputError: an option is not allowed, or the network does not return
        finite logits.
    """
    if not (isinstance(radius, numbers.Real) and 0 < radius < np.inf):
        raise InputError(f"radius={radius}: must be a number above 0")
    check_whole_number("steps", steps, 1)
    x, _ = as_arrays(dataset)
    x = x.astype("float32")
    critical = [
        _are_critical(model, x[first : first + BATCH], radius, steps)
        for first in range(0, len(x), BATCH)
    ]
    return float(np.concatenate(critical).mean())


def _are_critical(
    model: keras.Model, x: np.ndarray, radius: float, steps: int
) -> np.ndarray:
    outputs = logits_of(model, x)
    predicted = outputs.argmax(axis=1)
    found = np.zeros(len(x), bool)
    near = x
    one_hot = ops.one_hot(predicted, outputs.shape[1], dtype="float32")

    def margin(inputs):
        logits = ops.cast(model(inputs, training=False), "float32")
        others = ops.max(logits - 1e9 * one_hot, axis=1)
        return ops.sum(logits * one_hot, axis=1) - others

    for _ in range(steps):
        step = radius / 4 * np.sign(input_gradient(margin, near))
        near = np.clip(near - step, x - radius, x + radius)
        found |= outputs_of(model, near).argmax(axis=1) != predicted
    return found
