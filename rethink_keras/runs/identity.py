"""What tells a run from others besides its config."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from rethink_keras.environment import device
from rethink_keras.results.names import OUTPUTS
from rethink_keras.runs.arguments import Arguments
from rethink_keras.runs.optimizers import description_of

_COMPARED = 8  # outputs
_ROUNDING = 0.02  # of the largest output; bfloat16 has 8 bits
# Elsewhere in a config, "elu" is an activation and no layer of that name.
_HOLD_NAMES = ("name", "keras_history", "input_layers", "output_layers")


def given_record(
    arguments: Arguments,
    model: keras.Model,
    image_shape: tuple[int, int, int],
) -> dict[str, Any] | None:
    """Returns what a run was given besides its config, for result.json.

    Args:
      arguments: arguments of the run.
      model: the network, before training.
      image_shape: (height, width, channels) of its images.

    Returns:
      JSON values under `model` (the builder's name, the SHA-256 of the
      architecture and the first outputs), `data` (see `GivenData.as_record`)
      and `optimizer` (its serialized config); only those that were given. None
      if nothing was.
    """
    record: dict[str, Any] = {}
    if arguments.network is not None:
        record["model"] = {
            "name": arguments.network.name,
            "architecture": architecture(model),
            OUTPUTS: _first_outputs(model, image_shape),
        }
    if arguments.data is not None:
        record["data"] = arguments.data.as_record()
    if arguments.optimizer is not None:
        record["optimizer"] = description_of(arguments.optimizer)
    return record or None


def _first_outputs(
    model: keras.Model, image_shape: tuple[int, int, int]
) -> dict[str, list[float]]:
    """Returns outputs of an untrained network, by what computed them.

    They depend on the code of its layers and on its initial weights, which
    differ between backends and may differ between kinds of devices.
    """
    images = np.random.default_rng(0).normal(size=(2, *image_shape))
    outputs = model(images.astype("float32"), training=False)
    values = keras.ops.convert_to_numpy(outputs).astype("float64").ravel()
    computed_by = f"{keras.backend.backend()}, {device().partition(',')[0]}"
    return {computed_by: np.nan_to_num(values[:_COMPARED]).tolist()}


def same_outputs(
    here: Mapping[str, Any] | None, there: Mapping[str, Any] | None
) -> bool:
    """Returns whether two runs began with the same outputs of their networks.

    It is true but for rounding, and where the outputs cannot be compared.

    Args:
      here: see `FinishedRun.given`.
      there: that of another run.
    """
    first, second = (
        (given or {}).get("model", {}).get(OUTPUTS, {})
        for given in (here, there)
    )
    for computed_by in first.keys() & second.keys():
        one, other = np.array(first[computed_by]), np.array(second[computed_by])
        noise = _ROUNDING * np.abs(other).max()
        if one.shape != other.shape or np.abs(one - other).max() > noise:
            return False
    return True


def architecture(model: keras.Model) -> str:
    """Returns the SHA-256 of a network's architecture.

    Names of layers and operations do not matter, because Keras numbers them
    by the order in which a process creates them. The code of lambdas does not
    count either: Keras describes it with its file and its line, and the first
    outputs depend on it.

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
    """Replaces the names of layers in a config by their numbers.

    Leaves out the code of lambdas.
    """
    if isinstance(value, Mapping):
        if value.get("class_name") == "__lambda__":
            return "__lambda__"
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
