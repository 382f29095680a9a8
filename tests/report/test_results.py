"""RESULTS.md says what the committed runs say."""

import json
import pathlib
import re

from rethink_keras import RunConfig
from rethink_keras.report.page import write_report
from rethink_keras.runs import summary

ROOT = pathlib.Path(__file__).parents[2]
REFERENCE = ROOT / "tensorboard_logs" / "reference"
FIGURES = "docs/results"


def test_results_are_those_of_the_reference_runs(tmp_path):
    """As made by the command at the head of RESULTS.md."""
    write_report(str(REFERENCE), str(tmp_path))
    report = (tmp_path / "report.md").read_text()
    written = (ROOT / "RESULTS.md").read_text()
    assert re.sub(r"\]\((?=\w)", f"]({FIGURES}/", report) == written
    for picture in re.findall(r"\]\((\S+\.png)\)", written):
        assert (ROOT / picture).exists()


def test_reference_runs_name_no_directory_of_the_machine_that_ran_them():
    files = [p for p in REFERENCE.rglob("*") if p.is_file()]
    assert any(path.name == "result.json" for path in files)
    for path in files:
        assert b"--data_dir=" not in path.read_bytes(), path
        if path.suffix == ".json":
            content = json.loads(path.read_text())
            config = content.get("config", content)
            assert config.get("data_dir") is None, path


def test_the_command_that_shows_a_run_is_quoted():
    result = {
        "config": RunConfig().as_dict(),
        "train_accuracy": 1.0,
        "test_accuracy": 0.1,
        "classes": 10,
    }
    shown = summary.conclusion(result, "my logs/run[1]")
    assert shown.endswith("; see tensorboard --logdir 'my logs/run[1]'")
    shown = summary.conclusion(result, "tensorboard_logs/set/run")
    assert shown.endswith("; see tensorboard --logdir tensorboard_logs")
