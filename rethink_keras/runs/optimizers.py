"""Copies and describes optimizers of one's own."""

import json
from typing import Any

import keras

from rethink_keras.errors import InputError, one_line


def copy_of(given: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns an optimizer with the same settings that is not built yet.

    Raises:
      InputError: its config does not describe it.
    """
    name = type(given).__name__
    if getattr(_inner(given), "_exclude_from_weight_decay", None):
        raise InputError(
            f"optimizer={name}: exclude_from_weight_decay has a var_list, but a"
            " run trains variables of its own; pass var_names"
        )
    try:
        copy = type(given).from_config(given.get_config())
    except Exception as error:  # Keras raises many types
        raise InputError(
            f"optimizer={name}: cannot be copied ({one_line(error)}); define"
            " get_config, and decorate its classes with"
            " keras.saving.register_keras_serializable()"
        ) from error
    if excluded := _excluded(given):
        _inner(copy).exclude_from_weight_decay(var_names=excluded)
    return copy


def description_of(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """Returns what tells an optimizer from others, as JSON values."""
    described = keras.optimizers.serialize(optimizer)
    described["config"].pop("name", None)
    if excluded := _excluded(optimizer):
        described["exclude_from_weight_decay"] = excluded
    return json.loads(json.dumps(described, default=str))


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
