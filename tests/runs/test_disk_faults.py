"""Disks that are full or read-only, and directories that disappear."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile

import keras
import pytest
import tensorflow as tf

from rethink_keras import InputError, RunConfig, run
from rethink_keras.runs.directory import RunDirectory
from rethink_keras.runs.saving import check_saving, saved
from rethink_keras.runs.tensorboard import TensorBoardWriter
from rethink_keras.training import Checkpoints
from tests.support.own import build
from tests.support.processes import (
    execute,
    kill,
    newest,
    start,
    wait_for,
)
from tests.support.tried import TRIED

pytestmark = pytest.mark.faults

LONG_RUN = ("--train_examples=2000", "--epochs=4000")
LOGS = {
    "loss": 1.0,
    "accuracy": 0.5,
    "learning_rate": 0.1,
    "seconds": 1.0,
    "test_loss": 1.0,
    "test_accuracy": 0.5,
    "test_top5_accuracy": None,
    "test_accuracy_corrupted": 0.5,
}


@pytest.fixture
def disk(tmp_path) -> pathlib.Path:
    """A 40 MB disk, large enough for two checkpoints and a partial third."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(path))
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("the command mount is not installed")
    if done.returncode:
        pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
    TRIED["broken disks"] += 1
    yield path
    subprocess.run(("umount", "--lazy", str(path)), check=True)


def fill(disk: pathlib.Path) -> None:
    """Fills a disk with one large file."""
    with (
        contextlib.suppress(OSError),
        open(disk / "filler", "ab", buffering=0) as file,
    ):
        while file.write(bytes(4096)):
            pass


def start_and_save_twice(path):
    process = start(path, *LONG_RUN)
    wait_for(lambda: len(list(path.glob("checkpoints/step-*.npz"))) == 2)
    return process


def error_line_of(process, path) -> str:
    """Returns the error line of a run that could not write."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert errors.startswith(f"error: --workdir={path}: cannot be written (")
    assert errors.count("\n") == 1
    return errors


@pytest.mark.slow
def test_a_run_on_a_full_disk_fails_and_can_be_resumed(disk):
    path = disk / "run"
    process = start_and_save_twice(path)
    wait_for(lambda: fill(disk) or process.poll() is not None)
    assert "No space left" in error_line_of(process, path)
    warnings = []
    checkpoints = Checkpoints(
        path / "checkpoints", run={}, minutes=1, warn=warnings.append
    )
    assert checkpoints.latest() is not None
    assert warnings == []
    assert not list(path.rglob("*.partial"))
    (disk / "filler").unlink()
    process = start(path, "--resume=must", *LONG_RUN)
    wait_for(lambda: "resuming" in process.stdout.readline())
    kill(process)


def test_a_full_disk_while_writing_events_raises_an_input_error(disk):
    writer = TensorBoardWriter(RunDirectory(RunConfig(), disk), 100, 10)
    fill(disk)
    with pytest.raises(InputError, match=r"workdir=.*No space left"):
        writer.write_history({name: [v] * 100 for name, v in LOGS.items()})
    assert not tf.summary.scalar("loss", 0, step=0), "it is still the default"
    (disk / "filler").unlink()
    writer.close()


def test_a_read_only_directory_is_refused_and_not_changed(disk):
    path = disk / "run"
    path.mkdir()
    config = json.dumps(RunConfig().as_dict())
    for name in ("config.json", "result.json"):
        (path / name).write_text(config)
    subprocess.run(("mount", "-o", "remount,ro", str(disk)), check=True)
    done = execute(path, "--overwrite", *LONG_RUN)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --workdir={path}: cannot be written (Read-only file system);"
        " choose another\n"
    )
    files = {p.name: p.read_text() for p in path.iterdir()}
    assert files == {"config.json": config, "result.json": config}


def test_a_run_whose_directory_disappears_ends_and_does_not_recreate_it(
    tmp_path,
):
    path = tmp_path / "run"
    process = start_and_save_twice(path)
    path.rename(tmp_path / "elsewhere")
    TRIED["broken disks"] += 1
    assert "No such file or directory" in error_line_of(process, path)
    shutil.rmtree(tmp_path / "elsewhere")
    assert not list(tmp_path.iterdir())
    assert newest(path) == ""


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({}, "re-run the same command"),
        ({"overwrite": True}, "re-run without overwrite=True"),
        ({"resume": "never"}, "re-run with resume=auto"),
    ],
)
def test_the_advice_after_a_fault_resumes_and_does_not_start_over(
    tmp_path, options, advice
):
    path = tmp_path / "run"
    disappear = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: path.rename(tmp_path / "elsewhere")
    )
    config = RunConfig(model="mlp_1x512", train_examples=200, epochs=3)
    with pytest.raises(
        InputError, match=rf"; free space .* {advice} to resume"
    ):
        run(config, path, callbacks=[disappear], verbose=False, **options)


def test_a_full_temporary_directory_is_named(disk, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    model = build((4, 4, 3), 3)
    fill(disk)
    for save in (
        lambda: saved(model, "re-run"),
        lambda: check_saving(model, "build"),
    ):
        with pytest.raises(InputError, match=f"TMPDIR={disk}: .*No space left"):
            save()
