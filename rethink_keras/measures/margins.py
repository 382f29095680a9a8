"""Margins of the training examples, and norms over the margin."""

import keras
import numpy as np

from rethink_keras.measures.datasets import (
    Dataset,
    as_arrays,
    check_labels,
    logits_of,
)
from rethink_keras.measures.norms import parameter_norm, path_norm
from rethink_keras.measures.spectral import spectral_complexity

_PERCENTILE = 10
"""Jiang et al. (2020) take this percentile as the margin of a network."""


def margins(model: keras.Model, dataset: Dataset) -> np.ndarray:
    """Computes the margins: the label's logit minus the largest other logit.

    Args:
      model: the network.
      dataset: training examples.

    Returns:
      float [n]; positive where the prediction is right.
    """
    x, y = as_arrays(dataset)
    logits = logits_of(model, x).astype("float64")
    check_labels(y, logits)
    rows = np.arange(len(y))
    of_label = logits[rows, y]
    logits[rows, y] = -np.inf
    return of_label - logits.max(axis=1)


def margin(model: keras.Model, dataset: Dataset) -> float:
    """Computes the margin of a network: the 10th percentile of `margins`."""
    return float(np.percentile(margins(model, dataset), _PERCENTILE))


def normalized_margins(
    model: keras.Model, dataset: Dataset, *, initial: keras.Model | None = None
) -> np.ndarray:
    """Divides the margins by `spectral_complexity * ||X||_F / n`.

    This is the normalization of Bartlett et al. (2017, Figure 1), whose bound
    grows with the inverse of the result. X are the n inputs.

    Args:
      model: the network.
      dataset: training examples.
      initial: see `spectral_complexity`.
    """
    x, y = as_arrays(dataset)
    complexity = spectral_complexity(model, (x, y), initial=initial)
    scale = complexity * np.linalg.norm(x.ravel().astype("f8")) / len(x)
    return margins(model, (x, y)) / scale


def inverse_margin(model: keras.Model, dataset: Dataset) -> float:
    """Computes 1 / margin; infinite if the margin is not positive."""
    return _over_margin(1.0, model, dataset)


def parameter_norm_over_margin(model: keras.Model, dataset: Dataset) -> float:
    """Computes `parameter_norm / margin`."""
    return _over_margin(parameter_norm(model, dataset), model, dataset)


def path_norm_over_margin(model: keras.Model, dataset: Dataset) -> float:
    """Computes `path_norm / margin`."""
    return _over_margin(path_norm(model, dataset), model, dataset)


def spectral_complexity_over_margin(
    model: keras.Model, dataset: Dataset, *, initial: keras.Model | None = None
) -> float:
    """Computes the leading term of the bound of Bartlett et al. (2017).

    It is the inverse of the 10th percentile of `normalized_margins`. Unlike the
    other measures, it depends on the number of examples.

    Args:
      model: the network.
      dataset: training examples.
      initial: see `spectral_complexity`.
    """
    normalized = normalized_margins(model, dataset, initial=initial)
    return _inverse(float(np.percentile(normalized, _PERCENTILE)))


def _over_margin(norm: float, model: keras.Model, dataset: Dataset) -> float:
    return norm * _inverse(margin(model, dataset))


def _inverse(value: float) -> float:
    return 1 / value if value > 0 else float("inf")
