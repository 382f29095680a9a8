"""What a run leaves behind."""

from rethink_keras.results.collection import (
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
from rethink_keras.results.environment import device, versions
from rethink_keras.results.predictions import (
    PREDICTIONS,
    Predictions,
    read_predictions,
)
from rethink_keras.results.run_directory import RunDirectory
from rethink_keras.results.summary import (
    as_block,
    as_markdown,
    conclusion,
    describe,
    parameters,
)
from rethink_keras.results.tensorboard import TensorBoardWriter

__all__ = [
    "PREDICTIONS",
    "REFERENCE",
    "RESULT",
    "THEORY",
    "FinishedRun",
    "Predictions",
    "RunDirectory",
    "TensorBoardWriter",
    "as_block",
    "as_markdown",
    "conclusion",
    "counting_runs",
    "counts_for",
    "describe",
    "device",
    "find_runs",
    "has_begun",
    "key_of",
    "parameters",
    "read_predictions",
    "versions",
]
