"""Checkpoints of a run: written atomically; the last two are kept."""

import dataclasses
import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from etils import epath

from rethink_keras.files import (
    NPZ_ERRORS,
    RESUME_ADVICE,
    visible,
    write_whole,
    writing,
)

_KEPT = 2
_SUFFIX = ".npz"
_HEADER = "header"
_SAVE_INTERVAL = 50  # in durations of a save: saving takes 2 % of the time


def _print_warning(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Progress:
    """Progress of a run.

    Attributes:
      epoch: number of completed epochs.
      step: number of completed steps in the current epoch.
      seconds: training time in the current epoch.
      history: for each logged name, its values in the completed epochs.
      stopped: whether a callback has stopped training.
      learning_rate: learning rate at the beginning of the current epoch; None
        before the first epoch.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    history: dict[str, list] = dataclasses.field(default_factory=dict)
    stopped: bool = False
    learning_rate: float | None = None

    @property
    def place(self) -> str:
        """Where training stands: `after epoch 2` or `in epoch 3`."""
        if self.epoch and not self.step:
            return f"after epoch {self.epoch}"
        return f"in epoch {self.epoch + 1}"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """State from which a run resumes.

    Attributes:
      run: config and data fingerprint of the run, as JSON values.
      progress: progress of the run.
      elapsed: wall-clock seconds of the run so far.
      arrays: weights, optimizer state, BatchNorm statistics, metrics and
        random state, by name.
    """

    run: Mapping[str, Any]
    progress: Progress
    elapsed: float
    arrays: Mapping[str, np.ndarray]


class Checkpoints:
    """Reads and writes the checkpoints of one run.

    Args:
      directory: directory that holds only these checkpoints.
      run: config and data fingerprint of the run, as JSON values. They are
        stored in each checkpoint.
      minutes: maximum time between two checkpoints within an epoch.
      begun: `time.monotonic()` when this process started the run (default:
        now).
      resume_advice: how to resume the run, for error messages.
      warn: function called with a message about each corrupt checkpoint.
    """

    def __init__(
        self,
        directory: epath.Path,
        *,
        run: Mapping[str, Any],
        minutes: float,
        begun: float | None = None,
        resume_advice: str = RESUME_ADVICE,
        warn: Callable[[str], None] = _print_warning,
    ):
        self._directory = directory
        self._run = run
        self._seconds = 60 * minutes
        self._resume_advice = resume_advice
        self._warn = warn
        self._saved = time.monotonic()
        self._begun = self._saved if begun is None else begun
        self._before = 0.0
        self._cost = 0.0

    @property
    def elapsed(self) -> float:
        """Wall-clock seconds of the run, including earlier processes."""
        return self._before + time.monotonic() - self._begun

    def latest(self) -> Checkpoint | None:
        """Returns the newest intact checkpoint, or None if there is none."""
        for path in reversed(self._paths()):
            try:
                checkpoint = _read(path)
            except NPZ_ERRORS as error:
                self._warn(f"warning: {path} is corrupt ({error}); skipped")
                continue
            self._before = checkpoint.elapsed
            return checkpoint
        return None

    def due(self) -> bool:
        """Returns whether `minutes` have passed since the last checkpoint."""
        return time.monotonic() - self._saved >= self._seconds

    def affordable(self) -> bool:
        """Returns whether saving now takes at most 2 % of the time."""
        return time.monotonic() - self._saved >= _SAVE_INTERVAL * self._cost

    def save(
        self, step: int, progress: Progress, arrays: Mapping[str, np.ndarray]
    ) -> None:
        """Writes a checkpoint and removes all but the last two.

        Args:
          step: number of completed steps of the run; part of the file name.
          progress: progress of the run.
          arrays: see `Checkpoint`.

        Raises:
          InputError: if the checkpoint cannot be written. Earlier checkpoints
            stay intact.
        """
        begun = time.monotonic()
        header = {
            "run": self._run,
            "progress": dataclasses.asdict(progress),
            "elapsed": self.elapsed,
        }
        path = self._directory / f"step-{step:010}{_SUFFIX}"
        with writing(self._directory.parent, self._resume_advice):
            write_whole(path, _as_bytes(header, arrays))
            for old in self._paths()[:-_KEPT]:
                old.unlink()
        self._saved = time.monotonic()
        self._cost = self._saved - begun

    def clear(self) -> None:
        """Removes all checkpoints, including partially written ones."""
        with writing(self._directory.parent, self._resume_advice):
            for path in visible(self._directory, "step-*"):
                path.unlink()

    def _paths(self) -> list[epath.Path]:
        return visible(self._directory, f"step-*{_SUFFIX}")


def _as_bytes(
    header: dict[str, Any], arrays: Mapping[str, np.ndarray]
) -> bytes:
    """Returns an .npz file, whose zip format has a checksum per array."""
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    buffer = io.BytesIO()
    named: dict[str, Any] = {_HEADER: text, **arrays}
    np.savez(buffer, **named)
    return buffer.getvalue()


def _read(path: epath.Path) -> Checkpoint:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(arrays.pop(_HEADER).tobytes())
    return Checkpoint(
        run=header["run"],
        progress=Progress(**header["progress"]),
        elapsed=header["elapsed"],
        arrays=arrays,
    )
