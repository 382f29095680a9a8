"""What the words of a command line choose."""

import fnmatch
import itertools
import sys
from collections.abc import Sequence

from rethink_keras.config import suggestion
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
