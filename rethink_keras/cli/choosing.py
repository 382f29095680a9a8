"""What the words of a command line choose."""

import dataclasses
import fnmatch
import itertools
import sys
from collections.abc import Callable, Sequence

from absl import flags

from rethink_keras.config import RunConfig, allowed, suggestion
from rethink_keras.errors import InputError


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Returns the names that match the pattern of --rows.

    Raises:
      InputError: no name matches.
    """
    chosen = fnmatch.filter(names, pattern)
    if not chosen:
        raise InputError(
            f"rows={pattern}: no row matches; the rows are {', '.join(names)}"
            f"{suggestion(pattern, names)}"
        )
    return chosen


def is_typed(flag: str, value: str) -> bool:
    """Returns whether a word of the command line sets a flag to a value.

    A value that only occurs in a word does not count: flagfiles may choose it.
    """
    words = sys.argv[1:]
    flags_before = [
        word
        for word, following in itertools.pairwise(words)
        if following == value
    ]
    joined = {f"--{flag}={value}", f"-{flag}={value}"}
    separate = {f"--{flag}", f"-{flag}"}
    return not (joined.isdisjoint(words) and separate.isdisjoint(flags_before))


def option_numbers(flag: flags.FlagHolder, option: str, kind: type) -> list:
    """Returns the different values of a list, in ascending order.

    Args:
      flag: the flag.
      option: option of a run that takes each value.
      kind: type of the values.

    Raises:
      InputError: the list is empty, or the option does not allow an entry.
    """

    def checked(entry: str) -> int | float:
        return getattr(RunConfig(**{option: kind(entry)}), option)

    (field,) = (f for f in dataclasses.fields(RunConfig) if f.name == option)
    return numbers(flag, checked, f"numbers, each {allowed(field)}")


def numbers(
    flag: flags.FlagHolder, checked: Callable[[str], int | float], what: str
) -> list:
    """Returns the different values of a list, in ascending order.

    Args:
      flag: the flag.
      checked: function that returns the value of an entry, or raises a
        ValueError.
      what: what the entries must be.

    Raises:
      InputError: the list is empty, or has a wrong entry.
    """
    values = set()
    for entry in flag.value or [""]:
        try:
            values.add(checked(entry))
        except ValueError as error:
            raise InputError(
                f"{flag.name}={','.join(flag.value)}: must be {what}, separated"
                f" by commas; received {entry!r}"
            ) from error
    return sorted(values)
