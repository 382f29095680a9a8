"""Lists directories, writes files whole, reports what fails in one line."""

import contextlib
import fnmatch
import os
import re
from collections.abc import Iterator

import tensorflow as tf
from etils import epath

from rethink_keras.errors import InputError

GOES_ON = "make room or mend it: the same command goes on where it can"


@contextlib.contextmanager
def writing(
    directory: os.PathLike | str, advice: str = "choose another"
) -> Iterator[None]:
    """Within it, Python or TensorFlow writes to a work directory.

    Args:
      directory: named where that fails.
      advice: what to do then.

    Raises:
      InputError: it failed.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"workdir={os.fspath(directory)}: cannot be written"
            f" ({reason_of(error)}); {advice}"
        ) from error


@contextlib.contextmanager
def reading(path: os.PathLike | str) -> Iterator[None]:
    """Within it, a file or directory is read.

    Args:
      path: named where that fails.

    Raises:
      InputError: it failed.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{os.fspath(path)}: cannot be read ({reason_of(error)}); mend it"
            " or choose another"
        ) from error


def reason_of(error: OSError | tf.errors.OpError) -> str:
    """Why reading or writing failed, without where in the code."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    message = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", error.message)
    return " ".join(message.split()).rstrip(".")


def visible(directory: epath.Path, pattern: str = "*") -> list[epath.Path]:
    """The entries of a directory, sorted, without the hidden ones.

    `epath.Path.glob` would read brackets in the directory's own path as a
    pattern.

    Args:
      directory: local or in an object store.
      pattern: of their names, as in a shell.

    Returns:
      An empty list if there is no such directory.

    Raises:
      OSError: the directory cannot be read.
    """
    if not directory.is_dir():
        return []
    return sorted(
        path
        for path in directory.iterdir()
        if not path.name.startswith(".")
        and fnmatch.fnmatchcase(path.name, pattern)
    )


def write_whole(path: epath.Path, content: bytes) -> None:
    """Writes a file under another name first, then in its place.

    Raises:
      OSError: it cannot be written; what was in its place still is.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
