"""Handling of SIGINT and SIGTERM during training."""

import signal
import sys
import threading
from types import FrameType

from rethink_keras.errors import (
    InputError,
    InterruptedRunError,
    LostWorkerError,
)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SAY_MORE = (InterruptedRunError, InputError, LostWorkerError)


class Interruption:
    """Context manager that records SIGINT and SIGTERM.

    - The first signal is recorded, and the training loop stops when it next
      checks `signal`.
    - A signal after the last check takes effect on exit, when the results are
      written. It has no effect if an error that says why the run ends, such as
      a full disk, is raised.
    - A second signal of the same kind ends the process as usual. One of the
      other kind is recorded like the first: it may come from a program that
      stops its runs while all of them are terminated.

    Outside the main thread, where Python does not allow signal handlers, this
    context manager has no effect.

    Attributes:
      signal: the first signal received, or None.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_) -> None:
        self._restore()
        if self.signal and not (kind and issubclass(kind, _SAY_MORE)):
            sys.stdout.flush()  # the signal may end the process at once
            signal.raise_signal(self.signal)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signal = self.signal or signal.Signals(number)
        signal.signal(number, self._before[signal.Signals(number)])  # type: ignore[arg-type]
