"""Compares the test accuracies of two rows."""

import numpy as np

from rethink_keras.report.measured import MeasuredRow
from rethink_keras.report.statistics import paired_p_value, seeds_p_value
from rethink_keras.results import (
    PREDICTIONS,
    FinishedRun,
    Predictions,
    read_predictions,
)

_LAST = 5  # epochs


def between_seeds(
    first: MeasuredRow, second: MeasuredRow
) -> tuple[float, float | None, str]:
    """Compares the test accuracies of two rows by Student's t test.

    Args:
      first: a row with two or more seeds.
      second: another one.

    Returns:
      The difference in points, its p-value and the name of the test.
    """
    assert first.test is not None
    assert second.test is not None
    p = float(seeds_p_value(first.test.values, second.test.values))
    seeds = f"{len(first.runs)} and {len(second.runs)} seeds"
    basis = f"t test between {seeds}, p = {p:.2g}"
    return first.test.mean - second.test.mean, p, basis


def between_networks(
    first: MeasuredRow, second: MeasuredRow
) -> tuple[float, float | None, str]:
    """Compares two networks on the same test images by McNemar's test.

    Args:
      first: a row with finished runs.
      second: another one.

    Returns:
      The difference in points, its p-value and the name of the test. The
      p-value is None if a run has no saved predictions.
    """
    runs = _runs_to_compare(first, second)
    accuracies = [100 * run.result["test_accuracy"] for run in runs]
    difference = accuracies[0] - accuracies[1]
    kept = [read_predictions(run.path) for run in runs]
    if kept[0] is None or kept[1] is None:
        return difference, None, "one seed without saved predictions"
    correct = [_correct(splits["test"]) for splits in kept if splits]
    _, *places = np.intersect1d(
        correct[0][0], correct[1][0], assume_unique=True, return_indices=True
    )
    one, other = (
        r[place] for (_, r), place in zip(correct, places, strict=True)
    )
    only = int(np.sum(one & ~other)), int(np.sum(other & ~one))
    p = float(paired_p_value(*only))
    basis = (
        f"paired test of two trained networks, not two procedures, on"
        f" {len(one):,} images, p = {p:.2g}"
    )
    return 100 * (only[0] - only[1]) / len(one), p, basis


def _runs_to_compare(
    first: MeasuredRow, second: MeasuredRow
) -> list[FinishedRun]:
    """Returns a run of each row: one with predictions, of one seed if any."""
    kept = [
        {
            seed: run
            for seed, run in row.runs.items()
            if (run.path / PREDICTIONS).exists()
        }
        or row.runs
        for row in (first, second)
    ]
    shared = [seed for seed in kept[0] if seed in kept[1]]
    return [
        runs[shared[0]] if shared else next(iter(runs.values()))
        for runs in kept
    ]


def _correct(test: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images' indices and whether each prediction is correct."""
    return test.index, test.prediction == test.true_label


def smallest_gap(first: MeasuredRow, second: MeasuredRow) -> float:
    """Returns the smallest difference in test accuracy of any pair of seeds.

    It is in points; 0 if pairs of seeds disagree on which row is better.
    """
    assert first.test is not None
    assert second.test is not None
    gaps = np.subtract.outer(first.test.values, second.test.values)
    agree = np.all(gaps > 0) or np.all(gaps < 0)
    return float(np.abs(gaps).min()) if agree else 0.0


def range_at_stop(first: MeasuredRow, second: MeasuredRow) -> float:
    """Returns by how many points a row still moved when it stopped.

    It is the range of its test accuracy over its last epochs; 0 if both rows
    stopped at a training loss, or neither did.
    """
    stopped = [
        [run for run in row.runs.values() if run.stopped]
        for row in (first, second)
    ]
    if all(stopped):
        return 0.0
    ends = [
        run.result["history"]["test_accuracy"][-_LAST:]
        for runs in stopped
        for run in runs
    ]
    return max((100 * (max(end) - min(end)) for end in ends), default=0.0)
