"""One run, from config to result."""

from rethink_keras.runs.arguments import with_named_model
from rethink_keras.runs.builders import check_builder
from rethink_keras.runs.in_memory import (
    InMemoryInputs,
    choose_examples,
    subset_size,
)
from rethink_keras.runs.inputs import Inputs, make_inputs
from rethink_keras.runs.network import build_model, make_optimizer
from rethink_keras.runs.result import RunResult, load_result
from rethink_keras.runs.run import run
from rethink_keras.runs.streamed import StreamedInputs
from rethink_keras.runs.summary import parameters

__all__ = [
    "InMemoryInputs",
    "Inputs",
    "RunResult",
    "StreamedInputs",
    "build_model",
    "check_builder",
    "choose_examples",
    "load_result",
    "make_inputs",
    "make_optimizer",
    "parameters",
    "run",
    "subset_size",
    "with_named_model",
]
