"""Finished runs: reading their results and predictions."""

from rethink_keras.results.finished import (
    DIVERGED,
    REFERENCE,
    RESULT,
    THEORY,
    FinishedRun,
    counting_runs,
    counts_for,
    find_diverged,
    find_own_runs,
    find_runs,
    has_begun,
    key_of,
)
from rethink_keras.results.names import run_directory, run_name
from rethink_keras.results.predictions import (
    PREDICTIONS,
    Learning,
    Predictions,
    read_learning,
    read_predictions,
)

__all__ = [
    "DIVERGED",
    "PREDICTIONS",
    "REFERENCE",
    "RESULT",
    "THEORY",
    "FinishedRun",
    "Learning",
    "Predictions",
    "counting_runs",
    "counts_for",
    "find_diverged",
    "find_own_runs",
    "find_runs",
    "has_begun",
    "key_of",
    "read_learning",
    "read_predictions",
    "run_directory",
    "run_name",
]
