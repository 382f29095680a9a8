"""Names of a run's data set, network, optimizer and directory."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rethink_keras.config import RunConfig

_DIGITS = 8


def names_of(config: RunConfig, given: Mapping[str, Any] | None) -> dict:
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
        text = json.dumps(record, sort_keys=True)
        digits = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
        stem = record.get("name") or record.get("class_name") or "own_data"
        names["dataset" if kind == "data" else kind] = f"{stem}-{digits}"
    return names


def directory_name(config: RunConfig, given: Mapping[str, Any] | None) -> str:
    """Returns a run's directory, relative to the log directory.

    It is `config.name()`, with the names of what was given.
    """
    if not given:
        return config.name()
    names = names_of(config, given)
    _, options, seed = config.name().rsplit("/", 2)
    if "optimizer" in names:
        options += f",optimizer={names['optimizer']}"
    return f"{names['dataset']}/{names['model']}/{options}/{seed}"
