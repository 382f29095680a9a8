"""Saving a network by way of a temporary directory."""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator

import keras

from rethink_keras import training
from rethink_keras.errors import InputError, one_line
from rethink_keras.files import reason_of

_REGISTER = (
    "decorate its classes with keras.saving.register_keras_serializable()"
)
_WITHOUT_LAMBDA = "replace Lambda by another layer or by functions of keras.ops"


def saved(model: keras.Model, resume_advice: str) -> bytes:
    """Returns the content of a network's file `model.keras`.

    Args:
      model: the network.
      resume_advice: how to resume the run, for the error message.

    Raises:
      InputError: the temporary directory cannot be written.
    """
    with _scratch(f", then {resume_advice}") as path:
        model.save(path)
        return path.read_bytes()


def check_saving(model: keras.Model, name: str) -> None:
    """Checks that a network can be saved and loaded, before it is trained.

    Args:
      model: a network of one's own.
      name: its name.

    Raises:
      InputError: it cannot.
    """
    try:
        with _scratch() as path:
            model.save(path)
            loaded = keras.saving.load_model(path)
    except InputError:
        raise
    except Exception as error:  # Keras raises many types
        lambdas = any(
            isinstance(layer, keras.layers.Lambda)
            for layer in model._flatten_layers()
        )
        fix = _WITHOUT_LAMBDA if lambdas else _REGISTER
        raise InputError(
            f"model={name}: cannot be saved and loaded ({one_line(error)});"
            f" {fix}, or pass save_model=False"
        ) from error
    if training.fingerprint_of(loaded) != training.fingerprint_of(model):
        raise InputError(
            f"model={name}: loses weights when it is saved and loaded; create"
            " its layers in __init__, not in build, or pass save_model=False"
        )


@contextlib.contextmanager
def _scratch(then: str = "") -> Iterator[pathlib.Path]:
    """Yields a path at which Keras can save a network.

    Args:
      then: what to do afterwards, for the error message.

    Raises:
      InputError: the temporary directory cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory() as scratch:
            yield pathlib.Path(scratch, "model.keras")
    except OSError as error:
        raise InputError(
            f"TMPDIR={tempfile.gettempdir()}: cannot be written"
            f" ({reason_of(error)}); free space there, or set TMPDIR to another"
            f" directory{then}"
        ) from error
