"""Work directories with files of others, of earlier runs or in use."""

import importlib
import json
import pathlib
import re

import pytest
from etils.epath import backend, gpath

from rethink_keras import InputError, RunConfig, run
from rethink_keras.runs import session
from rethink_keras.runs.directory import RunDirectory

EVENTS = "events.out.tfevents.1.host.2.3.v2"
FIRST_VERSION = {"dataset": "cifar10", "model": "alexnet", "randomize": "none"}


def fill(directory: pathlib.Path, *names: str) -> None:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def files_in(directory: pathlib.Path) -> dict[str, str]:
    """Returns the files under a directory and their content."""
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def hold_run(directory: pathlib.Path, options=FIRST_VERSION) -> None:
    """Writes the files of a finished run, of the first version by default."""
    fill(directory, "flags.txt", "model.keras", "predictions.npz", EVENTS)
    fill(directory, f"train/{EVENTS}", f"test/{EVENTS}", "model.keras.partial")
    result = {
        "config": options,
        "classes": 10,
        "train_accuracy": 1.0,
        "test_accuracy": 0.5,
        "epochs": 1,
        "steps": 1,
        "history": {},
        "wall_seconds": 1.0,
        "device": "a device",
    }
    (directory / "config.json").write_text(json.dumps(options))
    (directory / "result.json").write_text(json.dumps(result))


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_directory_of_images_is_refused_before_anything_is_read(
    tmp_path, monkeypatch, overwrite
):
    fill(tmp_path, "train/cat/1.png", "train/dog/1.png", "test/cat/1.png")
    fill(tmp_path, "model.keras", "note.txt")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(
        importlib.import_module("rethink_keras.runs.run"),
        "make_inputs",
        lambda *_: pytest.fail("the data are read"),
    )
    with pytest.raises(InputError) as raised:
        run(RunConfig(), tmp_path, overwrite=overwrite, verbose=False)
    assert str(raised.value) == (
        f"workdir={tmp_path}: holds model.keras, test/cat, train/cat and 1"
        " more, but no config.json of a run; choose another directory"
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name",
    [
        "train/1.png",
        "test",
        "checkpoints/step-1.ckpt",
        "model.keras",
        "predictions.npz",
        "config.json",
        "result.json",
        "flags.txt",
    ],
)
def test_files_of_others_under_names_of_a_run_are_refused(tmp_path, name):
    fill(tmp_path, name)
    with pytest.raises(InputError, match=f"holds {re.escape(name)}, but no"):
        RunDirectory(RunConfig(), tmp_path).open(overwrite=True)
    assert files_in(tmp_path) == {name: name}


def test_files_that_a_run_neither_replaces_nor_removes_are_kept(tmp_path):
    """Among them those of a run that was killed before it began."""
    kept = ["note.txt", "train/.hidden", f"test/{EVENTS}", EVENTS]
    kept += ["checkpoints/step-0000000001.npz", "checkpoints/lock"]
    fill(tmp_path, "config.json.partial", *kept)
    directory = RunDirectory(RunConfig(), tmp_path)
    assert directory.open() is None
    directory.close()
    assert files_in(tmp_path).keys() == {"config.json", "flags.txt", *kept}


def test_only_files_of_the_earlier_run_are_removed(tmp_path):
    hold_run(tmp_path)
    kept = ["note.txt", "train/cat/1.png", "checkpoints/step-0000000001.npz"]
    fill(tmp_path, *kept)
    config = RunConfig(seed=3)
    directory = RunDirectory(config, tmp_path)
    assert directory.open(overwrite=True) is None
    directory.close()
    files = files_in(tmp_path)
    assert json.loads(files.pop("config.json")) == config.as_dict()
    assert "--seed=3" in files.pop("flags.txt")
    assert files.pop("checkpoints/lock") == ""
    assert files == {name: name for name in kept}
    assert not (tmp_path / "test").exists()


def test_folders_in_an_object_store_are_removed(tmp_path, monkeypatch):
    """A local folder stands in for the store, whose paths only epath reads."""

    def local(path):
        return str(path).replace("gs:/", str(tmp_path))

    class Store:
        def __getattr__(self, name):
            method = getattr(backend.os_backend, name)
            return lambda *args, **options: method(*map(local, args), **options)

    monkeypatch.setattr(gpath._GPath, "_backend", Store())
    hold_run(tmp_path / "bucket")
    directory = RunDirectory(RunConfig(), "gs://bucket")
    assert directory.open(overwrite=True) is None
    directory.close()
    names = sorted(path.name for path in (tmp_path / "bucket").iterdir())
    assert names == ["config.json", "flags.txt"]


def test_opening_a_finished_run_returns_its_result(tmp_path):
    config = RunConfig()
    hold_run(tmp_path, config.as_dict())
    before = files_in(tmp_path)
    result = RunDirectory(config, tmp_path).open()
    assert result == json.loads(before["result.json"])
    with pytest.raises(InputError, match="seed=0 there, 3 here"):
        RunDirectory(RunConfig(seed=3), tmp_path).open()
    assert files_in(tmp_path) == before
    assert RunDirectory(config, tmp_path).open(overwrite=True) is None


def test_a_run_that_another_process_finishes_meanwhile_is_not_repeated(
    tmp_path, monkeypatch, capsys
):
    config = RunConfig(train_examples=20, epochs=1)
    path, other = tmp_path / "run", tmp_path / "other"
    first = run(config, other, verbose=False)
    monkeypatch.setattr(
        session.Session, "restore", lambda *_, **__: not other.rename(path)
    )
    second = run(config, path)
    assert second == first
    assert second.model.count_params() == first["parameters"]
    assert "holds a finished run; pass overwrite" in capsys.readouterr().out


def test_a_directory_stays_locked_until_its_checkpoints_are_removed(
    tmp_path, monkeypatch
):
    directory = RunDirectory(RunConfig(), tmp_path)
    directory.open()
    assert directory.checkpoints.exists()
    release, there = directory._lock.release, []

    def record(*args):
        there.append(directory.checkpoints.exists())
        release(*args)

    monkeypatch.setattr(directory._lock, "release", record)
    directory.close()
    assert there == [False]
