"""Writes files whole, and tells what cannot be written in one line."""

import contextlib
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
            f" ({_reason(error)}); {advice}"
        ) from error


def _reason(error: OSError | tf.errors.OpError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    message = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", error.message)
    return " ".join(message.split())


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
