"""Understanding deep learning requires rethinking generalization, in Keras.

Reproduces the experiments of Zhang, Bengio, Hardt, Recht and Vinyals (ICLR
2017), and applies them to networks and data of one's own.

Example:
  >>> import rethink_keras as rk
  >>> rk.run(rk.RunConfig(randomize="labels"))["train_accuracy"]
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

from rethink_keras.config import RunConfig, register_model
from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    LostWorkerError,
)
from rethink_keras.startup import hide_startup_messages

if TYPE_CHECKING:
    from rethink_keras import measures, memorization
    from rethink_keras.experiments.randomization_tests import (
        RandomizationTest,
        randomization_test,
    )
    from rethink_keras.pipeline.randomized_data import randomize
    from rethink_keras.randomization.label_noise import corrupt_labels
    from rethink_keras.runs.result import RunResult, load_result
    from rethink_keras.runs.run import run


__all__ = [
    "DivergenceError",
    "InputError",
    "InterruptedRunError",
    "LostWorkerError",
    "RandomizationTest",
    "RunConfig",
    "RunResult",
    "__version__",
    "corrupt_labels",
    "hide_startup_messages",
    "load_result",
    "measures",
    "memorization",
    "randomization_test",
    "randomize",
    "register_model",
    "run",
]

__version__ = "0.2.0"

_LAZY = {
    "RandomizationTest": "rethink_keras.experiments.randomization_tests",
    "RunResult": "rethink_keras.runs",
    "corrupt_labels": "rethink_keras.randomization.label_noise",
    "load_result": "rethink_keras.runs",
    "randomization_test": "rethink_keras.experiments.randomization_tests",
    "randomize": "rethink_keras.pipeline.randomized_data",
    "run": "rethink_keras.runs",
}


def __getattr__(name: str) -> Any:
    """Imports a function on first use, because it imports TensorFlow."""
    if name in ("measures", "memorization"):
        return importlib.import_module(f"rethink_keras.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


@wrapt.when_imported("keras")
def _register_classes(keras: ModuleType) -> None:
    """Registers the classes that saved networks name, so that Keras loads them.

    They are the package's layers and its optimizer.
    """
    del keras
    importlib.import_module("rethink_keras.models")
