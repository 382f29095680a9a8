"""Options in messages of the library, written as flags."""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from absl import flags

# `name=`, `name=True` or `name=False` at the start or after a space, so that
# parts of paths do not match.
_OPTION = re.compile(r"(?:^|(?<=[ (]))([a-zA-Z]\w*)=(True\b|False\b)?")


def with_flags(message: object) -> str:
    """Returns a message of the library with options written as flags.

    The library names options as Python does, `overwrite=True`. Where an option
    is a flag, the command line shows `--overwrite`.

    Args:
      message: a text or an exception.
    """
    return _OPTION.sub(_as_flag, str(message))


def _as_flag(match: re.Match) -> str:
    """Writes `x=` as `--x=`, `x=True` as `--x` and `x=False` as `--nox`."""
    name, value = match.groups()
    if name not in flags.FLAGS:
        return match[0]
    return {"True": f"--{name}", "False": f"--no{name}"}.get(
        value, f"--{name}="
    )


class _FlagWriter:
    """A text stream that writes options as flags."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(with_flags(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def flags_in_output() -> Iterator[None]:
    """Context manager in which printed lines, also warnings, show flags."""
    writers = [
        cast(TextIO, _FlagWriter(each)) for each in (sys.stdout, sys.stderr)
    ]
    with (
        contextlib.redirect_stdout(writers[0]),
        contextlib.redirect_stderr(writers[1]),
    ):
        yield
