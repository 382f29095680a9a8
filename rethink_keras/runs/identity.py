"""What tells a run from others besides its config."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import keras

from rethink_keras.runs.arguments import Arguments
from rethink_keras.runs.optimizers import description_of

# Elsewhere in a config, "elu" is an activation and no layer of that name.
_HOLD_NAMES = ("name", "keras_history", "input_layers", "output_layers")


def given_record(
    arguments: Arguments, model: keras.Model
) -> dict[str, Any] | None:
    """Returns what a run was given besides its config, for result.json.

    Args:
      arguments: arguments of the run.
      model: the network, before training.

    Returns:
      JSON values under `model` (the builder's name and the SHA-256 of the
      architecture), `data` (see `GivenData.as_record`) and `optimizer` (its
      serialized config); only those that were given. None if nothing was.
    """
    record: dict[str, Any] = {}
    if arguments.network is not None:
        record["model"] = {
            "name": arguments.network.name,
            "architecture": architecture(model),
        }
    if arguments.data is not None:
        record["data"] = arguments.data.as_record()
    if arguments.optimizer is not None:
        record["optimizer"] = description_of(arguments.optimizer)
    return record or None


def architecture(model: keras.Model) -> str:
    """Returns the SHA-256 of a network's architecture.

    Names of layers and operations do not matter, because Keras numbers them
    by the order in which a process creates them.

    Args:
      model: a built model. If its class does not describe itself
        (`get_config`), only the class and the shapes of its weights count.
    """
    weights = [[list(w.shape), str(w.dtype)] for w in model.weights]
    try:
        config = _numbered(model.get_config(), _numbers(model))
    except NotImplementedError:
        config = {}
    described = [type(model).__qualname__, config, weights]
    text = json.dumps(described, sort_keys=True, default=_by_class)
    return hashlib.sha256(text.encode()).hexdigest()


def _numbers(model: keras.Model) -> dict[str, str]:
    """Numbers the names of layers and of operations, such as `x + y`."""
    names = [
        part.name
        for layer in model._flatten_layers()
        for part in (layer, *getattr(layer, "operations", ()))
    ]
    return {name: f"#{i}" for i, name in enumerate(dict.fromkeys(names))}


def _numbered(value: Any, numbers: Mapping[str, str], named=False) -> Any:
    """Replaces the names of layers in a config by their numbers."""
    if isinstance(value, Mapping):
        return {
            key: _numbered(v, numbers, named or key in _HOLD_NAMES)
            for key, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_numbered(v, numbers, named) for v in value]
    if named and isinstance(value, str):
        return numbers.get(value, value)
    return value


def _by_class(value: Any) -> Any:
    """Describes what JSON cannot hold."""
    if hasattr(value, "get_config"):
        return [type(value).__qualname__, value.get_config()]
    return getattr(value, "__qualname__", type(value).__qualname__)
