"""Names and directories of runs."""

import dataclasses
import pathlib

import pytest

from rethink_keras import RunConfig
from rethink_keras.results import run_directory, run_name

CONFIG = RunConfig(
    dataset="cifar10",
    model="small_inception",
    randomize="labels",
    label_corruption=0.3,
    batch_norm=False,
    data_dir="/data",
    seed=7,
)
OLD = (
    "cifar10/small_inception/"
    "randomize=labels,label_corruption=0.3,batch_norm=false/seed=7"
)


def test_what_differs_comes_first_and_a_hash_last():
    readable, _, digits = run_name(CONFIG).rpartition("-")
    assert readable == (
        "labels,small_inception,label_corruption=0.3,batch_norm=false,cifar10,"
        "seed=7"
    )
    assert len(digits) == 8
    assert int(digits, 16) >= 0


def test_names_are_those_of_earlier_versions():
    """Otherwise interrupted runs would not be found."""
    name = run_name(RunConfig(model="small_alexnet", seed=1))
    assert name == "labels,small_alexnet,seed=1-9a0d8af5"
    page = pathlib.Path(__file__).parents[2] / "docs" / "running.md"
    assert f"`{name}`" in page.read_text()


def test_defaults_are_left_out():
    assert run_name(RunConfig()).startswith("labels-")


def test_names_do_not_depend_on_where_the_data_are():
    elsewhere = dataclasses.replace(CONFIG, data_dir=None)
    assert run_name(elsewhere) == run_name(CONFIG)


def test_names_are_short_file_names():
    long = RunConfig(dataset="folder/" + 300 * "x", epochs=3)
    name = run_name(long)
    assert len(name.encode()) < 255
    assert "/" not in name
    other = dataclasses.replace(long, dataset=long.dataset + "x")
    assert run_name(other) != name


@pytest.mark.parametrize("file", ["result.json", "checkpoints/step-001.npz"])
def test_runs_of_earlier_versions_are_found_where_they_are(tmp_path, file):
    new = tmp_path / "runs" / run_name(CONFIG)
    assert run_directory(tmp_path, CONFIG) == new
    path = tmp_path / OLD / file
    path.parent.mkdir(parents=True)
    path.touch()
    assert run_directory(tmp_path, CONFIG) == tmp_path / OLD
    other = dataclasses.replace(CONFIG, seed=8)
    assert run_directory(tmp_path, other).parent == new.parent


def test_every_option_changes_the_name():
    """Different runs never share a directory."""
    other = {
        "dataset": "mnist",
        "image_size": 32,
        "train_examples": 100,
        "validation_examples": 100,
        "randomize": "none",
        "label_corruption": 0.5,
        "center_crop": False,
        "standardize": False,
        "random_crop": True,
        "augment": True,
        "distort": True,
        "cutout": True,
        "mixup": True,
        "label_smoothing": 0.1,
        "model": "small_inception",
        "batch_norm": False,
        "dropout": 0.5,
        "weight_decay": 1e-4,
        "batch_size": 64,
        "epochs": 3,
        "learning_rate": 0.5,
        "learning_rate_decay": 0.9,
        "momentum": 0.5,
        "stop_at_loss": 0.1,
        "seed": 1,
        "precision": "mixed_bfloat16",
    }
    fields = {field.name for field in dataclasses.fields(RunConfig)}
    assert set(other) == fields - {"data_dir"}
    for name, value in other.items():
        batch_norm = name.startswith("batch_norm")
        fixed = {"model": "small_inception" if batch_norm else "mlp_1x512"}
        if name == "distort":
            fixed["image_size"] = 16
        base = RunConfig(**fixed)
        changed = RunConfig(**{**fixed, name: value})
        assert run_name(changed) != run_name(base), name
