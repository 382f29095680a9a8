"""Fixtures shared by test files, and how the tests are run.

Fixtures import TensorFlow late: with pytest-xdist, the process that
distributes the tests does not need it.
"""

import os
import pathlib
import signal

import hypothesis
import numpy as np
import pytest

from tests.support.once import once
from tests.support.tried import TRIED

# The tests expect the devices of a CPU, also in the processes that they start.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

hypothesis.settings.register_profile(
    "exact", derandomize=True, database=None, deadline=None
)
hypothesis.settings.load_profile("exact")

QUICK = (
    "cli/test_terminal.py",
    "config/",
    "data/test_loading.py",
    "experiments/test_planning.py",
    "measures/",
    "memorization/",
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
"""Files and folders whose tests are quick, unless `seconds` or `slow`."""

MOST_WORKERS = 4
"""Each takes about 2 GB of memory."""


def pytest_collection_modifyitems(items):
    """Marks the quick tests."""
    tests = pathlib.Path(__file__).parent
    for item in items:
        path = item.path.relative_to(tests).as_posix()
        marks = {mark.name for mark in item.iter_markers()}
        if path.startswith(QUICK) and not marks & {"seconds", "slow"}:
            item.add_marker(pytest.mark.quick)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config) -> int:
    """Returns the number of processes for `-n auto`; 0 is this process."""
    if config.args_source is not config.ArgsSource.TESTPATHS:
        return 0  # a few files do not repay the start of other processes
    return min(os.cpu_count() or 1, MOST_WORKERS)


# Background jobs of shells ignore SIGINT, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample():
    """The embedded data set."""
    from rethink_keras import data

    return data.load("cifar10_sample")


@pytest.fixture(scope="session")
def reference_report(tmp_path_factory) -> pathlib.Path:
    """The folder of the report of the reference runs."""
    from rethink_keras.report.page import write_report

    logs = pathlib.Path(__file__).parents[1] / "tensorboard_logs" / "reference"

    def write(folder):
        write_report(str(logs), str(folder))
        return folder

    return once(tmp_path_factory, "reference_report", write)


@pytest.fixture(scope="session")
def tfds_dir() -> str:
    """A TFDS directory with CIFAR-10 and MNIST."""
    default = pathlib.Path(__file__).parents[2] / "shared" / "tfds"
    directory = pathlib.Path(os.environ.get("RETHINK_DATA_DIR", default))
    for name in ("cifar10", "mnist"):
        if not (directory / name).is_dir():
            pytest.skip(f"no prepared {name} in {directory} (RETHINK_DATA_DIR)")
    return str(directory)


@pytest.fixture(scope="session")
def few(sample):
    """The first 130 training examples of the embedded data set."""
    return sample.train.take(np.arange(130))


@pytest.fixture
def tiny(tmp_path) -> pathlib.Path:
    """The directory of a valid data set: 7 training and 5 test images."""
    from tests.support.tiny_sets import pictures, write_set

    return write_set(
        tmp_path, {"train": pictures(7), "test": pictures(5, first=100)}
    )


def pytest_sessionfinish(session):
    """Sends the counts of a worker of pytest-xdist."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = dict(TRIED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Adds the counts of a worker, unless it crashed."""
    TRIED.update(getattr(node, "workeroutput", {}).get("tried", {}))


def pytest_terminal_summary(terminalreporter):
    """Prints how many processes, kills and bad inputs were tried."""
    if TRIED:
        tried = ", ".join(f"{count} {what}" for what, count in TRIED.items())
        terminalreporter.write_line(f"tried: {tried}")
