"""Dataclass fields with a help text and allowed values."""

import dataclasses
import difflib
import math
import os
from collections.abc import Callable, Collection, Iterable
from typing import Any

from rethink_keras.errors import InputError

PRINTABLE = "a non-empty printable string"


def option(
    default: Any,
    doc: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] = (),
) -> Any:
    """Declares a dataclass field with a help text and allowed values.

    Args:
      default: default value.
      doc: help text.
      low: smallest allowed number.
      high: largest allowed number.
      above: bound that a number must exceed.
      choices: allowed strings, or a function that returns them.
    """
    metadata = {
        "doc": doc,
        "low": low,
        "high": high,
        "above": above,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


def choices(field: dataclasses.Field) -> tuple[str, ...]:
    """Returns an option's listed values; empty if it has none."""
    listed = field.metadata["choices"]
    return listed() if callable(listed) else listed


def text_of(value: Any) -> str:
    """Formats a value as in flags and run names: `0.5`, `true`, `labels`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def suggestion(given: str, allowed: Iterable[str]) -> str:
    """Suggests the allowed value that is most similar to the given one.

    Returns:
      The end of an error message; empty if no allowed value is similar.
    """
    names = {name.casefold(): name for name in allowed}
    nearest = difflib.get_close_matches(given.casefold(), names, n=1)
    return "".join(f"; did you mean {names[name]}?" for name in nearest)


def check_choice(name: str, value: str, allowed: Collection[str]) -> None:
    """Checks an argument that must be one of several strings.

    Args:
      name: name of the argument.
      value: its value.
      allowed: the allowed values.

    Raises:
      InputError: the value is not allowed.
    """
    if value not in allowed:
        raise InputError(
            f"{name}={value}: must be one of {', '.join(allowed)}"
            f"{suggestion(str(value), allowed)}"
        )


def plain(field: dataclasses.Field, value: Any) -> Any:
    """Converts a value to the Python type of its option, if it is as good.

    NumPy scalars become Python values, paths strings, and integers floats
    where the option is one, so that equal configs are written alike.
    """
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if type(value).__module__ == "numpy" and getattr(value, "shape", 0) == ():
        value = value.item()
    if type(value) is int and option_type(field) is float:
        return float(value)
    return value


def check(field: dataclasses.Field, value: Any) -> None:
    """Checks an option's value.

    Raises:
      InputError: the field does not allow the value.
    """
    kinds = option_type(field)
    if value is None and field.default is None:
        return
    meta = field.metadata
    good = type(value) is kinds
    if good and kinds in (int, float):
        good = meta["low"] <= value <= meta["high"] and value > meta["above"]
        good = good and math.isfinite(value)
    elif good and choices(field):
        good = value in choices(field)
    elif good and kinds is str:
        good = bool(value) and value.isprintable()
    if not good:
        received = value if isinstance(value, int | float) else repr(value)
        raise InputError(
            f"{field.name}={received}: must be {allowed(field)}"
            f"{suggestion(str(value), choices(field))}"
        )


def option_type(field: dataclasses.Field) -> type:
    """Returns the type of an option's value: bool, int, float or str."""
    kinds = (bool, int, float, str)
    annotation = str(field.type)
    return next(
        kind
        for kind in kinds
        if field.type in (kind, kind | None) or annotation == kind.__name__
    )


def allowed(field: dataclasses.Field) -> str:
    """Describes the allowed values of an option in words."""
    meta = field.metadata
    kind = option_type(field)
    if choices(field):
        return f"one of {', '.join(choices(field))}"
    if kind is bool:
        return "True or False"
    if kind is str:
        return PRINTABLE
    number = "a whole number" if kind is int else "a number"
    for word, bound in (("above", "above"), ("from", "low"), ("up to", "high")):
        if math.isfinite(meta[bound]):
            number += f" {word} {meta[bound]}"
    return number
