"""Recorded versions, also where a package has another name or no metadata."""

import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorboard
import tensorflow as tf
import tensorflow_datasets as tfds

import rethink_keras
from rethink_keras import (
    InputError,
    RunConfig,
    environment,
    run,
    runs,
    training,
)
from tests.support.processes import scalars

ROOT = pathlib.Path(__file__).parents[2]
TINY = {"train_examples": 20, "epochs": 1}
REQUIREMENTS = ROOT / "requirements-without-tensorflow.txt"
OTHER_TENSORFLOW = "tensorflow-cpu"


def test_versions_are_those_of_the_modules():
    versions = environment.versions()
    assert versions == {
        "python": platform.python_version(),
        "backend": keras.backend.backend(),
        "rethink_keras": rethink_keras.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tensorflow-datasets": tfds.__version__,
        "tensorboard": tensorboard.__version__,
        "numpy": np.__version__,
    }


def test_a_run_finishes_without_package_metadata(tmp_path, monkeypatch):
    """tensorflow-cpu and source trees have no metadata under these names."""

    def not_found(name):
        raise importlib.metadata.PackageNotFoundError(name)

    for lookup in ("version", "distribution", "metadata"):
        monkeypatch.setattr(importlib.metadata, lookup, not_found)
    result = run(RunConfig(**TINY), tmp_path, verbose=False)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert result["versions"]["tensorflow"] == tf.__version__


def test_the_version_of_a_module_without_one_is_unknown(tmp_path, monkeypatch):
    monkeypatch.delattr(tensorboard, "__version__")
    result = run(RunConfig(**TINY), tmp_path, verbose=False)
    assert result["versions"]["tensorboard"] == "unknown"


@pytest.mark.parametrize("lookup", ["versions", "device"])
def test_the_environment_is_read_before_training(tmp_path, monkeypatch, lookup):
    """Whatever fails there fails before time is spent on training."""
    trained = []
    train = training.Trainer.train

    def record_and_train(*args):
        trained.append(lookup)
        return train(*args)

    def look_up(*_):
        assert not trained
        return "found"

    monkeypatch.setattr(training.Trainer, "train", record_and_train)
    monkeypatch.setattr(environment, lookup, look_up)
    assert run(RunConfig(**TINY), tmp_path, verbose=False)[lookup] == "found"
    assert trained == [lookup]


class OnTPU(tf.distribute.TPUStrategy):
    """The strategy of a TPU, without one."""

    def __init__(self):
        """Connects to no TPU."""


def test_the_device_is_what_trains(monkeypatch):
    """On machines with accelerators; pytest runs on a CPU."""
    assert environment.device().startswith("CPU, ")
    assert environment.kind_of(environment.device()) == "CPU"
    kinds = {"GPU": ["a", "b"], "TPU": []}
    for name in ("get_visible_devices", "list_logical_devices"):
        monkeypatch.setattr(tf.config, name, kinds.__getitem__)
    monkeypatch.setattr(
        tf.config.experimental,
        "get_device_details",
        lambda device: {"device_name": f"card {device}"},
    )
    assert (environment.device(), environment.device(1)) == (
        "2 x card a",
        "1 x card a",
    )
    monkeypatch.delattr(tf.config, "list_logical_devices")  # is not called
    assert environment.device(1) == "1 x card a"
    kinds |= {"TPU": ["c"] * 8}
    monkeypatch.setattr(
        tf.config, "list_logical_devices", kinds.__getitem__, raising=False
    )
    assert environment.device(8) == "8 x card a"
    with monkeypatch.context() as patch:
        patch.setattr(tf.distribute, "get_strategy", lambda: OnTPU())
        assert environment.device(8) == "8 x TPU"
    kinds |= {"GPU": []}
    assert environment.device(8) == "8 x TPU"


def test_hidden_gpus_are_not_recorded(monkeypatch):
    """As after `tf.config.set_visible_devices([], "GPU")`."""
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: ["a card"]
    )
    assert environment.device().startswith("CPU, ")


def test_a_run_whose_final_metrics_are_not_written_resumes(
    tmp_path, monkeypatch
):
    """It ends with them, and with no checkpoints left."""

    def fail(self, result):
        raise InputError("workdir: cannot be written (No space left)")

    config = RunConfig(**TINY)
    with monkeypatch.context() as patch:
        patch.setattr(runs.tensorboard.TensorBoardWriter, "write_result", fail)
        with pytest.raises(InputError, match="No space left"):
            run(config, tmp_path, checkpoint_minutes=0, verbose=False)
    assert not (tmp_path / "result.json").exists()
    result = run(config, tmp_path, resume="must", verbose=False)
    assert result["epochs"] == 1
    assert not (tmp_path / "checkpoints").exists()
    ((_, accuracy),) = scalars(tmp_path, "final/train_accuracy")
    assert accuracy == pytest.approx(result["train_accuracy"])


@pytest.mark.slow
def test_a_run_finishes_with_tensorflow_cpu_in_a_source_tree(tmp_path):
    """Runs in a fresh environment without metadata of either package."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    installed = subprocess.run(
        [*pip, "-r", REQUIREMENTS, OTHER_TENSORFLOW],
        capture_output=True,
        text=True,
    )
    missing = f"No matching distribution found for {OTHER_TENSORFLOW}"
    if missing in installed.stderr:
        pytest.skip(f"{OTHER_TENSORFLOW} cannot be downloaded here")
    assert installed.returncode == 0, installed.stderr
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    found = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"],
        capture_output=True,
        check=True,
        env=variables,
    )
    names = {
        package["name"].replace("_", "-")
        for package in json.loads(found.stdout)
    }
    assert OTHER_TENSORFLOW in names
    assert not names & {"tensorflow", "rethink-keras"}
    shutil.copytree(ROOT / "rethink_keras", tmp_path / "rethink_keras")
    flags = [f"--{name}={value}" for name, value in TINY.items()]
    done = subprocess.run(
        [python, "-m", "rethink_keras.main", "--workdir=run", *flags],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=variables,
    )
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["versions"]["rethink_keras"] == rethink_keras.__version__
