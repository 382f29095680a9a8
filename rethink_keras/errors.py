"""The errors that a user can mend, each told in one line."""

import signal


class InputError(ValueError):
    """An input that cannot be used.

    The message is one line: what was given, what is allowed, what to do.
    """


class DivergenceError(ArithmeticError):
    """The training loss became infinite or not a number."""


class InterruptedRunError(Exception):
    """A signal ended a run, which can go on.

    Attributes:
      signal: what was received.
    """

    def __init__(self, message: str, signal: signal.Signals):
        super().__init__(message)
        self.signal = signal


class LostWorkerError(RuntimeError):
    """Another process of a run on several machines has ended."""
