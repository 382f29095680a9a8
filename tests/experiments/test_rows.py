"""Rows of the paper's tables and figures, their plans and their runner."""

import dataclasses
import json
import os
import signal
import subprocess
import sys

import pytest

from rethink_keras import InputError, RunConfig, models, paper, run
from rethink_keras.config import SAMPLE
from rethink_keras.experiments import TITLES, Job, Row, Runner, load, plan
from rethink_keras.experiments.cost import Estimate
from rethink_keras.experiments.rows import CORRUPTIONS, FLAGS_DIRECTORY
from rethink_keras.results import find_runs
from rethink_keras.runs import parameters
from tests.support.processes import wait_for

FLAGFILES = sorted(FLAGS_DIRECTORY.rglob("*.txt"))
PARAMETERS = {
    "small_inception": 1_649_402,
    "inception_v3": 23_817_352,
    "small_alexnet": 1_387_786,
    "mlp_1x512": 1_209_866,
    "mlp_3x512": 1_735_178,
    "small_resnet": 1_198_810,
    "small_vit": 1_203_722,
}
TINY = ("--train_examples=20", "--epochs=2")


def tiny_row(name: str, *flags: str) -> Row:
    config = RunConfig.from_flags("\n".join((*TINY, *flags)))
    return Row("table1", name, "sample", config, (*TINY, *flags))


# Flagfiles


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_a_flagfile_builds_the_model_it_names(path):
    text = path.read_text()
    config = RunConfig.from_flags(text)
    imagenet = config.model == "inception_v3"
    assert config.dataset == ("imagenet2012" if imagenet else "cifar10")
    switches = {} if config.batch_norm is None else {"batch_norm": True}
    switches = dict.fromkeys(switches, config.batch_norm)
    count = parameters(models.BUILDERS[config.model](**switches))
    assert count == PARAMETERS[config.model]
    assert f"{count:,} parameters" in text
    command = f"--flagfile={path.relative_to(FLAGS_DIRECTORY.parent)}"
    assert command in text
    assert "Paper: " in text
    assert "Expect: " in text


def test_table_1_has_the_papers_rows():
    rows = load("table1", "paper")
    reported = paper.read("table1")
    assert [row.name for row in rows] == [row["row"] for row in reported]
    for row, papers in zip(rows, reported, strict=True):
        config = row.config
        assert PARAMETERS[config.model] == papers["parameters"]
        assert config.random_crop == (papers["random_crop"] == "yes")
        assert bool(config.weight_decay) == (papers["weight_decay"] == "yes")
        random_labels = papers["random_labels"] == "yes"
        assert config.randomize == ("labels" if random_labels else "none")
        without = "w/o BatchNorm" in papers["model"]
        assert (config.batch_norm is False) == without


def test_table_2_has_the_papers_rows():
    rows = load("table2", "paper")
    reported = paper.read("table2")
    assert [row.name for row in rows] == [row["row"] for row in reported]
    for row, papers in zip(rows, reported, strict=True):
        config = row.config
        assert (config.model, config.image_size) == ("inception_v3", 299)
        assert config.distort == (papers["data_aug"] == "yes")
        assert bool(config.dropout) == (papers["dropout"] == "yes")
        assert bool(config.weight_decay) == (papers["weight_decay"] == "yes")
        random_labels = papers["random_labels"] == "yes"
        assert config.randomize == ("labels" if random_labels else "none")


def test_figure_2a_shares_the_runs_of_table_2():
    curves = {row.config for row in load("figure2a", "paper")}
    assert len(curves) == 3
    assert curves < {row.config for row in load("table2", "paper")}


def test_rows_of_table_4_are_random_labels_with_a_regularizer():
    rows = {row.name: row.config for row in load("table4", "paper")}
    assert list(rows) == [row["row"] for row in paper.read("table4")]
    for papers in paper.read("table4"):
        config = rows[papers["row"]]
        assert (config.randomize, config.label_corruption) == ("labels", 1)
        assert bool(config.weight_decay) == (
            papers["regularizer"] == "weight decay"
        )
        assert config.random_crop == (
            papers["regularizer"].endswith("cropping")
        )
        assert config.augment == (papers["regularizer"] == "augmentation")


def test_rows_of_figure_1a_are_named_by_their_randomization():
    kinds = {
        row.name: row.config.randomize for row in load("figure1a", "paper")
    }
    assert kinds == {
        "true_labels": "none",
        "random_labels": "labels",
        "shuffled_pixels": "shuffled_pixels",
        "random_pixels": "random_pixels",
        "gaussian": "gaussian",
    }


@pytest.mark.parametrize("experiment", ["figure1b", "figure1c"])
def test_figures_1b_and_1c_have_three_networks_at_eleven_levels(experiment):
    rows = load(experiment, "paper")
    assert len(rows) == 33
    for row in rows:
        model, _, level = row.name.rpartition("_")
        assert model in row.config.model
        corruption = row.config.label_corruption
        if row.config.randomize == "none":
            corruption = 0.0
        assert corruption == float(level)
    assert {float(row.name.rpartition("_")[2]) for row in rows} == set(
        CORRUPTIONS
    )


def test_rows_of_today_are_named_by_network_and_regularizer():
    rows = {row.name: row.config for row in load("today", "paper")}
    for name, config in rows.items():
        model, kind, what, *_ = name.split("_")
        assert config.model == f"small_{model}"
        assert config.mixup == name.endswith("mixup")
        assert config.cutout == name.endswith("cutout")
        assert bool(config.label_smoothing) == name.endswith("smoothing")
        if kind == "corruption":
            assert config.label_corruption == int(what) / 100
        else:
            assert (
                config.randomize == {"true": "none", "random": "labels"}[kind]
            )
    memorization = [row.name for row in load("memorization", "paper")]
    assert memorization == ["resnet_corruption_20", "resnet_corruption_50"]


@pytest.mark.parametrize("experiment", TITLES)
def test_scales_differ_in_the_data_set_and_streamed_ones_in_size(experiment):
    full, sample = load(experiment, "paper"), load(experiment, "sample")
    assert len({row.config for row in full}) == len(full)
    for full_row, sample_row in zip(full, sample, strict=True):
        smaller = {"image_size": 75, "epochs": 3}
        smaller = smaller if full_row.config.streams else {}
        assert sample_row.config == dataclasses.replace(
            full_row.config, dataset=SAMPLE, **smaller
        )
        assert f"--dataset={SAMPLE}" in sample_row.flags


def test_rows_with_equal_configs_share_one_run():
    rows = load("table1", "paper") + load("figure1b", "paper")
    jobs = plan(rows, [0], "nowhere")
    configs = [job.config for job in jobs]
    assert len(set(configs)) == len(configs)
    assert len(configs) == 19 + 33 - 2 * 3


def test_commands_find_their_flagfile_from_any_directory(tmp_path, monkeypatch):
    row = load("table1", "sample")[0]
    monkeypatch.chdir(FLAGS_DIRECTORY.parent)
    (at_root,) = plan([row], [0], "out")
    assert at_root.command[2:4] == row.flags
    monkeypatch.chdir(tmp_path)
    (elsewhere,) = plan([row], [0], "out")
    paths = [
        job.command[2].removeprefix("--flagfile=")
        for job in (at_root, elsewhere)
    ]
    assert os.path.samefile(FLAGS_DIRECTORY.parent / paths[0], paths[1])
    assert elsewhere.command[3:] == at_root.command[3:]
    assert elsewhere.command[-1].startswith("--workdir=out/")


def test_unknown_experiments_and_scales_are_refused():
    with pytest.raises(InputError, match=r"table9.*table1"):
        load("table9", "paper")
    with pytest.raises(InputError, match=r"scale=small.*sample"):
        load("table1", "small")


# The runner, with real processes


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
        (None, ["0", "1"]),
    ],
)
def test_each_simultaneous_run_gets_one_visible_accelerator(
    tmp_path, monkeypatch, visible, seen
):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    jobs = [
        Job(
            row=tiny_row(name),
            config=RunConfig(),
            command=("-c", ACCELERATOR, str(tmp_path), name),
            finished=None,
            estimate=Estimate(1.0, "known"),
        )
        for name in ("first", "second")
    ]
    assert Runner(2).run(jobs) == {}
    found = sorted(path.read_text() for path in tmp_path.iterdir())
    assert found == seen


def test_more_simultaneous_runs_than_accelerators_are_refused(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,-1,4")
    refusal = r"^jobs=3: allowed is at most 2, .* CUDA_VISIBLE_DEVICES=2,3,-1,4"
    with pytest.raises(InputError, match=refusal):
        Runner(3)


@pytest.fixture
def two_cores():
    """Restricts this process to two CPU cores."""
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("the process has only one CPU core")
    os.sched_setaffinity(0, sorted(cores)[:2])
    yield
    os.sched_setaffinity(0, cores)


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


LONG = ("--train_examples=1000", "--epochs=20")
STARTER = """
import sys
from rethink_keras import RunConfig
from rethink_keras.experiments import Row, Runner, plan
flags = sys.argv[2:]
row = Row("t", "long", "sample", RunConfig.from_flags("\\n".join(flags)), flags)
Runner().run(plan([row], [0], sys.argv[1]))
"""


def test_a_run_ends_with_its_killed_runner_and_can_be_resumed(tmp_path):
    command = [sys.executable, "-c", STARTER, str(tmp_path), *LONG]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: list(tmp_path.rglob("config.json")), 60)
        process.send_signal(signal.SIGKILL)
    assert not list(tmp_path.rglob("result.json"))
    wait_for(lambda: not processes_naming(str(tmp_path)), 60)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (path,) = tmp_path.rglob("result.json")
    again = json.loads(path.read_text())
    config = RunConfig.from_flags("\n".join(LONG))
    whole = run(config, tmp_path / "whole", verbose=False)
    for result in (again, whole):
        del result["history"]["seconds"]
    assert again["history"] == whole["history"]


def test_ctrl_c_stops_the_run_of_a_runner(tmp_path):
    command = [sys.executable, "-c", STARTER, str(tmp_path), *LONG]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: list(tmp_path.rglob("config.json")), 60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "error: interrupted" in errors
    assert not processes_naming(str(tmp_path))
    assert not list(tmp_path.rglob("result.json"))


def processes_naming(text: str) -> list[int]:
    """Returns the ids of other processes with a text in their command line."""
    done = subprocess.run(
        ["pgrep", "-f", "--", text], capture_output=True, text=True
    )
    return [int(pid) for pid in done.stdout.split() if int(pid) != os.getpid()]
