"""Errors that a user can fix; each message is one line."""

import signal

_LONGEST = 200


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
    """Returns the message of another error, on one line and shortened."""
    return " ".join(str(error).split())[:_LONGEST]
