"""The packages of the extra `theory`."""

import contextlib
from collections.abc import Iterator

from rethink_keras.errors import InputError


@contextlib.contextmanager
def theory_extra() -> Iterator[None]:
    """Context manager for imports of scikit-learn and scikit-image.

    Raises:
      InputError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed; kernel machines, minimum norms,"
            " complexity and the data set digits need scikit-learn and"
            " scikit-image: install rethink_keras[theory]"
        ) from error
