"""The work directory of a run, whose files are written atomically."""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import filelock
import keras
import tensorflow as tf
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.files import (
    RESUME_ADVICE,
    reading,
    visible,
    write_whole,
    writing,
)
from rethink_keras.results import (
    DIVERGED,
    PREDICTIONS,
    RESULT,
    Learning,
    Predictions,
    key_of,
)
from rethink_keras.results.finished import CHECKPOINTS, CONFIG, read_run
from rethink_keras.results.names import names_of
from rethink_keras.results.predictions import SPLITS, write_predictions
from rethink_keras.runs.identity import (
    as_known_to,
    default_directory,
    same_outputs,
)
from rethink_keras.runs.saving import saved

DEFAULT_ROOT = "tensorboard_logs"
_LOCK = "lock"
MODEL = "model.keras"
_FLAGS = "flags.txt"
_FILES = (_FLAGS, CONFIG, DIVERGED, MODEL, PREDICTIONS, RESULT)
# The folders of a run, and the names of the files that it writes there.
_FOLDERS = {
    **dict.fromkeys(SPLITS, r".*\.tfevents\..*"),
    CHECKPOINTS: rf"{_LOCK}|step-\d+\.npz(\.partial)?",
}
_OPTIONS = {"dataset", "model", "randomize"}  # in config.json of all versions
_SHOWN = 3


class RunDirectory:
    """The work directory of one run.

    Args:
      config: config of the run.
      path: the directory (default: see `default_directory`).
      given: what the run was given besides the config; see `given_record`.
      resume_advice: how to resume the run, for error messages.

    Attributes:
      config: config of the run.
      given: see Args.
      path: the directory.
      resume_advice: see Args.
      checkpoints: directory of the checkpoints.

    Raises:
      InputError: if the path is empty.
    """

    def __init__(
        self,
        config: RunConfig,
        path: os.PathLike | str | None,
        given: Mapping[str, Any] | None = None,
        resume_advice: str = RESUME_ADVICE,
    ):
        if path == "":
            raise InputError("workdir='': must be the path of a directory")
        self.config = config
        self.given = given
        self.resume_advice = resume_advice
        self.path = (
            epath.Path(path)
            if path
            else default_directory(DEFAULT_ROOT, config, given)
        )
        self.checkpoints = self.path / CHECKPOINTS
        self._lock = filelock.FileLock(self.checkpoints / _LOCK)

    @property
    def identity(self) -> dict[str, Any]:
        """The config and what else the run was given, as JSON values."""
        identity = {"config": self.config.as_dict()}
        return {**identity, "given": self.given} if self.given else identity

    def finished(self) -> dict[str, Any] | None:
        """Returns the result of the run if it has finished, else None.

        Raises:
          InputError: if the directory holds a finished run with other options.
        """
        if not (self.path / RESULT).exists():
            return None
        run = read_run(self.path)
        given = run.result.get("given")
        self.check_same(run.config.as_dict(), given)
        if not same_outputs(self.given, given):
            raise InputError(
                f"workdir={self.path}: holds a finished run whose network had"
                " other outputs before training: its code or its initial"
                " weights have changed, or these weights do not follow from the"
                " seed; choose another directory, or pass overwrite=True"
            )
        return run.result

    def check_same(
        self, options: dict[str, Any], given: Mapping[str, Any] | None
    ) -> None:
        """Checks that the directory holds this run and no other.

        Args:
          options: options of the run in the directory.
          given: what that run was given besides them.

        Raises:
          InputError: if some differ. The message names them.
        """
        stored = key_of(RunConfig.from_dict(options))
        here = {
            **key_of(self.config).as_dict(),
            **names_of(self.config, as_known_to(given, self.given)),
        }
        there = {**stored.as_dict(), **names_of(stored, given)}
        differing = [
            name
            for name in sorted(here | there)
            if here.get(name) != there.get(name)
        ]
        if differing:
            changes = ", ".join(
                f"{name}={there.get(name)} there, {here.get(name)} here"
                for name in differing
            )
            raise InputError(
                f"workdir={self.path}: holds a run with other options"
                f" ({changes}); choose another directory, or pass"
                " overwrite=True"
            )

    def check_free(self) -> None:
        """Checks that a run here replaces no files but those of a run.

        Raises:
          InputError: if the directory holds no run but has other files under
            the names of a run's files, or if it cannot be read.
        """
        with reading(self.path):
            others = [] if self._holds_run() else list(_others_in(self.path))
        if others:
            more = len(others) - _SHOWN
            raise InputError(
                f"workdir={self.path}: holds {', '.join(others[:_SHOWN])}"
                f"{f' and {more} more' if more > 0 else ''}, but no {CONFIG} of"
                " a run; choose another directory"
            )

    def open(self, *, overwrite: bool = False) -> dict[str, Any] | None:
        """Creates and locks the directory.

        Removes the files of an earlier run, except checkpoints.

        Args:
          overwrite: whether to remove a finished run.

        Returns:
          None, or the result if the run has finished. The directory is then
          neither changed nor locked.

        Raises:
          InputError: if the directory cannot be written, another process uses
            it, or it holds other files (see `check_free`) or another run.
        """
        self.check_free()
        with writing(self.path), contextlib.ExitStack() as stack:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            stack.callback(self.close)
            found = None if overwrite else self.finished()
            if found is None:
                self._write_config()
                stack.pop_all()
        return found

    def _write_config(self) -> None:
        """Replaces the files of an earlier run by the config of this one."""
        earlier = self._holds_run()
        self._write(CONFIG, _json(self.config.as_dict()))
        if earlier:
            self._remove_earlier()
        self._write(_FLAGS, self._as_flags())

    def _holds_run(self) -> bool:
        """Returns whether config.json is that of a run, of any version."""
        try:
            options = json.loads((self.path / CONFIG).read_text())
        except (OSError, ValueError):
            return False
        return isinstance(options, dict) and options.keys() >= _OPTIONS

    def _remove_earlier(self) -> None:
        """Removes the files of an earlier run, except config and checkpoints.

        Keeps other files in the folders for event files. Begins with the files
        that end a run, since this process may end at any time.
        """
        for name in (RESULT, DIVERGED):
            (self.path / name).unlink(missing_ok=True)
        for path in self.path.iterdir():
            if path.name in SPLITS and path.is_dir():
                for file in path.iterdir():
                    if re.fullmatch(_FOLDERS[path.name], file.name):
                        file.unlink()
                # In object stores, an empty folder may not exist.
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
            elif path.name.startswith("events.out.tfevents") or (
                path.name != CONFIG
                and path.name.removesuffix(".partial") in _FILES
            ):
                path.unlink()

    def _as_flags(self) -> str:
        """Returns a flagfile, with a comment on what no flag can say."""
        names = names_of(self.config, self.given)
        comments = "".join(
            f"# {kind} given in Python: {names.get(kind) or names['dataset']}\n"
            for kind in self.given or ()
        )
        return comments + self.config.as_flags()

    def _take_lock(self) -> None:
        """Locks the directory until `close` or the end of the process.

        Directories in object stores are not locked: these have no locks.
        """
        if "://" in str(self.path):
            return
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise InputError(
                f"workdir={self.path}: another process is using it; wait for"
                " it to end, or choose another directory"
            ) from error

    def close(self) -> None:
        """Removes `checkpoints` if it is empty; unlocks the directory."""
        remaining = {path.name for path in visible(self.checkpoints)}
        if remaining <= {_LOCK}:
            with contextlib.suppress(OSError, tf.errors.OpError):
                self.checkpoints.rmtree()
        self._lock.release()

    def write_learned(
        self,
        model: keras.Model | None,
        predictions: Mapping[str, Predictions],
        learning: Learning | None,
    ) -> None:
        """Writes the trained model, its predictions and what it learned when.

        To load the model, import `rethink_keras` and call
        `keras.saving.load_model`.

        Args:
          model: the trained model; None to write none.
          predictions: predictions for each split.
          learning: when the training examples were learned; None if unknown.

        Raises:
          InputError: if the files cannot be written.
        """
        content = None if model is None else saved(model, self.resume_advice)
        with writing(self.path, self.resume_advice):
            if content is not None:
                write_whole(self.path / MODEL, content)
            write_predictions(self.path / PREDICTIONS, predictions, learning)

    def write_result(self, result: dict[str, Any]) -> None:
        """Writes result.json.

        Raises:
          InputError: if it cannot be written.
        """
        with writing(self.path, self.resume_advice):
            self._write(RESULT, _json(result))

    def write_diverged(self, reason: str) -> None:
        """Writes diverged.txt, by which the report knows of the run.

        Raises:
          InputError: if it cannot be written.
        """
        with writing(self.path, self.resume_advice):
            self._write(DIVERGED, f"{reason}\n")

    def _write(self, name: str, text: str) -> None:
        write_whole(self.path / name, text.encode())


def _others_in(directory: epath.Path) -> Iterator[str]:
    """Yields the names of files that a run would replace.

    Yields also what its folders hold besides event files and checkpoints.
    Assumes that the directory holds no run.
    """
    for path in visible(directory):
        if path.name in _FOLDERS and path.is_dir():
            for file in visible(path):
                if not re.fullmatch(_FOLDERS[path.name], file.name):
                    yield f"{path.name}/{file.name}"
        elif path.name in (*_FILES, *_FOLDERS):
            yield path.name


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"
