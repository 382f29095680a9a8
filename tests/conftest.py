"""Fixtures shared by test files."""

import dataclasses
import os
import pathlib
import signal

import hypothesis
import numpy as np
import pytest

from rethink_keras import data
from tests.support.processes import TRIED
from tests.support.tiny_sets import pictures, write_set

hypothesis.settings.register_profile(
    "exact", derandomize=True, database=None, deadline=None
)
hypothesis.settings.load_profile("exact")

QUICK = (
    "cli/test_terminal.py",
    "config/",
    "data/test_loading.py",
    "experiments/test_planning.py",
    "models/test_builders.py",
    "pipeline/test_batches.py",
    "pipeline/test_preprocessing.py",
    "randomization/",
    "report/test_fitting_claims.py",
    "report/test_generalization_claims.py",
    "report/test_statistics.py",
    "runs/test_paths.py",
    "test_imports.py",
    "theory/test_expressivity.py",
    "training/test_loop.py",
)
"""Files and folders whose tests are quick, unless marked `seconds`."""


def pytest_collection_modifyitems(items):
    """Marks the quick tests."""
    tests = pathlib.Path(__file__).parent
    for item in items:
        path = item.path.relative_to(tests).as_posix()
        if path.startswith(QUICK) and not item.get_closest_marker("seconds"):
            item.add_marker(pytest.mark.quick)


# Background jobs of shells ignore SIGINT, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample() -> data.ImageClassification:
    """The embedded data set, with read-only arrays."""
    loaded = data.load("cifar10_sample")
    for split in (loaded.train, loaded.test):
        for field in dataclasses.fields(split):
            getattr(split, field.name).setflags(write=False)
    return loaded


@pytest.fixture(scope="session")
def tfds_dir() -> str:
    """A TFDS directory with CIFAR-10 and MNIST."""
    default = pathlib.Path(__file__).parents[2] / "shared" / "tfds"
    directory = pathlib.Path(os.environ.get("RETHINK_DATA_DIR", default))
    if not (directory / "cifar10").is_dir():
        pytest.skip(f"no prepared cifar10 in {directory} (RETHINK_DATA_DIR)")
    return str(directory)


@pytest.fixture(scope="session")
def few(sample) -> data.Examples:
    """The first 130 training examples of the embedded data set."""
    return sample.train.take(np.arange(130))


@pytest.fixture
def tiny(tmp_path) -> pathlib.Path:
    """The directory of a valid data set: 7 training and 5 test images."""
    return write_set(
        tmp_path, {"train": pictures(7), "test": pictures(5, first=100)}
    )


def pytest_terminal_summary(terminalreporter):
    """Prints how many processes, kills and bad inputs were tried."""
    if TRIED:
        tried = ", ".join(f"{count} {what}" for what, count in TRIED.items())
        terminalreporter.write_line(f"tried: {tried}")
