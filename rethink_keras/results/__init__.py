"""Results of finished runs: how they are read, and formats to show them."""

from rethink_keras.results.finished import (
    REFERENCE,
    RESULT,
    THEORY,
    FinishedRun,
    counting_runs,
    counts_for,
    find_runs,
    has_begun,
    key_of,
)
from rethink_keras.results.predictions import (
    PREDICTIONS,
    Predictions,
    read_predictions,
)

__all__ = [
    "PREDICTIONS",
    "REFERENCE",
    "RESULT",
    "THEORY",
    "FinishedRun",
    "Predictions",
    "counting_runs",
    "counts_for",
    "find_runs",
    "has_begun",
    "key_of",
    "read_predictions",
]
