"""Statistics, accuracy, loss and predictions for inference."""

import dataclasses
from typing import Any

import numpy as np

from rethink_keras.training.metrics import PREDICTION_COLUMNS, ratio, ratios
from rethink_keras.training.steps import Batches, Steps

STATISTICS_BATCHES = 10
_FEW_CLASSES = 10
_ACCURACIES = ("accuracy", "accuracy_clean", "accuracy_corrupted")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Means over all the examples of a split.

    Attributes:
      loss: cross-entropy against the labels, in nats.
      loss_true: against the true labels.
      accuracy: share of predictions equal to the label, from 0 to 1.
      accuracy_true: equal to the true label.
      accuracy_clean: as `accuracy`, over the examples whose label is the true
        one; None where there is none.
      accuracy_corrupted: over the examples whose label is another; None where
        there is none.
      top5_accuracy: share of examples whose label is among the five most
        likely classes; None of 10 classes or less, where five are many.
      top5_accuracy_true: whose true label is; likewise.
      accuracy_by_class: share of the examples of each true class that are
        predicted as such; None for a class without examples.
    """

    loss: float
    loss_true: float
    accuracy: float
    accuracy_true: float
    accuracy_clean: float | None
    accuracy_corrupted: float | None
    top5_accuracy: float | None
    top5_accuracy_true: float | None
    accuracy_by_class: list[float | None]


def evaluate(steps: Steps, batches: Batches) -> Evaluation:
    """Evaluates every example of a split once.

    Args:
      steps: of a backend.
      batches: see `pipeline.EvaluationBatches`.
    """
    return _means(
        sum(
            np.asarray(steps.evaluate_batch(batch), "float64")
            for batch in steps.dataset(batches)
        )
    )


def recompute_statistics(steps: Steps, batches: Batches) -> None:
    """Sets each BatchNorm's statistics to their mean over batches.

    Training is not touched: neither weights nor random states change. The
    result does not depend on the number of replicas.

    Args:
      steps: of a backend.
      batches: see `TrainingBatches.beginning`.
    """
    variables = steps.statistics.variables
    if not variables:
        return
    found = [
        [
            np.asarray(value, "float64")
            for value in steps.batch_statistics(images)
        ]
        for images, *_ in steps.whole_dataset(batches)
    ]
    for variable, values in zip(
        variables, zip(*found, strict=True), strict=True
    ):
        variable.assign(np.mean(values, axis=0).astype("float32"))


def evaluate_examples(
    steps: Steps, batches: Batches
) -> tuple[Evaluation, dict[str, np.ndarray]]:
    """Evaluates a split and keeps the prediction for each example.

    Args:
      steps: of a backend.
      batches: see `pipeline.EvaluationBatches`.

    Returns:
      The evaluation, and a float32 array [n] for each of
      `metrics.PREDICTION_COLUMNS`, in the order of the split.
    """
    parts = [steps.predict(batch) for batch in steps.dataset(batches)]
    sums, rows = zip(*parts, strict=True)
    evaluation = _means(sum(np.asarray(part, "float64") for part in sums))
    *columns, weights = np.concatenate(rows).T
    counted = weights > 0
    return evaluation, {
        name: column[counted]
        for name, column in zip(PREDICTION_COLUMNS, columns, strict=True)
    }


def _means(sums: Any) -> Evaluation:
    """From the sums of `metrics.evaluation_sums`."""
    losses, top5, outcomes, by_class = np.split(sums, [2, 4, 9])
    counts, hits = np.split(by_class, 2)
    loss, loss_true, accuracy_true = (
        float(total / counts.sum()) for total in (*losses, hits.sum())
    )
    accuracies = ratios(outcomes)
    few = len(counts) <= _FEW_CLASSES
    top5_accuracy, top5_accuracy_true = (
        None if few else float(total / counts.sum()) for total in top5
    )
    return Evaluation(
        loss=loss,
        loss_true=loss_true,
        accuracy_true=accuracy_true,
        top5_accuracy=top5_accuracy,
        top5_accuracy_true=top5_accuracy_true,
        accuracy_by_class=[
            ratio(*of_class) for of_class in zip(hits, counts, strict=True)
        ],
        **dict[str, Any]((name, accuracies[name]) for name in _ACCURACIES),
    )
