"""Runs that are killed, interrupted, damaged or disturbed, for real."""

import functools
import json
import pathlib
import random
import resource
import signal
import time

import numpy as np
import pytest

from rethink_keras import InputError, RunConfig, run
from rethink_keras.training import Checkpoints, Progress
from tests.support.processes import (
    TRIED,
    execute,
    kill,
    newest,
    points_of,
    result_of,
    start,
    wait_for,
)

pytestmark = pytest.mark.faults

SECONDS = 900  # for the longest run, on a machine that is busy
MLP = ("--train_examples=2000", "--epochs=12", "--dropout=0.2")
RUNS = {
    "mlp_1x512": MLP,
    "small_alexnet": ("--train_examples=300", "--epochs=40", "--dropout=0.2"),
    "small_inception": ("--train_examples=120", "--epochs=40", "--dropout=0.2"),
}


def kill_and_go_on(path, flags, kills: int, seed: int) -> None:
    """Kills a run at random moments, then lets it end."""
    rng = random.Random(seed)
    for _ in range(kills):
        process = start(path, *flags)
        wait_for(functools.partial(has_moved, process, path, newest(path)))
        time.sleep(rng.uniform(0, 0.6))
        assert kill(process), "the run has ended: it needs more epochs"
    finished = execute(path, *flags, timeout=SECONDS)
    assert finished.returncode == 0, finished.stderr


def has_moved(process, path, seen: str) -> bool:
    """Whether a run has saved since, or ended."""
    return newest(path) != seen or process.poll() is not None


def assert_same_as_whole(tmp_path, model, kills, seed):
    flags = (*RUNS[model], f"--model={model}", "--label_corruption=0.5")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert execute(whole, *flags, timeout=SECONDS).returncode == 0
    kill_and_go_on(broken, flags, kills, seed)
    assert result_of(broken) == result_of(whole)
    assert points_of(broken) == points_of(whole)
    assert not (broken / "checkpoints").exists()


def test_a_run_killed_three_times_ends_as_one_never_killed(tmp_path):
    assert_same_as_whole(tmp_path, "mlp_1x512", kills=3, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("model", RUNS)
def test_kills_at_random_moments_change_nothing(tmp_path, model):
    assert_same_as_whole(tmp_path, model, kills=20, seed=1)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)]
)
def test_a_signal_saves_says_so_and_the_run_goes_on(tmp_path, number, code):
    flags = ("--train_examples=2000", "--epochs=400")
    process = start(tmp_path, *flags)
    wait_for(lambda: newest(tmp_path))
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors.count("\n") == 1
    assert "saved" in errors
    assert newest(tmp_path)
    process = start(tmp_path, "--resume=must", *flags)
    wait_for(lambda: "goes on" in process.stdout.readline())
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


@pytest.fixture
def cut_off(tmp_path) -> tuple[RunConfig, pathlib.Path]:
    """A run that a signal cut off in its second epoch or later."""
    config = RunConfig(train_examples=2_000, epochs=400)
    process = start(tmp_path, "--train_examples=2000", "--epochs=400")
    wait_for(lambda: len(list(tmp_path.glob("checkpoints/step-*"))) == 2)
    process.terminate()
    process.communicate()
    assert process.returncode == 75
    return config, tmp_path


def test_a_damaged_checkpoint_gives_way_to_the_one_before(cut_off, capsys):
    config, path = cut_off
    older, newer = sorted(path.glob("checkpoints/step-*.npz"))
    whole = newer.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], flipped(whole)):
        TRIED["bad inputs"] += 1
        newer.write_bytes(damaged)
        found = checkpoints_of(path).latest()
        step = found.progress.epoch * 20 + found.progress.step
        assert f"{step:010}" in older.name
        assert f"{newer} is damaged" in capsys.readouterr().err
    older.unlink()
    assert checkpoints_of(path).latest() is None
    with pytest.raises(InputError, match=r"resume=must.*no checkpoint"):
        run(config, path, resume="must", verbose=False)


def checkpoints_of(path) -> Checkpoints:
    (path / "checkpoints").mkdir(exist_ok=True)
    return Checkpoints(path / "checkpoints", run={}, minutes=1)


def flipped(content: bytes) -> bytes:
    """One bit in the middle of the first array turned over."""
    array = bytearray(content)
    array[len(content) // 2] ^= 1
    return bytes(array)


def test_other_options_than_the_checkpoints_are_refused(cut_off):
    _, path = cut_off
    before = sorted(path.rglob("*"))
    TRIED["bad inputs"] += 1
    other = RunConfig(train_examples=2_000, epochs=400, learning_rate=0.02)
    with pytest.raises(
        InputError, match=r"learning_rate=0\.01 there, 0\.02 here"
    ):
        run(other, path, verbose=False)
    assert sorted(path.rglob("*")) == before


def test_a_checkpoint_that_saw_other_data_is_refused(cut_off):
    config, path = cut_off
    newer = max(path.glob("checkpoints/step-*.npz"))
    with np.load(newer) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    header["run"]["fingerprint"] = "0" * 64
    text = json.dumps(header).encode()
    arrays["header"] = np.frombuffer(text, np.uint8)
    np.savez(newer, **arrays)
    TRIED["bad inputs"] += 1
    with pytest.raises(InputError, match="saw other data"):
        run(config, path, verbose=False)


def test_resume_never_starts_anew(cut_off):
    config, path = cut_off
    process = start(path, "--resume=never", *config.as_flags().splitlines())
    lines = [process.stdout.readline() for _ in range(8)]
    kill(process)
    assert "epoch   1/400" in lines[-1]


def test_the_last_two_checkpoints_are_kept(tmp_path):
    checkpoints = checkpoints_of(tmp_path)
    for step in range(5):
        checkpoints.save(step, Progress(epoch=step), {"a": np.arange(step)})
    names = sorted(p.name for p in tmp_path.rglob("*.npz"))
    assert names == ["step-0000000003.npz", "step-0000000004.npz"]
    assert checkpoints.latest().progress.epoch == 4
    np.testing.assert_array_equal(checkpoints.latest().arrays["a"], range(4))


def test_what_cannot_be_written_leaves_the_last_checkpoint(cut_off):
    """As on a full disk: no file may grow to the size of a checkpoint."""
    config, path = cut_off
    last = newest(path)
    whole = (path / "checkpoints" / last).read_bytes()
    limits = (1_000_000, 1_000_000)
    done = execute(
        path,
        *config.as_flags().splitlines(),
        preexec_fn=functools.partial(
            resource.setrlimit, resource.RLIMIT_FSIZE, limits
        ),
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"--workdir={path}: cannot be written" in done.stderr
    assert (path / "checkpoints" / newest(path)).read_bytes() == whole
    assert not list(path.rglob("*.partial"))
