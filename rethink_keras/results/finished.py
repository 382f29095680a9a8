"""Finished runs, found again by what they ran."""

import dataclasses
import json
import os
from collections.abc import Iterable
from typing import Any

import tensorflow as tf
from etils import epath

from rethink_keras.config import PRECISIONS, RunConfig
from rethink_keras.errors import InputError

RESULT = "result.json"
CHECKPOINTS = "checkpoints"
REFERENCE = "reference"
THEORY = "theory"
# Options in which the runs of a row may differ from it.
_APART = ("seed", "data_dir", "precision", "stop_at_loss")


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A run that has finished.

    Attributes:
      path: its work directory.
      config: what ran; where its data lay is left out.
      result: the content of result.json.
    """

    path: epath.Path
    config: RunConfig
    result: dict[str, Any]

    @property
    def moving_averages(self) -> bool:
        """Whether BatchNorm was evaluated with its moving averages.

        Versions before 0.2 did so; their accuracies are up to 8 points low
        while the learning rate is high, and about right at the end.
        """
        return bool(
            self.config.batch_norm
            and "batch_norm_statistics" not in self.result
        )


def find_runs(logdir: os.PathLike | str) -> dict[RunConfig, FinishedRun]:
    """The finished runs under a directory, by their configs.

    The reference runs that the repository keeps, in the folder REFERENCE of
    the directory, count where the directory is that folder alone. Results of
    the theory, in folders THEORY, are none of training runs.

    Of runs with equal configs the first path counts, which changes nothing:
    they end with the same bits on one machine.

    Raises:
      InputError: a result.json under the directory is damaged.
    """
    runs: dict[RunConfig, FinishedRun] = {}
    reference = os.path.join(os.fspath(logdir), REFERENCE, "")
    folders = sorted(
        folder
        for folder, _, files in tf.io.gfile.walk(os.fspath(logdir))
        if RESULT in files
        and not folder.startswith(reference)
        and THEORY not in folder.removeprefix(os.fspath(logdir)).split("/")
    )
    for folder in folders:
        run = read_run(epath.Path(folder))
        runs.setdefault(run.config, run)
    return runs


def read_run(path: epath.Path) -> FinishedRun:
    """The finished run of a work directory.

    Raises:
      InputError: its result.json is damaged.
    """
    try:
        result = json.loads((path / RESULT).read_text())
        config = key_of(RunConfig.from_dict(result["config"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path / RESULT}: is no result of a run ({error}); remove it, or"
            " choose another directory"
        ) from error
    return FinishedRun(path, config, result)


def counts_for(run: RunConfig, row: RunConfig) -> bool:
    """Whether a run counts for a row of a table.

    The rule: their options are equal but for `data_dir`, `precision` and
    `stop_at_loss`, and the run stopped at no loss or at the row's.

    Args:
      run: of a finished run.
      row: of the row, with the seed in question.
    """
    return run.seed == row.seed and _counts_with_any_seed(run, row)


def _counts_with_any_seed(run: RunConfig, row: RunConfig) -> bool:
    return run.stop_at_loss in (None, row.stop_at_loss) and all(
        getattr(run, field.name) == getattr(row, field.name)
        for field in dataclasses.fields(RunConfig)
        if field.name not in _APART
    )


def counting_runs(
    runs: Iterable[FinishedRun], row: RunConfig
) -> dict[int, FinishedRun]:
    """The runs that count for a row, one a seed, of one precision.

    float32 comes first: with it, runs in other precisions are left out. Of
    several runs of a seed, one whose BatchNorm's statistics were recomputed
    comes first, then one with the row's own stop.

    Args:
      runs: finished ones.
      row: of the row, with any seed.

    Returns:
      The runs by seed, in order.
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
    """Whether a work directory holds checkpoints to resume from."""
    folder = os.path.join(os.fspath(workdir), CHECKPOINTS)
    return tf.io.gfile.isdir(folder) and any(
        name.startswith("step-") for name in tf.io.gfile.listdir(folder)
    )


def key_of(config: RunConfig) -> RunConfig:
    """A config without what does not change the run: where the data lie."""
    return dataclasses.replace(config, data_dir=None)
