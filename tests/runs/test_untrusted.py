"""Untrusted input: no pickle is loaded, and no shell parses a path."""

import pathlib

import numpy as np
import pytest
from etils import epath

from rethink_keras import RunConfig
from rethink_keras.experiments import Row, Runner, plan
from rethink_keras.training import Checkpoints, Progress
from tests.support.tried import TRIED

pytestmark = pytest.mark.faults


class Trap:
    """An object whose pickle creates a file when it is loaded."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def test_a_checkpoint_with_a_pickle_is_corrupt_and_not_loaded(tmp_path):
    sprung = tmp_path / "sprung"
    warnings = []
    checkpoints = Checkpoints(
        epath.Path(tmp_path), run={}, minutes=1, warn=warnings.append
    )
    checkpoints.save(1, Progress(epoch=1), {"a": np.zeros(3)})
    newer = tmp_path / "step-0000000002.npz"
    np.savez(newer, header=np.array([Trap(sprung)]), allow_pickle=True)
    TRIED["bad inputs"] += 1
    assert checkpoints.latest().progress.epoch == 1
    assert f"{newer} is corrupt" in warnings[0]
    assert not sprung.exists()
    with np.load(newer, allow_pickle=True) as file:
        file["header"]  # the trap works
    assert sprung.exists()


@pytest.mark.slow
def test_paths_are_not_parsed_by_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = ("--train_examples=20", "--epochs=1")
    config = RunConfig.from_flags("\n".join(flags))
    row = Row("table1", "tiny", "sample", config, flags)
    workdir = "a b; touch sprung & $(touch sprung) `touch sprung` 'c"
    jobs = plan([row], [0], workdir)
    TRIED["processes"] += 1
    TRIED["bad inputs"] += 1
    assert Runner().run(jobs) == {}
    assert [path.name for path in tmp_path.iterdir()] == [workdir]
    assert plan([row], [0], workdir)[0].finished is not None
