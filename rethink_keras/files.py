"""File operations: listing, atomic writes and one-line errors."""

import contextlib
import errno
import fnmatch
import os
import pathlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator

import tensorflow as tf
from etils import epath

from rethink_keras.errors import InputError

NPZ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy raises for a damaged file."""

RESUME_ADVICE = "re-run the same command to resume"


@contextlib.contextmanager
def writing(
    directory: os.PathLike | str, resume_advice: str | None = None
) -> Iterator[None]:
    """Context manager that converts write errors to InputErrors.

    Args:
      directory: the work directory that the error names.
      resume_advice: how to resume what was interrupted, for the error message.
        None if nothing has begun: the message suggests another directory.

    Raises:
      InputError: Python or TensorFlow could not write.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        advice = (
            f"free space or fix the directory, then {resume_advice}"
            if resume_advice
            else "choose another"
        )
        raise InputError(
            f"workdir={os.fspath(directory)}: cannot be written"
            f" ({reason_of(error)}); {advice}"
        ) from error


def check_writable(directory: os.PathLike | str) -> None:
    """Checks that a directory can be written or created, without doing so.

    Object stores are not checked.

    Raises:
      InputError: it cannot.
    """
    if "://" in os.fspath(directory):
        return
    with writing(directory):
        path = pathlib.Path(directory).absolute()
        there = next(p for p in (path, *path.parents) if p.exists())
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{there} is a file")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextlib.contextmanager
def reading(path: os.PathLike | str) -> Iterator[None]:
    """Context manager that converts read errors to InputErrors.

    Args:
      path: the path that the error names.

    Raises:
      InputError: Python or TensorFlow could not read.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{os.fspath(path)}: cannot be read ({reason_of(error)}); fix it"
            " or choose another"
        ) from error


def walk(
    directory: os.PathLike | str, left_out: Callable[[str], bool]
) -> Iterator[tuple[str, list[str]]]:
    """Yields each folder under a directory with the names of its files.

    Follows links to local folders, but visits no folder twice: of the folders
    in one folder, those that are no links come first, by name. Leaves out
    folders that cannot be read, such as `lost+found`.

    Args:
      directory: local, or in an object store; nothing is yielded if it does
        not exist.
      left_out: whether to leave out a folder and those within.

    Raises:
      OSError: the directory itself cannot be read.
    """
    top = os.fspath(directory)
    if "://" in top:
        for folder, _, files in tf.io.gfile.walk(top):
            if not left_out(folder):
                yield folder, files
        return
    if os.path.isdir(top):
        os.listdir(top)  # an error within os.walk would be left out
    seen = set()
    for folder, folders, files in os.walk(top, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        paths = {name: os.path.join(folder, name) for name in folders}
        folders[:] = sorted(
            (name for name in folders if not left_out(paths[name])),
            key=lambda name: (os.path.islink(paths[name]), name),
        )
        yield folder, files


@contextlib.contextmanager
def summaries_to(writer: tf.summary.SummaryWriter) -> Iterator[None]:
    """Context manager in which `tf.summary` writes to a writer.

    Flushes the writer at the end. Unlike `writer.as_default()`, which stays in
    force if flushing fails, always restores the outer writer.

    Raises:
      tf.errors.OpError: the event file cannot be written.
    """
    context = writer.as_default()
    context.__enter__()
    try:
        yield
        writer.flush()
    finally:
        tf.summary.create_noop_writer().set_as_default()
        context.__exit__(None, None, None)


def reason_of(error: OSError | tf.errors.OpError) -> str:
    """Returns why reading or writing failed, without the location in code."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    message = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", error.message)
    return " ".join(message.split()).rstrip(".")


def visible(directory: epath.Path, pattern: str = "*") -> list[epath.Path]:
    """Lists the entries of a directory, sorted, without hidden ones.

    Unlike `epath.Path.glob`, does not read brackets in the directory's own
    path as a pattern.

    Args:
      directory: a local directory or one in an object store.
      pattern: shell pattern that the names must match.

    Returns:
      The paths; an empty list if the directory does not exist.

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
    """Writes a file atomically, by renaming a temporary file.

    Raises:
      OSError: the file cannot be written. An existing file is kept.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
