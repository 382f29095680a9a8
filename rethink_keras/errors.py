"""Errors that a user can fix; each message is one line."""

import numbers
import re
import signal
from typing import Any

_LONGEST = 200
# Keras prints messages in bold, after the name of the layer's method.
_KERAS_DECORATION = re.compile(
    r"\x1b\[[\d;]*m|^Exception encountered when calling .*\n"
)


class InputError(ValueError):
    """An invalid input.

    The message is one line: the input, the problem, the allowed values, a fix.
    """


class DivergenceError(ArithmeticError):
    """The training loss became infinite or NaN."""


class InterruptedRunError(Exception):
    """A signal interrupted a run that can be resumed.

    Attributes:
      signal: the signal that was received.
    """

    def __init__(self, message: str, signal: signal.Signals):
        super().__init__(message)
        self.signal = signal


class LostWorkerError(RuntimeError):
    """Another process of a multi-machine run has ended."""


def one_line(error: Exception) -> str:
    """Returns the message of another error, on one line and shortened.

    Leaves out terminal codes, and Keras's preamble to errors of layers. A
    message of more than 200 characters ends with the last whole word and
    ` ...`.
    """
    line = " ".join(_KERAS_DECORATION.sub("", str(error)).split())
    if len(line) <= _LONGEST:
        return line
    start = line[:_LONGEST]
    return f"{start.rpartition(' ')[0] or start} ..."


def check_whole_number(name: str, value: Any, least: int) -> None:
    """Checks an argument that must be a whole number.

    Args:
      name: name of the argument.
      value: its value.
      least: smallest allowed value.

    Raises:
      InputError: the value is not allowed.
    """
    if not (isinstance(value, numbers.Integral) and int(value) >= least):
        raise InputError(f"{name}={value}: must be a whole number from {least}")
