"""Arguments of `run`: networks, data and optimizers of one's own."""

import dataclasses
import os
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from rethink_keras import training
from rethink_keras.config import (
    BUILDER_OPTIONS,
    MODELS,
    SAMPLE,
    UNNAMED,
    RunConfig,
    options_of,
    suggestion,
)
from rethink_keras.data import GivenData, from_arrays
from rethink_keras.data.folders import LAYOUT, find_folder
from rethink_keras.errors import InputError, one_line
from rethink_keras.runs.optimizers import copy_of

OPTIMIZER_OPTIONS = ("learning_rate", "learning_rate_decay", "momentum")
"""Options of a config that `optimizer` replaces."""


@dataclasses.dataclass(frozen=True)
class OwnNetwork:
    """A network that is not one of the package's.

    Attributes:
      name: name of its builder or, for a model, of its class.
      build: function from (input_shape, num_classes, **options) to the model.
      takes: the options that `build` takes, with their defaults there: None
        without one, and UNNAMED for those that only its `**kwargs` take. None
        for a copy of a model, which is built already.
    """

    name: str
    build: Callable[..., keras.Model]
    takes: Mapping[str, Any] | None


@dataclasses.dataclass(frozen=True)
class Arguments:
    """What a run trains: its config and what a config cannot say.

    Attributes:
      config: config of the run.
      network: network of one's own; None for a network of the package.
      data: data set of one's own; None for `config.dataset`.
      optimizer: optimizer of one's own; None for SGD as in the config.
      callbacks: the user's callbacks.
    """

    config: RunConfig
    network: OwnNetwork | None = None
    data: GivenData | None = None
    optimizer: keras.optimizers.Optimizer | None = None
    callbacks: Sequence[keras.callbacks.Callback] = ()

    @property
    def own(self) -> bool:
        """Whether anything was given that the config cannot say."""
        return any((self.network, self.data, self.optimizer))


def resolve(
    config: RunConfig, *, model: Any, data: Any, optimizer: Any, callbacks: Any
) -> Arguments:
    """Checks the arguments of `run` and puts names into the config.

    Raises:
      InputError: an argument has a wrong type or value, or contradicts the
        config.
    """
    if not isinstance(config, RunConfig):
        raise InputError(
            f"config: must be a RunConfig; received a {type(config).__name__}"
        )
    config, network = _resolve_model(config, model)
    if isinstance(model, keras.Model):
        check_compilation(model, type(model).__name__, optimizer)
    config, own_data = _resolve_data(config, data)
    return Arguments(
        config,
        network,
        own_data,
        _resolve_optimizer(config, optimizer),
        training.as_callbacks(callbacks),
    )


def _resolve_model(
    config: RunConfig, model: Any
) -> tuple[RunConfig, OwnNetwork | None]:
    if isinstance(model, str):
        config, model = with_named_model(config, model), None
    if model is None:
        entry = MODELS[config.model]
        network = _own_network(entry.load()) if entry.own else None
        if network is not None:
            network = dataclasses.replace(network, name=config.model)
    elif isinstance(model, keras.Model) or callable(model):
        _check_left_at_default(config, "model")
        network = _own_network(model)
    else:
        raise InputError(
            f"model: must be a function (input_shape, num_classes) that"
            " returns a keras.Model, a keras.Model, or the name of a network;"
            f" received a {type(model).__name__}"
        )
    if network is not None:
        _check_options(config, network)
    return config, network


def with_named_model(config: RunConfig, model: str) -> RunConfig:
    """Returns the config for a registered network.

    Args:
      config: config that leaves `model` at its default.
      model: name of the network.

    Raises:
      InputError: the name is unknown, or the config has another one.
    """
    if model not in MODELS:
        raise InputError(
            f"model={model}: unknown; must be a function (input_shape,"
            " num_classes) that returns a keras.Model, a keras.Model, or"
            f" one of {', '.join(MODELS)}{suggestion(model, MODELS)}"
        )
    if model != config.model:
        _check_left_at_default(config, "model")
    return config.with_model(model)


def _own_network(model: Any) -> OwnNetwork:
    if isinstance(model, keras.Model):
        return OwnNetwork(
            type(model).__name__, lambda *_: _copy_of(model), takes=None
        )
    name = getattr(model, "__name__", type(model).__name__)
    name = re.sub(r"\W+", "", name) or "model"
    return OwnNetwork(name, model, options_of(model))


def check_overrides(model: keras.Model, name: str) -> None:
    """Checks that a network is trained as its class says.

    Args:
      model: the network.
      name: its name.

    Raises:
      InputError: it overrides a method of `fit` that a run does not call.
    """
    for method in ("train_step", "compute_loss"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise InputError(
                f"model={name}: overrides {method}, which a run does not call;"
                " train it by model.fit on the data of rethink_keras.randomize"
            )


def check_compilation(model: keras.Model, name: str, optimizer: Any) -> None:
    """Checks that the optimizer of a compiled network was not meant.

    Args:
      model: the network.
      name: its name.
      optimizer: the optimizer that a run was given, or None.

    Raises:
      InputError: the network is compiled, and no optimizer was given.
    """
    if model.compiled and optimizer is None:
        compiled = type(model.optimizer).__name__
        raise InputError(
            f"model={name}: is compiled with {compiled}, which a run does not"
            f" use; pass optimizer={compiled}(...), or do not compile it. The"
            " loss is always the cross-entropy"
        )


def _copy_of(model: keras.Model) -> keras.Model:
    """Returns a model of the same architecture with new trainable weights.

    The copy is not compiled: Keras might not find a loss of one's own again.
    """
    # The copy of a functional model may not be of the model's class.
    check_overrides(model, type(model).__name__)
    compiled, model.compiled = model.compiled, False
    try:
        copy = keras.models.clone_model(model)
        if type(copy).call is not type(model).call:
            raise TypeError(f"its copy is a {type(copy).__name__}")
        _copy_untrained(model, copy)
        return copy
    except (TypeError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"model: a {type(model).__name__} cannot be copied"
            f" ({one_line(error)}); pass a function (input_shape, num_classes)"
            " that builds it"
        ) from error
    finally:
        model.compiled = compiled


def _copy_untrained(model: keras.Layer, copy: keras.Layer) -> None:
    """Copies the weights that no training gives to a copy.

    These are the weights of frozen layers, of Normalization, which is adapted
    to data, and of layers without trainable weights, such as constants. The
    moving statistics of BatchNorm are not copied.
    """
    layers = (
        each._flatten_layers(recursive=False, include_self=False)
        for each in (model, copy)
    )
    for layer, twin in zip(*layers, strict=True):
        adapted = isinstance(layer, keras.layers.Normalization)
        if layer.trainable and not adapted and not _is_constant(layer):
            _copy_untrained(layer, twin)
            continue
        if layer.built and not twin.built:
            twin.build_from_config(layer.get_build_config())
        twin.set_weights(layer.get_weights())
        for part in twin._flatten_layers():
            if isinstance(part, keras.layers.Normalization) and part.built:
                part.finalize_state()  # its outputs are of constants


def _is_constant(layer: keras.Layer) -> bool:
    """Returns whether a layer has weights, and training changes none."""
    return (
        bool(layer.weights)
        and not layer.trainable_weights
        and not any(
            isinstance(part, keras.layers.BatchNormalization)
            for part in layer._flatten_layers()
        )
    )


def _check_options(config: RunConfig, network: OwnNetwork) -> None:
    """Refuses options that a network, or its defaults that a config ignores."""
    for name in BUILDER_OPTIONS:
        value = getattr(config, name)
        default = (network.takes or {}).get(name)
        default = None if default is UNNAMED else default
        left_out = value is not None and value == getattr(RunConfig, name)
        if default and left_out:
            raise InputError(
                f"{name}={value}: model={network.name} has {name}={default} by"
                f" default, which the config replaces; set {name}={default} in"
                " the config, or change the default of the function to 0"
            )
        if value and name not in (network.takes or ()):
            raise InputError(
                f"{name}={value}: model={network.name} takes no"
                f" {name}; leave it out, or pass a builder with that argument"
            )


def _check_left_at_default(config: RunConfig, name: str) -> None:
    default = getattr(RunConfig, name)
    if getattr(config, name) != default:
        raise InputError(
            f"{name}: received both {name}={getattr(config, name)} in the"
            " config and another one; pass one of them"
        )


def _resolve_data(
    config: RunConfig, given: Any
) -> tuple[RunConfig, GivenData | None]:
    if given is None:
        return config, None
    is_path = isinstance(given, str | os.PathLike)
    if is_path and not _is_folder(given):
        if os.fspath(given) != config.dataset:
            _check_left_at_default(config, "dataset")
        return dataclasses.replace(config, dataset=os.fspath(given)), None
    for name in ("dataset", "data_dir"):
        _check_left_at_default(config, name)
    if is_path:
        path = pathlib.Path(given).expanduser().resolve()
        if find_folder(path.name, str(path.parent)) is None:
            raise InputError(
                f"data={os.fspath(given)}: must be a folder of images, as"
                f" {LAYOUT}, not called {SAMPLE}; pass a TFDS data set as"
                " dataset= and data_dir= of the config"
            )
        return dataclasses.replace(
            config, dataset=path.name, data_dir=str(path.parent)
        ), None
    if config.streams:
        raise InputError(
            f"data: image_size={config.image_size} streams images from disk;"
            " pass a folder or the name of a data set, or resize the images"
            " and choose a model without image_size"
        )
    return config, from_arrays(given)


def _is_folder(given: str | os.PathLike) -> bool:
    """Returns whether `data` is a folder of images, not a data set's name.

    A folder that only has the name of a data set, such as `mnist`, is none.
    """
    path = pathlib.Path(given).expanduser()
    named = isinstance(given, str) and os.sep not in given
    return (
        path.is_dir()
        and path.parent != path
        and not (named and not (path / "train").is_dir())
    )


def _resolve_optimizer(
    config: RunConfig, given: Any
) -> keras.optimizers.Optimizer | None:
    if given is None:
        return None
    try:
        optimizer = keras.optimizers.get(given)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"optimizer={given!r}: unknown; must be a keras.optimizers"
            ".Optimizer, or the name of one, such as adam"
        ) from error
    for name in OPTIMIZER_OPTIONS:
        if name in config.differences():
            raise InputError(
                f"optimizer={type(optimizer).__name__}: replaces"
                f" {', '.join(OPTIMIZER_OPTIONS)}; received also"
                f" {name}={getattr(config, name)}; pass one of them"
            )
    return copy_of(optimizer)
