"""Fixtures that several test files share."""

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

# Shells let background jobs ignore Ctrl-C, and with them what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample() -> data.ImageClassification:
    """The embedded data set, its arrays read-only."""
    loaded = data.load("cifar10_sample")
    for split in (loaded.train, loaded.test):
        for field in dataclasses.fields(split):
            getattr(split, field.name).setflags(write=False)
    return loaded


@pytest.fixture(scope="session")
def tfds_dir() -> str:
    """A TFDS directory with CIFAR-10 and MNIST."""
    beside = pathlib.Path(__file__).parents[2] / "shared" / "tfds"
    directory = pathlib.Path(os.environ.get("RETHINK_DATA_DIR", beside))
    if not (directory / "cifar10").is_dir():
        pytest.skip(f"no prepared cifar10 in {directory} (RETHINK_DATA_DIR)")
    return str(directory)


@pytest.fixture(scope="session")
def few(sample) -> data.Examples:
    """The first 130 training examples of the embedded data set."""
    return sample.train.take(np.arange(130))


@pytest.fixture
def tiny(tmp_path) -> pathlib.Path:
    """A sound data set of 7 training and 5 test images: its directory."""
    return write_set(
        tmp_path, {"train": pictures(7), "test": pictures(5, first=100)}
    )


def pytest_terminal_summary(terminalreporter):
    """Says how much was tried of what may go wrong."""
    if TRIED:
        tried = ", ".join(f"{count} {what}" for what, count in TRIED.items())
        terminalreporter.write_line(f"tried: {tried}")
