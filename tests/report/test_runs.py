"""Runs in the report: precision, early stops, evaluation and commands."""

import dataclasses
import pathlib
import shlex

import pytest

from rethink_keras import RunConfig
from rethink_keras.experiments import TITLES, load
from rethink_keras.report.measured import measure
from rethink_keras.report.page import as_csv, make_section, write_report
from rethink_keras.report.runs import command_of, run_lines
from rethink_keras.report.tables import table_rows
from rethink_keras.results import counting_runs, find_runs
from tests.support.finished import row_of, write_result

ROOT = pathlib.Path(__file__).parents[2]
INCEPTION = row_of("table1", "inception")


def shown(logdir):
    rows = measure("table1", "paper", find_runs(logdir))
    (found,) = [r for r in table_rows(rows, str(logdir)) if r.seeds != "0"]
    return found


def config_of(command):
    """Parses a command, including its flagfile, to a config."""
    command = command.removeprefix("KERAS_BACKEND=jax ")
    _, _, module, *flags = shlex.split(command)
    assert module == "rethink_keras.main"
    name = flags[0].removeprefix("--flagfile=")
    if name != flags[0]:
        flags[0] = (ROOT / name).read_text()
    return RunConfig.from_flags("\n".join(flags))


def test_a_row_shows_precision_and_where_runs_stopped(tmp_path):
    for seed, epochs in enumerate((17, 19)):
        config = dataclasses.replace(
            INCEPTION.seeded(seed), precision="mixed_bfloat16"
        )
        write_result(
            tmp_path,
            INCEPTION,
            config=config,
            losses=[1.0] * epochs,
            batch_norm_statistics="recomputed",
        )
    found = shown(tmp_path)
    assert found.precision == "mixed_bfloat16"
    assert (found.epochs, found.notes) == ("17 to 19", "stopped")
    assert found.command.endswith(
        "--flagfile=flags/table1/inception.txt --precision=mixed_bfloat16"
    )


def test_a_row_shows_evaluation_with_moving_averages(tmp_path):
    config = dataclasses.replace(INCEPTION.config, stop_at_loss=None)
    write_result(tmp_path, INCEPTION, config=config, losses=[1.0] * 50)
    found = shown(tmp_path)
    assert (found.epochs, found.notes) == ("50", "moving averages")


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("stop", [None, 0.002])
def test_a_command_repeats_the_run_that_is_shown(
    seed, precision, stop, tmp_path
):
    config = dataclasses.replace(
        INCEPTION.seeded(seed), precision=precision, stop_at_loss=stop
    )
    write_result(tmp_path, INCEPTION, config=config)
    found = shown(tmp_path)
    assert config_of(found.command) == config
    assert ("--flagfile" in found.command) == (stop is not None)


def test_minutes_of_unlike_devices_are_not_averaged(tmp_path):
    devices = ("CPU, 2 cores (a processor)", "1 x NVIDIA H200", "8 x TPU v4")
    for seed, device in enumerate((*devices, devices[1])):
        config = INCEPTION.seeded(seed)
        seconds = 60 * (seed + 1)
        write_result(
            tmp_path,
            INCEPTION,
            config=config,
            device=device,
            wall_seconds=seconds,
        )
    expected = "3.0 (8 x TPU v4), 1.0 (CPU), 3.0 (NVIDIA H200)"
    assert shown(tmp_path).minutes == expected


def test_a_command_names_the_jax_backend(tmp_path):
    write_result(tmp_path, INCEPTION, versions={"backend": "jax"})
    found = shown(tmp_path)
    assert found.command.startswith("KERAS_BACKEND=jax python -m ")
    assert config_of(found.command) == INCEPTION.config


@pytest.mark.parametrize("scale", ["sample", "paper"])
def test_every_command_of_the_reference_runs_repeats_its_run(scale):
    runs = find_runs(ROOT / "tensorboard_logs" / "reference").values()
    for experiment in TITLES:
        for row in load(experiment, scale):
            assert config_of(command_of(row, None)) == row.config
            for run in counting_runs(runs, row.config).values():
                assert config_of(command_of(row, run)) == run.config


def test_a_run_that_counts_for_several_rows_is_listed_once(tmp_path):
    write_result(tmp_path, row_of("figure1b", "mlp_1x512_0.0"))
    rows = [
        row
        for experiment in ("table1", "figure1b", "figure1c")
        for row in measure(experiment, "paper", find_runs(tmp_path))
    ]
    (line,) = run_lines(rows, str(tmp_path))
    assert line.rows == (
        "table1/mlp_1x512, figure1b/mlp_1x512_0.0, figure1c/mlp_1x512_0.0"
    )
    assert (line.seed, line.epochs, line.minutes) == ("0", "2", "1.5")


def test_pages_and_csv_file_list_each_run(tmp_path):
    logs, target = tmp_path / "logs", tmp_path / "report"
    write_result(logs, INCEPTION)
    write_report(str(logs), str(target))
    command = "--flagfile=flags/table1/inception.txt"
    (run,) = find_runs(logs).values()
    for name in ("report.md", "index.html"):
        text = (target / name).read_text()
        assert command in text[text.index("Runs") :]
        assert str(run.path.relative_to(logs)) in text[text.index("Runs") :]
    section = make_section("table1", "paper", find_runs(logs), str(logs))
    titles, line = as_csv([section]).splitlines()
    assert titles.endswith("precision,stop_at_loss,notes,command")
    assert line.endswith(
        'float32,0.002,"stopped, moving averages",python -m'
        f" rethink_keras.main {command}"
    )
