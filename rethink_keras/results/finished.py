"""Finished runs, indexed by their configs."""

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from etils import epath

from rethink_keras.config import PRECISIONS, SAMPLE, RunConfig
from rethink_keras.errors import InputError
from rethink_keras.files import reading, walk

RESULT = "result.json"
CONFIG = "config.json"
DIVERGED = "diverged.txt"
CHECKPOINTS = "checkpoints"
REFERENCE = "reference"
THEORY = "theory"
_OF_ROWS = (SAMPLE, "cifar10", "imagenet2012")  # data sets of rows
_NEEDED = (
    "classes",
    "epochs",
    "steps",
    "history",
    "train_accuracy",
    "test_accuracy",
    "wall_seconds",
    "device",
)
# Options in which a run may differ from a row that it counts for.
_IGNORED = ("seed", "data_dir", "precision", "stop_at_loss")


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A finished run.

    Attributes:
      path: work directory.
      config: config of the run without `data_dir`.
      result: content of result.json.
    """

    path: epath.Path
    config: RunConfig
    result: dict[str, Any]

    @property
    def given(self) -> Mapping[str, Any] | None:
        """What the run was given besides its config, such as its network."""
        return self.result.get("given")

    @property
    def stopped(self) -> bool:
        """Whether it stopped before its last epoch."""
        return self.result["epochs"] < self.config.epochs

    @property
    def moving_averages(self) -> bool:
        """Whether BatchNorm's moving averages were used for evaluation.

        Versions before 0.2 used them. Their test accuracies are up to 8 points
        too low while the learning rate is high, and about right at the end.
        """
        return bool(
            self.config.batch_norm
            and "batch_norm_statistics" not in self.result
        )


def find_runs(logdir: os.PathLike | str) -> dict[RunConfig, FinishedRun]:
    """Returns the finished runs that a config describes whole, by config.

    Runs with a network, data or an optimizer of one's own are left out; see
    `find_own_runs`.

    Skips the folder REFERENCE of the directory, which holds the repository's
    reference runs, and all folders THEORY, whose results are not of training
    runs. To read reference runs, pass the folder REFERENCE itself.

    Of several runs with equal configs, the first path is used, preferably one
    with recomputed BatchNorm statistics. On one machine, results of one version
    are bitwise equal.

    Args:
      logdir: directory to search, local or in an object store.

    Raises:
      InputError: if a result.json under the directory is corrupt.
    """
    runs: dict[RunConfig, FinishedRun] = {}
    for run in _read_all(logdir):
        if run.given:
            continue
        first = runs.setdefault(run.config, run)
        if first.moving_averages and not run.moving_averages:
            runs[run.config] = run
    return runs


def find_diverged(logdir: os.PathLike | str) -> dict[RunConfig, epath.Path]:
    """Returns the runs that ended in an infinite or NaN loss.

    Args:
      logdir: see `find_runs`.

    Returns:
      The file that says so, by the config of the run.

    Raises:
      InputError: if the config of such a run is corrupt.
    """
    found: dict[RunConfig, epath.Path] = {}
    for path in _folders_with(DIVERGED, logdir):
        try:
            options = json.loads((path / CONFIG).read_text())
            config = key_of(RunConfig.from_dict(options))
            found.setdefault(config, path / DIVERGED)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path / CONFIG}: is not the config of a run ({error}); remove"
                f" {DIVERGED}, or choose another directory"
            ) from error
    return found


def find_own_runs(logdir: os.PathLike | str) -> list[FinishedRun]:
    """Returns the finished runs with what no config describes.

    They have a network, data or an optimizer of one's own. Runs on a data set
    that no row has, such as a folder of images, belong to them. None counts for
    a row of a table.

    Args:
      logdir: see `find_runs`.

    Raises:
      InputError: if a result.json under the directory is corrupt.
    """
    return [
        run
        for run in _read_all(logdir)
        if run.given or run.config.dataset not in _OF_ROWS
    ]


def _read_all(logdir: os.PathLike | str) -> Iterator[FinishedRun]:
    return map(read_run, _folders_with(RESULT, logdir))


def _folders_with(name: str, logdir: os.PathLike | str) -> Iterator[epath.Path]:
    """Yields the folders of runs that hold a file, sorted by path."""
    top = os.fspath(logdir)
    reference = os.path.join(top, REFERENCE, "")

    def left_out(folder: str) -> bool:
        within = os.path.join(folder, "").startswith(reference)
        return within or THEORY in folder.removeprefix(top).split("/")

    with reading(logdir):
        found = walk(logdir, left_out)
        folders = sorted(folder for folder, files in found if name in files)
    yield from map(epath.Path, folders)


def read_run(path: epath.Path) -> FinishedRun:
    """Reads the finished run of a work directory.

    Raises:
      InputError: if result.json is corrupt.
    """
    try:
        with reading(path / RESULT):
            text = (path / RESULT).read_text()
        result = json.loads(text)
        config = key_of(RunConfig.from_dict(result["config"]))
        if missing := [key for key in _NEEDED if key not in result]:
            raise ValueError(f"has no {', '.join(missing)}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path / RESULT}: is not the result of a run ({error}); remove"
            " it, or choose another directory"
        ) from error
    return FinishedRun(path, config, result)


def counts_for(run: RunConfig, row: RunConfig) -> bool:
    """Returns whether a run counts for a row of a table.

    It does if all options are equal except `data_dir`, `precision` and
    `stop_at_loss`, and `stop_at_loss` of the run is None or equal to the row's.

    Args:
      run: config of a finished run.
      row: config of the row, with a seed.
    """
    return run.seed == row.seed and _counts_with_any_seed(run, row)


def _counts_with_any_seed(run: RunConfig, row: RunConfig) -> bool:
    return run.stop_at_loss in (None, row.stop_at_loss) and all(
        getattr(run, field.name) == getattr(row, field.name)
        for field in dataclasses.fields(RunConfig)
        if field.name not in _IGNORED
    )


def counting_runs(
    runs: Iterable[FinishedRun], row: RunConfig
) -> dict[int, FinishedRun]:
    """Selects the runs that count for a row: one per seed, in one precision.

    If any run is in float32, only runs in float32 are selected. Of several
    runs with the same seed, those with recomputed BatchNorm statistics are
    preferred, and among these, those with the row's `stop_at_loss`.

    Args:
      runs: finished runs.
      row: config of the row; its seed is ignored.

    Returns:
      The runs by seed, in ascending order.
    """
    found = [run for run in runs if _counts_with_any_seed(run.config, row)]
    precisions = {run.config.precision for run in found}
    chosen = next((p for p in PRECISIONS if p in precisions), None)
    found = sorted(
        (run for run in found if run.config.precision == chosen),
        key=lambda run: (
            run.config.seed,
            run.moving_averages,
            run.config.stop_at_loss != row.stop_at_loss,
        ),
    )
    best: dict[int, FinishedRun] = {}
    for run in found:
        best.setdefault(run.config.seed, run)
    return best


def has_begun(workdir: os.PathLike | str) -> bool:
    """Returns whether a work directory holds a checkpoint to resume from."""
    folder = os.path.join(os.fspath(workdir), CHECKPOINTS)
    return tf.io.gfile.isdir(folder) and any(
        name.startswith("step-") for name in tf.io.gfile.listdir(folder)
    )


def key_of(config: RunConfig) -> RunConfig:
    """Returns a config without `data_dir`.

    It says where a data set lies, so that configs are equal on machines that
    store a TFDS data set in different places. Image folders of one name can
    hold different images: `run` compares their fingerprints.
    """
    return dataclasses.replace(config, data_dir=None)
