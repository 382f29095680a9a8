"""What a run leaves behind: its files, written whole or not at all."""

import json
import os
import shutil
from typing import Any

from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError

DEFAULT_ROOT = "tensorboard_logs"
_OURS = ("train", "test", "flags.txt", "config.json", "result.json")


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

    def finished(self) -> dict[str, Any] | None:
        """The result of an earlier run here; None where there is none.

        Raises:
          InputError: a run with another config finished here.
        """
        path = self.path / "result.json"
        if not path.exists():
            return None
        try:
            result = json.loads(path.read_text())
            theirs = result["config"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}: is no result of a run; remove it, or choose another"
                " workdir"
            ) from error
        ours = self.config.as_dict()
        del ours["data_dir"]  # where the data lie does not change the run
        differing = [k for k in ours if ours[k] != theirs.get(k)]
        if differing:
            changes = ", ".join(
                f"{k}={theirs.get(k)} there, {ours[k]} here" for k in differing
            )
            raise InputError(
                f"workdir={self.path}: holds a run with other options"
                f" ({changes}); choose another, or overwrite"
            )
        return result

    def open(self) -> None:
        """Makes the directory, without anything of an earlier run.

        Raises:
          InputError: the directory cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for path in self.path.iterdir():
                if path.name.startswith("events.out.tfevents"):
                    path.unlink()
                elif path.name in _OURS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            _write(self.path / "config.json", _json(self.config.as_dict()))
            _write(self.path / "flags.txt", self.config.as_flags())
        except OSError as error:
            raise InputError(
                f"workdir={self.path}: cannot be written"
                f" ({error.strerror or error}); choose another"
            ) from error

    def write_result(self, result: dict[str, Any]) -> None:
        """Writes result.json, atomically."""
        _write(self.path / "result.json", _json(result))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _write(path: epath.Path, text: str) -> None:
    """Writes a file whole: under another name first, then in its place."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)
