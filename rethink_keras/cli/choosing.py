"""Which rows a file name pattern asks for."""

import fnmatch
from collections.abc import Sequence

from rethink_keras.config import suggestion
from rethink_keras.errors import InputError


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that match --rows.

    Raises:
      InputError: none does.
    """
    chosen = fnmatch.filter(names, pattern)
    if not chosen:
        raise InputError(
            f"rows={pattern}: matches none of {', '.join(names)}"
            f"{suggestion(pattern, names)}"
        )
    return chosen
