"""Runs that are killed or interrupted, and corrupt checkpoints."""

import functools
import json
import pathlib
import random
import resource
import shutil
import signal
import time
import types

import numpy as np
import pytest
from etils import epath

from rethink_keras import InputError, RunConfig, run
from rethink_keras.training import Checkpoints, Progress
from rethink_keras.training import checkpoints as checkpoints_module
from tests.support.processes import (
    command_of,
    execute,
    finish,
    kill,
    learning_of,
    newest,
    points_of,
    result_of,
    start,
    wait_for,
)
from tests.support.tried import TRIED

pytestmark = pytest.mark.faults

SECONDS = 900  # for the longest run on a busy machine
MLP = ("--train_examples=2000", "--epochs=12", "--dropout=0.2")
RUNS = {
    "mlp_1x512": MLP,
    "small_alexnet": ("--train_examples=300", "--epochs=40", "--dropout=0.2"),
    "small_inception": ("--train_examples=120", "--epochs=40", "--dropout=0.2"),
}


def kill_and_resume(path, flags, kills: int, seed: int) -> None:
    """Kills a run at random moments, then lets it finish."""
    rng = random.Random(seed)
    for _ in range(kills):
        process = start(path, *flags)
        wait_for(functools.partial(has_moved, process, path, newest(path)))
        time.sleep(rng.uniform(0, 0.6))
        assert kill(process), "the run ended too early; give it more epochs"
    finished = execute(path, *flags, timeout=SECONDS)
    assert finished.returncode == 0, finished.stderr


def has_moved(process, path, last: str) -> bool:
    """Returns whether a run has saved a newer checkpoint, or ended."""
    return newest(path) != last or process.poll() is not None


def assert_kills_change_nothing(tmp_path, model, kills, seed):
    flags = (*RUNS[model], f"--model={model}", "--label_corruption=0.5")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert execute(whole, *flags, timeout=SECONDS).returncode == 0
    kill_and_resume(killed, flags, kills, seed)
    assert result_of(killed) == result_of(whole)
    assert points_of(killed) == points_of(whole)
    assert learning_of(killed) == learning_of(whole)
    assert not (killed / "checkpoints").exists()


@pytest.mark.slow
def test_a_run_killed_three_times_equals_an_uninterrupted_run(tmp_path):
    assert_kills_change_nothing(tmp_path, "mlp_1x512", kills=3, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("model", RUNS)
def test_a_run_killed_twenty_times_equals_an_uninterrupted_run(tmp_path, model):
    assert_kills_change_nothing(tmp_path, model, kills=20, seed=1)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)]
)
def test_a_signal_saves_a_checkpoint_to_resume_from(tmp_path, number, code):
    flags = ("--train_examples=2000", "--epochs=400")
    process = start(tmp_path, *flags)
    wait_for(lambda: newest(tmp_path))
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == code
    assert errors.count("\n") == 1
    assert "saved" in errors
    assert newest(tmp_path)
    process = start(tmp_path, "--resume=must", *flags)
    wait_for(lambda: "resuming" in process.stdout.readline())
    kill(process)


def test_a_second_process_in_one_directory_is_refused(tmp_path):
    flags = ("--train_examples=2000", "--epochs=400")
    with start(tmp_path, *flags) as process:
        wait_for(lambda: newest(tmp_path))
        second = execute(tmp_path, *flags)
        kill(process)
    assert second.returncode == 2
    assert "another process is using it" in second.stderr
    assert second.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def interrupted_once(tmp_path_factory) -> pathlib.Path:
    """A directory of a run that a signal interrupted after an epoch."""
    path = tmp_path_factory.mktemp("interrupted")
    process = start(path, "--train_examples=2000", "--epochs=400")
    wait_for(lambda: len(list(path.glob("checkpoints/step-*"))) == 2)
    process.terminate()
    process.communicate()
    assert process.returncode == 75
    return path


@pytest.fixture
def interrupted(interrupted_once, tmp_path) -> tuple[RunConfig, pathlib.Path]:
    """A copy of the interrupted run, and its config."""
    shutil.copytree(interrupted_once, tmp_path, dirs_exist_ok=True)
    return RunConfig(train_examples=2_000, epochs=400), tmp_path


def test_a_corrupt_checkpoint_is_skipped_for_the_previous_one(
    interrupted, capsys
):
    config, path = interrupted
    older, newer = sorted(path.glob("checkpoints/step-*.npz"))
    whole = newer.read_bytes()
    for corrupt in (b"", whole[: len(whole) // 2], flipped(whole)):
        TRIED["bad inputs"] += 1
        newer.write_bytes(corrupt)
        found = checkpoints_of(path).latest()
        step = found.progress.epoch * 20 + found.progress.step
        assert f"{step:010}" in older.name
        assert f"{newer} is corrupt" in capsys.readouterr().err
    older.unlink()
    assert checkpoints_of(path).latest() is None
    with pytest.raises(InputError, match=r"resume=must.*no checkpoint"):
        run(config, path, resume="must", verbose=False)


def checkpoints_of(path) -> Checkpoints:
    (path / "checkpoints").mkdir(exist_ok=True)
    return Checkpoints(path / "checkpoints", run={}, minutes=1)


def flipped(content: bytes) -> bytes:
    """Flips one bit in the middle of the file."""
    array = bytearray(content)
    array[len(content) // 4] ^= 1
    return bytes(array)


def test_options_that_differ_from_the_checkpoints_are_refused(interrupted):
    _, path = interrupted
    before = sorted(path.rglob("*"))
    TRIED["bad inputs"] += 1
    other = RunConfig(train_examples=2_000, epochs=400, learning_rate=0.02)
    with pytest.raises(
        InputError, match=r"learning_rate=0\.01 there, 0\.02 here"
    ):
        run(other, path, verbose=False)
    assert sorted(path.rglob("*")) == before


def test_a_checkpoint_of_other_data_is_refused(interrupted):
    config, path = interrupted
    newer = max(path.glob("checkpoints/step-*.npz"))
    with np.load(newer) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    header["run"]["fingerprint"] = "0" * 64
    text = json.dumps(header).encode()
    arrays["header"] = np.frombuffer(text, np.uint8)
    np.savez(newer, **arrays)
    TRIED["bad inputs"] += 1
    with pytest.raises(InputError, match="a checkpoint of other data"):
        run(config, path, verbose=False)


def test_resume_never_starts_from_the_beginning(interrupted):
    config, path = interrupted
    process = start(path, "--resume=never", *config.as_flags().splitlines())
    first = next(line for line in process.stdout if line.startswith("epoch"))
    kill(process)
    assert first.startswith("epoch   1/400")


def test_the_last_two_checkpoints_are_kept(tmp_path):
    checkpoints = checkpoints_of(tmp_path)
    for step in range(5):
        checkpoints.save(step, Progress(epoch=step), {"a": np.arange(step)})
    names = sorted(p.name for p in tmp_path.rglob("*.npz"))
    assert names == ["step-0000000003.npz", "step-0000000004.npz"]
    assert checkpoints.latest().progress.epoch == 4
    np.testing.assert_array_equal(checkpoints.latest().arrays["a"], range(4))


def test_when_checkpoints_are_due_and_how_long_a_run_took(
    tmp_path, monkeypatch
):
    now, write_whole = 100.0, checkpoints_module.write_whole

    def write(path, content):
        nonlocal now
        now += 3
        write_whole(path, content)

    clock = types.SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(checkpoints_module, "time", clock)
    monkeypatch.setattr(checkpoints_module, "write_whole", write)
    first = Checkpoints(epath.Path(tmp_path), run={}, minutes=2)
    now = 219.0
    assert (first.due(), first.affordable()) == (False, True)
    now = 220.0
    assert first.due()
    first.save(1, Progress(step=1), {})  # takes 3 s, until 223
    for now, expected in (  # noqa: B007
        (342.0, (False, False)),
        (343.0, (True, False)),
        (372.0, (True, False)),
        (373.0, (True, True)),
    ):
        assert (first.due(), first.affordable()) == expected
    now = 1000.0
    second = Checkpoints(epath.Path(tmp_path), run={}, minutes=2)
    second.latest()
    now = 1005.0
    assert second.elapsed == 120 + 5


def test_a_failed_save_keeps_the_last_checkpoint(interrupted):
    """A limit on the size of files stands in for a full disk."""
    config, path = interrupted
    last = newest(path)
    whole = (path / "checkpoints" / last).read_bytes()
    limits = (1_000_000, 1_000_000)
    done = finish(
        command_of(path, *config.as_flags().splitlines()),
        preexec_fn=functools.partial(
            resource.setrlimit, resource.RLIMIT_FSIZE, limits
        ),
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"--workdir={path}: cannot be written" in done.stderr
    assert (path / "checkpoints" / newest(path)).read_bytes() == whole
    assert not list(path.rglob("*.partial"))
