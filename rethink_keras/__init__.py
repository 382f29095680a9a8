"""Understanding deep learning requires rethinking generalization, in Keras.

Reproduces the experiments of Zhang, Bengio, Hardt, Recht and Vinyals (ICLR
2017).

Example:
  >>> from rethink_keras import RunConfig, run
  >>> run(RunConfig(randomize="labels"))["train_accuracy"]
"""

from typing import TYPE_CHECKING, Any

from rethink_keras.config import RunConfig
from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
)

if TYPE_CHECKING:
    from rethink_keras.runs import run


__all__ = [
    "DivergenceError",
    "InputError",
    "InterruptedRunError",
    "RunConfig",
    "__version__",
    "run",
]

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Imports `run` on first use, because it imports TensorFlow."""
    if name == "run":
        from rethink_keras.runs import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
