"""Finished runs: reading their results and predictions."""

from rethink_keras.results.finished import (
    REFERENCE,
    RESULT,
    THEORY,
    FinishedRun,
    counting_runs,
    counts_for,
    find_own_runs,
    find_runs,
    has_begun,
    key_of,
)
from rethink_keras.results.names import run_directory, run_name
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
    "find_own_runs",
    "find_runs",
    "has_begun",
    "key_of",
    "read_predictions",
    "run_directory",
    "run_name",
]
