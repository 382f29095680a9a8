"""Names of a run's data set, network, optimizer and directory."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from etils import epath

from rethink_keras.config import SAMPLE, RunConfig, text_of
from rethink_keras.results.finished import RESULT, has_begun

RUNS = "runs"
"""Folder of a log directory that holds the runs."""

OUTPUTS = "outputs"
"""Key of a network's first outputs, which no name depends on."""

_DIGITS = 8
_READABLE = 120
_LONGEST = 60
_NAMED_APART = ("model", "randomize", "seed", "data_dir")


def names_of(
    config: RunConfig, given: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Returns short names of a run's data set, network and optimizer.

    Args:
      config: config of the run.
      given: see `FinishedRun.given`.

    Returns:
      The names under `dataset` and `model`, and under `optimizer` if one was
      given. A name of something given ends in eight digits of its hash.
    """
    names = {"dataset": config.dataset, "model": config.model}
    for kind, record in (given or {}).items():
        stem = record.get("name") or record.get("class_name") or "own_data"
        key = "dataset" if kind == "data" else kind
        names[key] = f"{stem[:_LONGEST]}-{_digits(record)}"
    return names


def _digits(value: Any) -> str:
    text = json.dumps(_named(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _named(value: Any) -> Any:
    """Returns a value without what no name depends on."""
    if isinstance(value, Mapping):
        return {k: _named(v) for k, v in value.items() if k != OUTPUTS}
    return [_named(v) for v in value] if isinstance(value, list) else value


def run_name(config: RunConfig, given: Mapping[str, Any] | None = None) -> str:
    """Returns the name of a run: its directory, and its name in TensorBoard.

    What differs most often comes first: the randomization, then the network,
    options, data set and seed that differ from their defaults. Eight digits of
    a hash of the whole config and of what was given follow, since long names
    are cut.

    Args:
      config: config of the run; `data_dir` does not matter.
      given: see `FinishedRun.given`.
    """
    names = names_of(config, given)
    differing = {
        name: text_of(value)
        for name, value in config.differences().items()
        if name not in _NAMED_APART
    }
    words = [
        config.randomize,
        *([names["model"]] if names["model"] != RunConfig.model else []),
        *(f"{name}={value}" for name, value in differing.items()),
        *([names["optimizer"]] if "optimizer" in names else []),
        *([names["dataset"]] if names["dataset"] != SAMPLE else []),
        *([f"seed={config.seed}"] if config.seed else []),
    ]
    text = re.sub(r"[^\w.,=+-]", "_", ",".join(words), flags=re.ASCII)
    options = {**config.as_dict(), "data_dir": None}
    return f"{text[:_READABLE]}-{_digits([options, given])}"


def old_run_name(config: RunConfig) -> str:
    """Returns the directory of a run in versions before 0.2."""
    options = {"randomize": config.randomize, **config.differences()}
    text = ",".join(
        f"{name}={text_of(value)}"
        for name, value in options.items()
        if name not in ("seed", "data_dir")
    )
    return f"{config.dataset}/{config.model}/{text}/seed={config.seed}"


def run_directory(
    logdir: os.PathLike | str,
    config: RunConfig,
    given: Mapping[str, Any] | None = None,
) -> epath.Path:
    """Returns the directory of a run under a log directory.

    Args:
      logdir: log directory.
      config: config of the run.
      given: see `FinishedRun.given`.

    Returns:
      `<logdir>/runs/<run_name>`; the directory of versions before 0.2 if the
      run has begun or finished there.
    """
    old = epath.Path(logdir) / old_run_name(config)
    if not given and ((old / RESULT).exists() or has_begun(old)):
        return old
    return epath.Path(logdir) / RUNS / run_name(config, given)
