"""Selects rows by a file name pattern."""

import fnmatch
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
