"""Checkpoints of a run: written whole, the last two kept."""

import dataclasses
import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from etils import epath

from rethink_keras.files import GOES_ON, visible, write_whole, writing

_KEPT = 2
_SUFFIX = ".npz"
_HEADER = "header"
_DAMAGES = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_COST = 50  # a save after an epoch may take one in so many seconds


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Progress:
    """How far a run has come.

    Attributes:
      epoch: epochs done.
      step: steps done of the epoch after them.
      seconds: of training, in that epoch.
      history: the values of each epoch done, by name.
      stopped: whether a callback has ended the run.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    history: dict[str, list] = dataclasses.field(default_factory=dict)
    stopped: bool = False


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """All that a run goes on with.

    Attributes:
      run: what it belongs to: config and fingerprint.
      progress: how far it had come.
      elapsed: seconds that it had taken.
      arrays: weights, optimizer, statistics and random state, by name.
    """

    run: Mapping[str, Any]
    progress: Progress
    elapsed: float
    arrays: Mapping[str, np.ndarray]


class Checkpoints:
    """The checkpoints of one run, in a directory of their own.

    Args:
      directory: of these alone.
      run: what the run is, to compare with when it goes on: JSON values.
      minutes: at most so long between two within an epoch.
      begun: when the run began or went on, of `time.monotonic`; now if None.
      warn: tells of a damaged checkpoint.
    """

    def __init__(
        self,
        directory: epath.Path,
        *,
        run: Mapping[str, Any],
        minutes: float,
        begun: float | None = None,
        warn: Callable[[str], None] = _tell,
    ):
        self._directory = directory
        self._run = run
        self._seconds = 60 * minutes
        self._warn = warn
        self._saved = time.monotonic()
        self._begun = self._saved if begun is None else begun
        self._before = 0.0
        self._cost = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds of the run, with those before it went on."""
        return self._before + time.monotonic() - self._begun

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where there is none."""
        for path in reversed(self._paths()):
            try:
                checkpoint = _read(path)
            except _DAMAGES as error:
                self._warn(f"warning: {path} is damaged ({error}); left out")
                continue
            self._before = checkpoint.elapsed
            return checkpoint
        return None

    def due(self) -> bool:
        """Whether the last was so many minutes ago."""
        return time.monotonic() - self._saved >= self._seconds

    def affordable(self) -> bool:
        """Whether to save after an epoch: not if it took 2 % of the time."""
        return time.monotonic() - self._saved >= _COST * self._cost

    def save(
        self, step: int, progress: Progress, arrays: Mapping[str, np.ndarray]
    ) -> None:
        """Writes a checkpoint and removes what is older than the one before.

        Args:
          step: of the whole run; names the file.
          progress: how far the run has come.
          arrays: see `Checkpoint`.

        Raises:
          InputError: it cannot be written; the last ones are intact.
        """
        begun = time.monotonic()
        header = {
            "run": self._run,
            "progress": dataclasses.asdict(progress),
            "elapsed": self.elapsed,
        }
        path = self._directory / f"step-{step:010}{_SUFFIX}"
        with writing(self._directory.parent, GOES_ON):
            write_whole(path, _as_bytes(header, arrays))
            for old in self._paths()[:-_KEPT]:
                old.unlink()
        self._saved = time.monotonic()
        self._cost = self._saved - begun

    def clear(self) -> None:
        """Removes all, with what a kill left half written."""
        with writing(self._directory.parent, GOES_ON):
            for path in visible(self._directory, "step-*"):
                path.unlink()

    def _paths(self) -> list[epath.Path]:
        return visible(self._directory, f"step-*{_SUFFIX}")


def _as_bytes(
    header: dict[str, Any], arrays: Mapping[str, np.ndarray]
) -> bytes:
    """A zip file, with a sum for each part."""
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_HEADER: text}, **arrays)
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
