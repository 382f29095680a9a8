"""Writes result files as finished runs do."""

import dataclasses
import json

import numpy as np

from rethink_keras.experiments import TITLES, load
from rethink_keras.report.claims import CLAIMS
from rethink_keras.report.evidence import Evidence
from rethink_keras.report.measured import measure
from rethink_keras.results import (
    PREDICTIONS,
    Predictions,
    find_diverged,
    find_runs,
    run_directory,
)
from rethink_keras.results.predictions import write_predictions

MODELS = ("inception", "alexnet", "mlp_1x512")
LEVELS = [f"{level / 10}" for level in range(11)]
# Result of a run with the paper's number of steps that did not learn.
STUCK = {
    "train_accuracy": 0.11,
    "steps": 19_550,
    "losses": [2.3] * 50,
    "epochs_to_fit": None,
}


def write_result(logdir, row, seed=0, **measured):
    """Writes the result.json of a finished run of a row.

    Args:
      logdir: directory of the runs.
      row: row of an experiment.
      seed: seed of the run.
      **measured: values of result.json that replace the default ones. `config`
        replaces the run's config, `losses` and `accuracies` the histories.
        `right` also writes predictions of 10,000 test images, of which the
        first `right` are correct.
    """
    config = measured.pop("config", row.seeded(seed))
    right = measured.pop("right", None)
    if right is not None:
        measured["test_accuracy"] = right / 10_000
    losses = measured.pop("losses", [1.0, 0.04])
    accuracies = measured.pop("accuracies", [0.5, 0.75])
    result = {
        "config": config.as_dict(),
        "parameters": 1,
        "classes": 10,
        "epochs": len(losses),
        "steps": 391 * len(losses),
        "train_accuracy": 1.0,
        "test_accuracy": 0.5,
        "test_accuracy_corrupted": None,
        "best_test_accuracy": 0.6,
        "epochs_to_fit": 2,
        "wall_seconds": 90.0,
        "images_per_second": 1000.0,
        "device": "a device",
        "versions": {
            "rethink_keras": "0.2.0",
            "tensorflow": "2.21.0",
            "keras": "3.15.1",
            "backend": "tensorflow",
        },
        "fingerprint": "f" * 64,
        "history": {
            "loss": losses,
            "accuracy": accuracies,
            "accuracy_clean": [0.6, 0.9],
            "accuracy_corrupted": [0.2, 0.8],
            "corrupted_as_true": [0.3, 0.1],
            "test_accuracy": [0.4, 0.5],
        },
        **measured,
    }
    path = run_directory(logdir, config) / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(result))
    if right is not None:
        split = predictions_of(np.arange(10_000) < right)
        write_predictions(
            path.parent / PREDICTIONS, {"train": split, "test": split}
        )


def predictions_of(right):
    """Predictions of images of class 0: 0 where `right`, else 1."""
    zeros = np.zeros(len(right), "int32")
    return Predictions(
        index=np.arange(len(right), dtype="int32"),
        label=zeros,
        true_label=zeros,
        prediction=np.where(right, 0, 1).astype("int32"),
        probability=np.ones(len(right), "float32"),
        margin=np.ones(len(right), "float32"),
    )


def row_of(experiment, name, scale="paper"):
    return next(r for r in load(experiment, scale) if r.name == name)


def verdict(name, logdir, scale="paper"):
    """Judges a claim by the finished runs of a directory."""
    runs, diverged = find_runs(logdir), find_diverged(logdir)
    evidence = Evidence(
        scale,
        {
            title: {
                row.row.name: row
                for row in measure(title, scale, runs, diverged)
            }
            for title in TITLES
        },
    )
    (found,) = [v for v in CLAIMS.judge(evidence) if v.name == name]
    return found


def write(logdir, experiment, rows, seed=0):
    """Writes one result per row, with the given measurements."""
    for name, measured in rows.items():
        write_result(logdir, row_of(experiment, name), seed, **measured)


def write_diverged(logdir, row, **options):
    """Writes what a diverged run of a row leaves."""
    path = logdir / f"diverged_{row.experiment}_{row.name}"
    path.mkdir(parents=True)
    config = dataclasses.replace(row.config, **options)
    (path / "config.json").write_text(json.dumps(config.as_dict()))
    (path / "diverged.txt").write_text("a loss is NaN")
