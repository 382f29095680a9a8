"""Sets Keras's global settings temporarily."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

STANDARD = {
    "image_data_format": "channels_last",
    "floatx": "float32",
    "epsilon": 1e-7,
    "dtype_policy": "float32",
}


@contextlib.contextmanager
def keras_settings(**values: Any) -> Iterator[None]:
    """Context manager and decorator that sets Keras's global settings.

    Restores the previous settings at the end.

    Args:
      **values: settings, named after the functions of `keras.config` that
        return them.

    Example:
      >>> with keras_settings(image_data_format="channels_last"):
      ...     layer = keras.layers.Conv2D(64, 3)
    """
    before = {name: getattr(keras.config, name)() for name in values}
    try:
        _set(values)
        yield
    finally:
        _set(before)


def _set(values: dict[str, Any]) -> None:
    for name, value in values.items():
        getattr(keras.config, f"set_{name}")(value)
