"""Copies and describes optimizers of one's own."""

import json
import types
from typing import Any

import keras

from rethink_keras.errors import InputError, one_line

_OF_COPIES = ("name", "built")
"""Attributes that may differ between an optimizer and its copy."""
_REGISTER = (
    "define get_config, and decorate its classes with"
    " keras.saving.register_keras_serializable()"
)
_PLAIN_RATE = (
    "its learning rate is a function; pass a number, or a schedule of"
    " keras.optimizers.schedules"
)
_OTHERWISE = "choose strategy=single, or Keras's backend jax"


def copy_of(given: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns an optimizer with the same settings that is not built yet.

    Raises:
      InputError: its config does not describe it.
    """
    name = type(given).__name__
    if not hasattr(given, "learning_rate"):
        raise InputError(
            f"optimizer={name}: has no learning rate of its own; pass a single"
            " optimizer"
        )
    if getattr(_inner(given), "_exclude_from_weight_decay", None):
        raise InputError(
            f"optimizer={name}: exclude_from_weight_decay has a var_list, but a"
            " run trains variables of its own; pass var_names"
        )
    try:
        copy = type(given).from_config(given.get_config())
    except Exception as error:  # Keras raises many types
        function = isinstance(given._learning_rate, types.FunctionType)
        raise InputError(
            f"optimizer={name}: cannot be copied ({one_line(error)});"
            f" {_PLAIN_RATE if function else _REGISTER}"
        ) from error
    for option, value in vars(given).items():
        if option in _OF_COPIES or not isinstance(value, int | float | str):
            continue
        if vars(copy).get(option) != value:
            raise InputError(
                f"optimizer={name}: its config does not hold {option}={value};"
                " define get_config"
            )
    if excluded := _excluded(given):
        _inner(copy).exclude_from_weight_decay(var_names=excluded)
    return copy


def check_replicas(
    optimizer: keras.optimizers.Optimizer | None, replicas: int
) -> None:
    """Refuses options that fail where replicas divide each batch.

    On TensorFlow, Keras clips each replica's part before it adds them up, and
    cannot skip an update of weights that replicas share.

    Raises:
      InputError: the optimizer has such an option, and there are several
        replicas on TensorFlow.
    """
    if replicas == 1 or keras.backend.backend() != "tensorflow":
        return
    for option in ("clipnorm", "clipvalue", "global_clipnorm"):
        if value := getattr(_inner(optimizer), option, None):
            raise InputError(
                f"optimizer={type(optimizer).__name__}: {option}={value} would"
                f" clip the part of each of {replicas} replicas, not the"
                f" gradient; {_OTHERWISE}"
            )
    for option in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
        if value := getattr(_inner(optimizer), option, None):
            raise InputError(
                f"optimizer={type(optimizer).__name__}: {option}={value}: Keras"
                f" does not support it with {replicas} replicas on TensorFlow;"
                f" {_OTHERWISE}"
            )


def description_of(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """Returns what tells an optimizer from others, as JSON values."""
    described = keras.optimizers.serialize(optimizer)
    _drop_names(described["config"])
    if excluded := _excluded(optimizer):
        described["exclude_from_weight_decay"] = excluded
    return json.loads(json.dumps(described, default=str))


def _drop_names(config: dict[str, Any]) -> None:
    """Removes the names of an optimizer and of one that it wraps.

    Keras numbers them by the optimizers that a process has created.
    """
    config.pop("name", None)
    inner = config.get("inner_optimizer")
    if isinstance(inner, dict):
        _drop_names(inner.get("config", {}))


def _inner(optimizer: Any) -> Any:
    """Returns the optimizer that a LossScaleOptimizer wraps."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _excluded(optimizer: keras.optimizers.Optimizer) -> list[str]:
    """Returns names of variables without weight decay.

    No config holds them, and Keras joins them in random order.
    """
    pattern = getattr(
        _inner(optimizer), "_exclude_from_weight_decay_pattern", None
    )
    return sorted(pattern.pattern.split("|")) if pattern else []
