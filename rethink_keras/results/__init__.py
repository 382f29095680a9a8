"""What a run leaves behind."""

from rethink_keras.results.environment import device, versions
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
    "RunDirectory",
    "TensorBoardWriter",
    "as_block",
    "as_markdown",
    "conclusion",
    "describe",
    "device",
    "parameters",
    "versions",
]
