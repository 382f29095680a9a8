"""Runs of rows in real processes, and how finished runs are found."""

import json
import os
import signal
import subprocess
import sys

import pytest

from rethink_keras import DivergenceError, InputError, RunConfig, run
from rethink_keras.experiments import (
    Job,
    Row,
    Runner,
    jobs_as_text,
    plan,
    runner,
    speed,
)
from rethink_keras.experiments.cost import Estimate
from rethink_keras.results import find_runs, run_directory
from tests.support import processes
from tests.support.processes import wait_for

TINY = ("--train_examples=20", "--epochs=2")


def tiny_row(name: str, *flags: str) -> Row:
    config = RunConfig.from_flags("\n".join((*TINY, *flags)))
    return Row("table1", name, "sample", config, (*TINY, *flags))


@pytest.mark.slow
def test_a_failed_run_does_not_stop_others_and_finished_ones_are_skipped(
    tmp_path, capfd
):
    rows = [
        tiny_row("broken", "--dataset=nosuchset"),
        tiny_row("mlp", "--seed=0"),
    ]
    jobs = plan(rows, [0], str(tmp_path))
    failed = Runner().run(jobs)
    assert [job.row.name for job in failed] == ["broken"]
    assert list(failed.values()) == [2]
    jobs = plan(rows, [0], str(tmp_path))
    assert [job.finished is not None for job in jobs] == [False, True]
    done = jobs[1].finished
    assert done.config == jobs[1].config
    assert str(done.path).startswith(str(tmp_path))
    capfd.readouterr()
    assert Runner().run(jobs[1:]) == {}
    assert "0 of 1 runs to do" in capfd.readouterr().out


ACCELERATOR = """
import os, pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(folder / name).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "unset"))
while len(list(folder.iterdir())) < 2:
    time.sleep(0.01)
"""


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        ("2,3", ["2", "3"]),
        ("GPU-8932f937, 7,0", ["7", "GPU-8932f937"]),
        ("", ["", ""]),
        ("-1", ["-1", "-1"]),
        ("5", ["5", "5"]),
        (None, ["0", "1"]),
    ],
)
def test_each_simultaneous_run_gets_one_visible_accelerator(
    tmp_path, monkeypatch, visible, seen
):
    gpus = tmp_path / "gpus"
    for number in range(3):
        (gpus / str(number)).mkdir(parents=True)
    monkeypatch.setattr(runner, "_GPUS", gpus)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = tmp_path / "found"
    found.mkdir()
    jobs = [
        Job(
            row=tiny_row(name),
            config=RunConfig(),
            command=("-c", ACCELERATOR, str(found), name),
            finished=None,
            estimate=Estimate(1.0, "known"),
        )
        for name in ("first", "second")
    ]
    assert Runner(2).run(jobs) == {}
    assert sorted(path.read_text() for path in found.iterdir()) == seen


def test_runs_share_accelerators_if_there_are_more_of_them(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(runner, "_GPUS", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,-1,4")
    assert runner._accelerators(3) == ["2", "3", "2"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert runner._accelerators(3) == []  # the machine has none
    (tmp_path / "0000:01:00.0").mkdir()
    assert runner._accelerators(3) == ["0", "0", "0"]
    assert runner._accelerators(1) == []


@pytest.fixture
def two_cores():
    """Restricts this process to two CPU cores."""
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("the process has only one CPU core")
    os.sched_setaffinity(0, sorted(cores)[:2])
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_simultaneous_runs_divide_the_cores(tmp_path):
    jobs = plan([tiny_row("mlp")], [0, 1], str(tmp_path))
    assert Runner(2).run(jobs) == {}
    runs = find_runs(tmp_path).values()
    assert [run.result["device"].split(" (")[0] for run in runs] == [
        "CPU, 1 core"
    ] * 2


def test_finished_runs_are_found_in_any_subdirectory(tmp_path):
    row = tiny_row("mlp")
    run(row.seeded(3), tmp_path / "some" / "where", verbose=False)
    (job,) = plan([row], [3], str(tmp_path))
    assert job.finished is not None
    assert plan([row], [4], str(tmp_path))[0].finished is None


def test_reference_runs_count_only_in_their_own_directory(tmp_path):
    row = tiny_row("mlp")
    path = tmp_path / "reference" / "run"
    run(row.config, path, verbose=False)
    assert plan([row], [0], str(tmp_path))[0].finished is None
    assert plan([row], [0], str(tmp_path / "reference"))[0].finished


def test_the_error_for_a_corrupt_result_names_the_file(tmp_path):
    path = tmp_path / "run" / "result.json"
    path.parent.mkdir()
    path.write_text("{}")
    with pytest.raises(InputError, match=r"result\.json"):
        find_runs(tmp_path)


SECONDS = 240  # on a busy machine
LONG = ("--train_examples=1000", "--epochs=100")
STARTER = """
import sys
from rethink_keras import RunConfig
from rethink_keras.experiments import Row, Runner, plan
flags = sys.argv[2:]
row = Row("t", "long", "sample", RunConfig.from_flags("\\n".join(flags)), flags)
Runner().run(plan([row], [0], sys.argv[1]))
"""


@pytest.mark.slow
def test_a_run_ends_with_its_killed_runner_and_can_be_resumed(tmp_path):
    command = [sys.executable, "-c", STARTER, str(tmp_path), *LONG]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: list(tmp_path.rglob("step-*.npz")), SECONDS)
        process.send_signal(signal.SIGKILL)
    assert not list(tmp_path.rglob("result.json"))
    wait_for(lambda: not processes_naming(str(tmp_path)), SECONDS)
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True
    )
    assert "resuming after epoch" in done.stdout
    (path,) = tmp_path.rglob("result.json")
    again = json.loads(path.read_text())
    config = RunConfig.from_flags("\n".join(LONG))
    whole = run(config, tmp_path / "whole", verbose=False)
    for result in (again, whole):
        del result["history"]["seconds"]
    assert again["history"] == whole["history"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, os.EX_TEMPFAIL)],
)
def test_a_signal_to_a_table_stops_its_run(tmp_path, number, code):
    command = [
        *(sys.executable, "-m", "rethink_keras.cli.console", "table1"),
        *("--rows=alexnet_random_labels", f"--workdir={tmp_path}"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: list(tmp_path.rglob("step-*.npz")), SECONDS)
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert "interrupted" in errors.splitlines()[-1]
    assert not processes_naming(str(tmp_path))
    assert not list(tmp_path.rglob("result.json"))
    assert list(tmp_path.rglob("step-*.npz"))


def test_a_diverged_run_is_not_repeated_and_counts_as_failed(tmp_path, capsys):
    row = tiny_row("mlp", "--learning_rate=1e30")
    (job,) = plan([row], [0], str(tmp_path))
    assert job.to_do
    path = run_directory(tmp_path, job.config)
    with pytest.raises(DivergenceError):
        run(job.config, path, verbose=False)
    jobs = plan([row], [0], str(tmp_path))
    assert "remove" in jobs_as_text(jobs)
    assert Runner().run(jobs) == {jobs[0]: 1}
    assert f"remove {path / 'diverged.txt'}" in capsys.readouterr().out
    (path / "diverged.txt").unlink()
    assert plan([row], [0], str(tmp_path))[0].to_do


def test_no_time_is_left_after_the_last_of_many_runs(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(Runner, "_run_one", lambda *_: 0)
    jobs = plan([tiny_row("mlp")], range(11), str(tmp_path))
    Runner().run(jobs)
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith("[11/11]")
    assert last.endswith("about 0 min left")


def test_a_network_that_cannot_be_timed_is_named(monkeypatch):
    monkeypatch.setattr(speed, "images_per_second", processes.die)
    network = speed.network_of(RunConfig())
    with pytest.raises(InputError, match="precision=fastest: mlp_1x512 could"):
        speed.measure_speeds([network])


def processes_naming(text: str) -> list[int]:
    """Returns the ids of other processes with a text in their command line."""
    done = subprocess.run(
        ["pgrep", "-f", "--", text], capture_output=True, text=True
    )
    return [int(pid) for pid in done.stdout.split() if int(pid) != os.getpid()]
