"""Does costly work of several processes of pytest-xdist only once."""

import os
import pathlib
import pickle
from collections.abc import Callable
from typing import Any

import filelock
import pytest


def once(
    factory: pytest.TempPathFactory,
    name: str,
    make: Callable[[pathlib.Path], Any],
) -> Any:
    """Returns what `make(folder)` returns, also in processes that wait.

    Args:
      factory: the fixture `tmp_path_factory`.
      name: name of the folder, for this work only.
      make: does the work in the folder. Its result must be picklable.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    made = root / f"{name}.pickle"
    with filelock.FileLock(root / f"{name}.lock"):
        if not made.exists():
            folder.mkdir()
            made.write_bytes(pickle.dumps(make(folder)))
    return pickle.loads(made.read_bytes())
