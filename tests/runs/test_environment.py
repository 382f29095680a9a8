"""Results on every kind of installation: TensorFlow under another name."""

import importlib.metadata
import json
import os
import pathlib
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
from rethink_keras import InputError, RunConfig, run, runs, training

ROOT = pathlib.Path(__file__).parents[2]
TINY = {"train_examples": 20, "epochs": 1}
OTHER_TENSORFLOW = "tensorflow-cpu"


def requirements() -> list[str]:
    """What the package needs but TensorFlow, with TensorFlow for CPUs."""
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    start = lines.index("install_requires =") + 1
    stop = lines.index("", start)
    needed = [line.partition("#")[0].strip() for line in lines[start:stop]]
    (own,) = [name for name in needed if name.startswith("tensorflow>")]
    needed[needed.index(own)] = own.replace("tensorflow", OTHER_TENSORFLOW)
    return needed


def test_versions_are_those_of_the_modules():
    versions = runs.versions()
    assert versions == {
        "python": versions["python"],
        "backend": keras.backend.backend(),
        "rethink_keras": rethink_keras.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tensorflow-datasets": tfds.__version__,
        "tensorboard": tensorboard.__version__,
        "numpy": np.__version__,
    }


def test_a_run_ends_without_any_package_metadata(tmp_path, monkeypatch):
    """As with tensorflow-cpu, or in a source tree that is not installed."""

    def not_found(name):
        raise importlib.metadata.PackageNotFoundError(name)

    for lookup in ("version", "distribution", "metadata"):
        monkeypatch.setattr(importlib.metadata, lookup, not_found)
    result = run(RunConfig(**TINY), tmp_path, verbose=False)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert result["versions"]["tensorflow"] == tf.__version__


def test_a_module_without_a_version_loses_no_run(tmp_path, monkeypatch):
    monkeypatch.delattr(tensorboard, "__version__")
    result = run(RunConfig(**TINY), tmp_path, verbose=False)
    assert result["versions"]["tensorboard"] == "unknown"


@pytest.mark.parametrize("lost", ["versions", "device"])
def test_what_may_fail_is_asked_before_training(tmp_path, monkeypatch, lost):
    trained = []
    train = training.Trainer.train

    def recorded(*args):
        trained.append(lost)
        return train(*args)

    def ask():
        assert not trained
        return "asked"

    monkeypatch.setattr(training.Trainer, "train", recorded)
    monkeypatch.setattr(runs.environment, lost, ask)
    assert run(RunConfig(**TINY), tmp_path, verbose=False)[lost] == "asked"
    assert trained == [lost]


def test_the_result_outlives_tensorboards_final_metrics(tmp_path, monkeypatch):
    def full(self, result):
        raise InputError("workdir: cannot be written (No space left)")

    monkeypatch.setattr(
        runs.tensorboard.TensorBoardWriter, "write_result", full
    )
    config = RunConfig(**TINY)
    with pytest.raises(InputError, match="No space left"):
        run(config, tmp_path, verbose=False)
    assert run(config, tmp_path, verbose=False)["epochs"] == 1


@pytest.mark.slow
def test_a_run_ends_with_tensorflow_cpu_in_a_source_tree(tmp_path):
    """In a fresh environment, where neither name has package metadata."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    installed = subprocess.run(
        [*pip, *requirements()], capture_output=True, text=True
    )
    if "No matching distribution" in installed.stderr:
        pytest.skip(f"{OTHER_TENSORFLOW} cannot be downloaded here")
    assert installed.returncode == 0, installed.stderr
    alone = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    found = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"],
        capture_output=True,
        check=True,
        env=alone,
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
        env=alone,
    )
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["versions"]["rethink_keras"] == rethink_keras.__version__
