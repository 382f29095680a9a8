"""Commands with few examples, from their flags to what they write."""

import json

import pytest

from tests.support.processes import finish_forked

CONSOLE = "rethink_keras.cli.console"
FEW = {
    "table3": ("--rows=sample_raw", "--train_examples=60"),
    "min-norm": ("--rows=norms", "--train_examples=60"),
    "complexity": ("--rows=stability", "--train_examples=60"),
    "measures": ("--sizes=20", "--corruptions=0,1", "--seeds=0"),
    "double-descent": ("--widths=1", "--train_examples=20", "--seeds=0"),
    "memorization": (
        "--dataset=digits",
        "--train_examples=60",
        "--models=50",
        "--seeds=0,1",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", FEW)
def test_a_command_writes_a_record_that_names_it(command, tmp_path):
    done = finish_forked(CONSOLE, command, *FEW[command], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("tensorboard_logs/theory/**/result.json")
    record = json.loads(path.read_text())
    assert record["command"].startswith(f"rethink-keras {command} ")
    assert all(record["tables"].values())


@pytest.mark.slow
def test_trials_have_the_options_of_their_row(tmp_path):
    row = tmp_path / "row.txt"
    options = "--train_examples=20\n--epochs=1\n--seed=3\n"
    row.write_text(f"{options}--validation_examples=30\n--randomize=none\n")
    search = ("tune", f"--row={row}", "--trials=1")
    done = finish_forked(CONSOLE, *search, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("tensorboard_logs/tune/**/config.json")
    options = json.loads(path.read_text())
    assert (options["seed"], options["validation_examples"]) == (3, 30)
    row.write_text("--randomize=labels\n")
    done = finish_forked(CONSOLE, *search, cwd=tmp_path)
    assert done.returncode == 2
    assert "has random labels" in done.stderr


def test_a_dry_run_of_all_rows_writes_nothing(tmp_path):
    done = finish_forked(CONSOLE, "all", "--dry_run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "table1/mlp_1x512 seed 0" in done.stdout
    assert not list(tmp_path.iterdir())
