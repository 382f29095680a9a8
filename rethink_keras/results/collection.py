"""Finished runs, found again by what they ran."""

import dataclasses
import json
import os
from typing import Any

import tensorflow as tf
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError

RESULT = "result.json"
REFERENCE = "reference"
THEORY = "theory"


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


def key_of(config: RunConfig) -> RunConfig:
    """A config without what does not change the run: where the data lie."""
    return dataclasses.replace(config, data_dir=None)
