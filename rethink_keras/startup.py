"""Starts TensorFlow quietly and Keras quickly."""

import contextlib
import importlib
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

# What Keras imports if it is installed, for features that no command uses. It
# takes a third of Keras's import.
_UNUSED = ("matplotlib", "pandas", "sklearn")


def hide_startup_messages() -> None:
    """Imports TensorFlow and hides its start-up messages.

    For notebooks and scripts: call it before TensorFlow or Keras is imported.
    Messages of TensorFlow's C++ libraries below fatal errors stay hidden in
    this process (`TF_CPP_MIN_LOG_LEVEL` is set to 3). Exceptions and Python's
    warnings are shown as usual.

    Example:
      >>> import rethink_keras as rk
      >>> rk.hide_startup_messages()
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # importing JAX sets it to 1
    with hiding_errors():
        importlib.import_module("tensorflow")
        importlib.import_module("keras")


@contextlib.contextmanager
def hiding_errors(*, unless: type[Exception] | None = None) -> Iterator[None]:
    """Hides standard error, including the output of C++ libraries.

    After an exception, the hidden output is shown.

    Args:
      unless: the exception type after which it stays hidden; None for none.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException as error:
            if unless is None or not isinstance(error, unless):
                hidden.seek(0)
                os.write(terminal, hidden.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


@contextlib.contextmanager
def importing_keras_alone() -> Iterator[None]:
    """Keeps Keras from importing packages that the commands do not need.

    They can be imported afterwards as usual.
    """
    unused = _UNUSED if _backend() == "jax" else (*_UNUSED, "jax")
    hidden = [name for name in unused if name not in sys.modules]
    for name in hidden:
        # Python then raises ModuleNotFoundError, as if it were not installed.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _backend() -> str:
    """Returns the backend that Keras will choose."""
    home = os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras"))
    try:
        text = pathlib.Path(home, "keras.json").read_text()
        configured = json.loads(text).get("backend", "")
    except (OSError, ValueError, AttributeError):
        configured = ""
    return os.environ.get("KERAS_BACKEND", configured)
