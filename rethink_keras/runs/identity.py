"""What tells a run from others besides its config."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.environment import device, kind_of
from rethink_keras.results import RESULT, has_begun, run_directory
from rethink_keras.results.finished import read_run
from rethink_keras.results.names import OUTPUTS
from rethink_keras.runs.arguments import Arguments
from rethink_keras.runs.optimizers import description_of

_COMPARED = 8  # outputs
_ROUNDING = 0.02  # of the largest output; bfloat16 has 8 bits
_LAYERS = "layers"  # not in older records
# Only these keys hold names of layers: elsewhere, "elu" is an activation, even
# if a layer has this name.
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
      architecture and of the layers within classes of one's own, and the first
      outputs), `data` (see `GivenData.as_record`) and `optimizer` (its
      serialized config); only those that were given. None if nothing was.
    """
    record: dict[str, Any] = {}
    if arguments.network is not None:
        record["model"] = {
            "name": arguments.network.name,
            "architecture": architecture(model),
            OUTPUTS: _first_outputs(model, image_shape),
        }
        layers = layers_within(model)
        if layers is not None:
            record["model"][_LAYERS] = layers
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
    computed_by = f"{keras.backend.backend()}, {kind_of(device())}"
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


def as_known_to(
    there: Mapping[str, Any] | None, here: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Returns a record with only those fields that an older one may have.

    Args:
      there: record of a run that any version began; see `given_record`.
      here: record of this run.
    """
    if _LAYERS in (there or {}).get("model", {}):
        return here
    return _without_layers(here)


def _without_layers(
    given: Mapping[str, Any] | None,
) -> Mapping[str, Any] | None:
    """Returns a record as earlier versions wrote it; see `given_record`."""
    if not given or _LAYERS not in given.get("model", {}):
        return given
    model = {k: v for k, v in given["model"].items() if k != _LAYERS}
    return {**given, "model": model}


def default_directory(
    logdir: os.PathLike | str,
    config: RunConfig,
    given: Mapping[str, Any] | None,
) -> epath.Path:
    """Returns the default directory of a run under a log directory.

    It is that of earlier versions if one of them began or finished the run.

    Args:
      logdir: log directory.
      config: config of the run.
      given: what the run was given; see `given_record`.
    """
    earlier = run_directory(logdir, config, _without_layers(given))
    here = run_directory(logdir, config, given)
    if (here / RESULT).exists() or has_begun(here):
        return here
    began = (earlier / RESULT).exists() or has_begun(earlier)
    return earlier if began and not _records_layers(earlier) else here


def _records_layers(directory: epath.Path) -> bool:
    """Returns whether a finished run recorded the layers within its network."""
    path = directory / RESULT
    if not path.exists():
        return False
    given = read_run(directory).given or {}
    return _LAYERS in given.get("model", {})


def layers_within(model: keras.Model) -> str | None:
    """Returns the SHA-256 of the configs of all layers of a network.

    The config of a network with classes of one's own may not describe the
    layers that they hold. Names do not matter; see `architecture`.

    Args:
      model: a built model.

    Returns:
      None for a network of Keras's classes, which `architecture` describes.
    """
    layers = list(model._flatten_layers())
    if all(type(layer).__module__.startswith("keras.") for layer in layers):
        return None
    numbers = _numbers(model)
    described = [
        [
            type(layer).__qualname__,
            layer.trainable,
            _numbered(_config_of(layer), numbers),
        ]
        for layer in layers
    ]
    return _sha256(described, _by_value)


def _config_of(layer: keras.Layer) -> dict[str, Any]:
    try:
        return layer.get_config()
    except Exception:  # of anyone's code
        return {}


def architecture(model: keras.Model) -> str:
    """Returns the SHA-256 of a network's architecture.

    Names of layers and operations do not matter, because Keras numbers them
    by the order in which a process creates them. The code of lambdas does not
    count either: Keras describes it with its file and its line, and the first
    outputs depend on it.

    Args:
      model: a built model. If its class does not describe itself
        (`get_config`), only the class and the shapes of its weights count;
        see `layers_within`.
    """
    weights = [[list(w.shape), str(w.dtype)] for w in model.weights]
    try:
        config = _numbered(model.get_config(), _numbers(model))
    except NotImplementedError:
        config = {}
    return _sha256([type(model).__qualname__, config, weights], _by_class)


def _sha256(value: Any, default: Callable[[Any], Any]) -> str:
    text = json.dumps(value, sort_keys=True, default=default)
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


def _by_value(value: Any) -> Any:
    """Describes what JSON cannot hold; numbers and arrays of NumPy by value."""
    return value.tolist() if hasattr(value, "tolist") else _by_class(value)
