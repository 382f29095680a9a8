"""Standard output and standard error: closed, full, gone, or hidden."""

import contextlib
import errno
import os
import signal
import sys
import tempfile
from collections.abc import Iterator


def open_standard_streams() -> None:
    """Opens closed standard streams; lets standard output take any character.

    A closed stream's descriptor would go to the next file that is opened, and
    to that file whatever a library prints. Opening takes the lowest free one.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def exiting_without_output() -> Iterator[None]:
    """Exits where standard output cannot be written, without a traceback.

    Exits like any program, with SIGPIPE's code and no message, where the
    reader has gone (`| head`); with 2 and one line where the disk is full.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard(1, 2)
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _discard(1)
        print(
            f"error: standard output cannot be written ({error.strerror})",
            file=sys.stderr,
        )
        sys.exit(2)


def _discard(*descriptors: int) -> None:
    """Lets the interpreter flush what is left at its exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(null, descriptor)


@contextlib.contextmanager
def hiding_errors(*, unless: type[Exception]) -> Iterator[None]:
    """Hides what is written to standard error, also by libraries in C++.

    Args:
      unless: shows what was hidden after any exception but these.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except unless:
            raise
        except BaseException:
            hidden.seek(0)
            os.write(terminal, hidden.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
