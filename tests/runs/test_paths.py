"""Work directories whose names contain the special characters of patterns."""

import numpy as np
import pytest
from etils import epath

from rethink_keras import RunConfig
from rethink_keras.files import visible
from rethink_keras.results.records import Record, find_records, write_record
from rethink_keras.runs.directory import RunDirectory
from rethink_keras.training import Checkpoints, Progress

NAME = "run[1]*?"


@pytest.fixture
def directory(tmp_path) -> epath.Path:
    return epath.Path(tmp_path) / NAME


def checkpoints_in(directory: epath.Path) -> Checkpoints:
    return Checkpoints(directory / "checkpoints", run={}, minutes=1)


def save(directory: epath.Path, *steps: int) -> None:
    (directory / "checkpoints").mkdir(parents=True, exist_ok=True)
    for step in steps:
        checkpoints_in(directory).save(
            step, Progress(step=step), {"a": np.zeros(1)}
        )


def names(directory: epath.Path) -> list[str]:
    return [path.name for path in visible(directory)]


def test_checkpoints_are_found_replaced_and_removed(directory):
    save(directory, 1, 2, 3)
    assert names(directory / "checkpoints") == [
        "step-0000000002.npz",
        "step-0000000003.npz",
    ]
    assert checkpoints_in(directory).latest().progress.step == 3
    checkpoints_in(directory).clear()
    assert names(directory / "checkpoints") == []


def test_closing_a_run_keeps_its_checkpoints(directory):
    run = RunDirectory(RunConfig(), directory)
    run.open()
    save(directory, 1)
    run.close()
    assert names(directory / "checkpoints") == ["lock", "step-0000000001.npz"]
    checkpoints_in(directory).clear()
    run.close()
    assert not (directory / "checkpoints").exists()


def test_records_are_found(directory):
    record = Record("theorem1", "[a]", "Title", 0, {"t": [{"n": 1}]}, {}, 0.5)
    write_record(record, str(directory), "python launch/theorem1.py")
    (found,) = find_records(directory)
    assert found.name == "[a]"


def test_visible_returns_sorted_matching_entries_without_hidden(tmp_path):
    for name in ("b.txt", "a.txt", ".c.txt", "d.py"):
        (tmp_path / name).touch()
    path = epath.Path(tmp_path)
    assert names(path) == ["a.txt", "b.txt", "d.py"]
    assert [p.name for p in visible(path, "*.txt")] == ["a.txt", "b.txt"]
    assert visible(path / "absent") == []
