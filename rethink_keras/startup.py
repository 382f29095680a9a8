"""Hides the start-up messages of TensorFlow's libraries."""

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator


def hide_startup_messages() -> None:
    """Imports TensorFlow and hides its start-up messages.

    For notebooks and scripts: call it before TensorFlow or Keras is imported.
    Informational messages, warnings and errors of TensorFlow's C++ libraries
    stay hidden in this process, unless `TF_CPP_MIN_LOG_LEVEL` is already set.
    Exceptions and Python's warnings are shown as usual.

    Example:
      >>> import rethink_keras as rk
      >>> rk.hide_startup_messages()
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
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
