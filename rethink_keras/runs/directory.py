"""What a run leaves behind: its files, written whole or not at all."""

import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

import filelock
import keras
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.files import GOES_ON, visible, write_whole, writing
from rethink_keras.results.finished import (
    CHECKPOINTS,
    RESULT,
    key_of,
    read_run,
)
from rethink_keras.results.predictions import (
    PREDICTIONS,
    Predictions,
    write_predictions,
)

DEFAULT_ROOT = "tensorboard_logs"
_LOCK = "lock"
MODEL = "model.keras"
_OURS = (
    "train",
    "test",
    "flags.txt",
    "config.json",
    MODEL,
    PREDICTIONS,
    RESULT,
)


class RunDirectory:
    """The work directory of one run.

    Args:
      config: of the run.
      path: the directory; None for `tensorboard_logs/<name of the run>`.

    Raises:
      InputError: the path is empty.
    """

    def __init__(self, config: RunConfig, path: os.PathLike | str | None):
        if path == "":
            raise InputError("workdir='': allowed is a directory's path")
        self.config = config
        self.path = epath.Path(path or f"{DEFAULT_ROOT}/{config.name()}")
        self.checkpoints = self.path / CHECKPOINTS
        self._lock = filelock.FileLock(self.checkpoints / _LOCK)

    def finished(self) -> dict[str, Any] | None:
        """The result of an earlier run here; None where there is none.

        Raises:
          InputError: a run with another config finished here.
        """
        if not (self.path / RESULT).exists():
            return None
        run = read_run(self.path)
        self.check_config(run.config.as_dict())
        return run.result

    def check_config(self, theirs: dict[str, Any]) -> None:
        """Refuses a directory that holds a run with other options.

        Args:
          theirs: the options of the run there.

        Raises:
          InputError: names the options that differ.
        """
        ours = key_of(self.config).as_dict()
        there = key_of(RunConfig.from_dict(theirs)).as_dict()
        differing = [name for name in ours if ours[name] != there[name]]
        if differing:
            changes = ", ".join(
                f"{name}={there[name]} there, {ours[name]} here"
                for name in differing
            )
            raise InputError(
                f"workdir={self.path}: holds a run with other options"
                f" ({changes}); choose another, or overwrite"
            )

    def open(self) -> None:
        """Makes the directory, with nothing of an earlier run but checkpoints.

        Raises:
          InputError: the directory cannot be written, or another process uses
            it.
        """
        with writing(self.path):
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            for path in self.path.iterdir():
                if path.name.startswith("events.out.tfevents"):
                    path.unlink()
                elif path.name.removesuffix(".partial") in _OURS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            self._write("config.json", _json(self.config.as_dict()))
            self._write("flags.txt", self.config.as_flags())

    def _take_lock(self) -> None:
        """Keeps others out until the process ends or `close`.

        Of local directories alone: object stores have no locks.
        """
        if "://" in str(self.path):
            return
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise InputError(
                f"workdir={self.path}: another process is using it; wait for"
                " it to end, or choose another"
            ) from error

    def close(self) -> None:
        """Lets others use the directory."""
        self._lock.release()
        left = {path.name for path in visible(self.checkpoints)}
        if left <= {_LOCK}:
            shutil.rmtree(self.checkpoints, ignore_errors=True)

    def write_learned(
        self, model: keras.Model, predictions: Mapping[str, Predictions]
    ) -> None:
        """Writes the trained network and its predictions.

        Args:
          model: loads again with `keras.saving.load_model` once
            `rethink_keras.models` is imported.
          predictions: for each split.

        Raises:
          InputError: they cannot be written.
        """
        with (
            writing(self.path, GOES_ON),
            tempfile.TemporaryDirectory() as scratch,
        ):
            local = pathlib.Path(scratch) / MODEL
            model.save(local)
            write_whole(self.path / MODEL, local.read_bytes())
            write_predictions(self.path / PREDICTIONS, predictions)

    def write_result(self, result: dict[str, Any]) -> None:
        """Writes result.json.

        Raises:
          InputError: it cannot be written.
        """
        with writing(self.path, GOES_ON):
            self._write(RESULT, _json(result))

    def _write(self, name: str, text: str) -> None:
        write_whole(self.path / name, text.encode())


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"
