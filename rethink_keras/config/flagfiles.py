"""Finds flagfiles, and parses command lines and flagfiles with absl."""

import dataclasses
import importlib.resources
import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from rethink_keras.config.options import allowed, option_type, suggestion
from rethink_keras.errors import InputError

FLAGS_DIRECTORY = pathlib.Path(
    str(importlib.resources.files("rethink_keras") / "flags")
).resolve()
"""The flagfiles of the paper's rows. In a clone, `rethink_keras/flags` is a
link to `flags`; an installed package holds copies."""

_DEFINE: dict[type, Any] = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def find_flagfile(path: str) -> str:
    """Returns the path of a flagfile, which may be one of the package.

    A path such as `flags/table1/alexnet.txt` that does not exist names the
    package's flagfile, so that the same commands work in a clone and in any
    other directory.
    """
    folder, _, name = path.partition("/")
    ours = FLAGS_DIRECTORY / name
    if folder == "flags" and not os.path.exists(path) and os.path.isfile(ours):
        return str(ours)
    return path


def define_options(
    fields: Sequence[dataclasses.Field],
    retired: Sequence[str],
    values: flags.FlagValues,
) -> None:
    """Defines an absl flag for each option, its field as attribute `option`.

    Args:
      fields: the options.
      retired: names of options of earlier versions. Their flags are accepted
        and ignored.
      values: the absl object to define the flags in.
    """
    for field in fields:
        define = _DEFINE[option_type(field)]
        define(
            field.name,
            field.default,
            field.metadata["doc"],
            flag_values=values,
        )
        values[field.name].option = field  # type: ignore[attr-defined]
    for name in retired:
        help_text = "ignored; accepted for old flagfiles"
        flags.DEFINE_string(name, None, help_text, flag_values=values)


def parse_options(
    arguments: Sequence[str],
    fields: Sequence[dataclasses.Field],
    retired: Sequence[str],
) -> dict[str, Any]:
    """Parses the arguments of a command line.

    Args:
      arguments: words such as `--name=value`, `--name`, `--noname` or
        `--flagfile=PATH`. Later arguments override earlier ones.
      fields: see `define_options`.
      retired: see `define_options`.

    Returns:
      The values of the given options, by name.

    Raises:
      InputError: an argument is not an option, or its value is not allowed.
    """
    values = flags.FlagValues()
    define_options(fields, retired, values)
    try:
        _, *rest = values(["", *arguments])
    except (flags.Error, ValueError, OSError) as error:
        texts = {field.name: allowed(field) for field in fields}
        raise InputError(explain(str(error), texts)) from error
    if rest:
        raise InputError(f"{rest[0]!r}: must be a flag such as --name=value")
    return {
        field.name: values[field.name].value
        for field in fields
        if values[field.name].present
    }


def explain(message: str, texts: Mapping[str, str]) -> str:
    """Adds the allowed values to an error message of absl.

    Args:
      message: error message of absl.
      texts: the allowed values of each flag in words, by name.
    """
    match = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    if match and match[1] in texts:
        return f"--{match[1]}={match[2]!r}: must be {texts[match[1]]}"
    match = re.match(r"Unknown command line flag '(\w+)'", message)
    if match:
        return (
            f"--{match[1]}: unknown flag; must be one of"
            f" {', '.join(texts)}{suggestion(match[1], texts)}"
        )
    return f"{message}; flags must have the form --name=value"
