"""RESULTS.md agrees with the committed reference runs."""

import json
import pathlib
import runpy

import pytest

from rethink_keras import RunConfig
from rethink_keras.results.records import find_records
from rethink_keras.runs import summary

ROOT = pathlib.Path(__file__).parents[2]
REFERENCE = ROOT / "tensorboard_logs" / "reference"


def test_results_equal_the_report_of_the_reference_runs(reference_report):
    """RESULTS.md is as tools/results.py makes it.

    Drawn figures are compared by name, since Matplotlib's versions draw
    different bytes.
    """
    page_of = runpy.run_path(str(ROOT / "tools" / "results.py"))["page_of"]
    page, figures = page_of(reference_report)
    assert page == (ROOT / "RESULTS.md").read_text()
    stored = {path.name for path in (ROOT / "docs" / "results").glob("*")}
    assert stored == set(figures)
    for record in find_records(REFERENCE):
        for name, image in record.figures.items():
            file = record.file_of(name)
            if figures.get(file) == image:  # copied, not drawn again
                assert (ROOT / "docs" / "results" / file).read_bytes() == image


def test_reference_runs_contain_no_local_directories():
    files = [p for p in REFERENCE.rglob("*") if p.is_file()]
    assert any(path.name == "result.json" for path in files)
    for path in files:
        assert b"--data_dir=" not in path.read_bytes(), path
        if path.suffix == ".json":
            content = json.loads(path.read_text())
            config = content.get("config", content)
            assert config.get("data_dir") is None, path


def test_the_tensorboard_command_is_quoted():
    result = {
        "config": RunConfig().as_dict(),
        "train_accuracy": 1.0,
        "train_accuracy_corrupted": 1.0,
        "test_accuracy": 0.1,
        "classes": 10,
    }
    shown = summary.conclusion(result, "my logs/run[1]")
    assert shown.endswith("; see tensorboard --logdir 'my logs/run[1]'")
    shown = summary.conclusion(result, "tensorboard_logs/runs/run")
    assert shown.endswith("; see tensorboard --logdir tensorboard_logs/runs")


@pytest.mark.parametrize(
    ("corrupted", "expected"),
    [
        (1.0, "the network memorized the random labels"),
        (0.1, "the network does not fit the random labels; try more epochs"),
        (None, "the network fits the training set and generalizes"),
    ],
)
def test_few_random_labels_are_memorized_only_if_they_are_fitted(
    corrupted, expected
):
    result = {
        "config": RunConfig(label_corruption=0.005).as_dict(),
        "train_accuracy": 0.995,
        "train_accuracy_corrupted": corrupted,
        "test_accuracy": 0.5,
        "classes": 10,
    }
    assert expected in summary.conclusion(result, "logs")
