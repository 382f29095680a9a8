"""Measures of generalization, for any network that returns logits.

Each is a function `measure(model, dataset)`, the form of the PGDL competition
(Jiang et al., NeurIPS 2020). The dataset holds training examples: `(x, y)`
arrays, or a `tf.data.Dataset` of `(x, y)`, batched or not. Labels are class
indices. Of every measure in `MEASURES`, a larger value predicts a larger gap
between training and test accuracy.
"""

from collections.abc import Callable, Mapping

from rethink_keras.measures.margins import (
    inverse_margin,
    margin,
    margins,
    normalized_margins,
    parameter_norm_over_margin,
    path_norm_over_margin,
    spectral_complexity_over_margin,
)
from rethink_keras.measures.norms import (
    distance_from_initialization,
    parameter_norm,
    path_norm,
)
from rethink_keras.measures.robustness import critical_sample_ratio
from rethink_keras.measures.sharpness import sharpness
from rethink_keras.measures.spectral import spectral_complexity, spectral_norm

MEASURES: Mapping[str, Callable[..., float]] = {
    "parameter norm": parameter_norm,
    "distance from initialization": distance_from_initialization,
    "path norm": path_norm,
    "spectral complexity": spectral_complexity,
    "inverse margin": inverse_margin,
    "parameter norm / margin": parameter_norm_over_margin,
    "path norm / margin": path_norm_over_margin,
    "spectral complexity / margin": spectral_complexity_over_margin,
    "sharpness": sharpness,
    "critical samples": critical_sample_ratio,
}
"""The measures by name."""

__all__ = [
    "MEASURES",
    "critical_sample_ratio",
    "distance_from_initialization",
    "inverse_margin",
    "margin",
    "margins",
    "normalized_margins",
    "parameter_norm",
    "parameter_norm_over_margin",
    "path_norm",
    "path_norm_over_margin",
    "sharpness",
    "spectral_complexity",
    "spectral_complexity_over_margin",
    "spectral_norm",
]
