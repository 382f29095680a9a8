"""Opens and flushes standard streams, also closed or full ones."""

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator


def open_standard_streams() -> None:
    """Opens closed standard streams and escapes unencodable output.

    The next file that a program opens gets the lowest free descriptor. If a
    standard stream is closed, that is the stream's descriptor, and the output
    of libraries ends up in the file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def exiting_without_output() -> Iterator[None]:
    """Exits without a traceback if standard output cannot be written.

    If the reader of a pipe has exited (`| head`), exits with SIGPIPE's code and
    no message. If the disk is full, prints one line and exits with code 2.
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
    """Redirects descriptors to null, so that the final flush cannot fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
