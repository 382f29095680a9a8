"""Evaluation: losses, accuracies, predictions and BatchNorm statistics."""

import dataclasses
from typing import Any

import numpy as np

from rethink_keras.training.metrics import PREDICTION_COLUMNS, ratio, ratios
from rethink_keras.training.steps import (
    EvaluationBatches,
    Steps,
    TrainingBatches,
)

STATISTICS_BATCHES = 10
FEW_CLASSES = 10
_ACCURACIES = ("accuracy", "accuracy_clean", "accuracy_corrupted")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Losses and accuracies over all examples of a split.

    Losses are mean cross-entropies in nats; accuracies are fractions from 0
    to 1.

    Attributes:
      loss: loss against the labels, which may be randomized.
      loss_true: loss against the true labels.
      accuracy: accuracy against the labels.
      accuracy_true: accuracy against the true labels.
      accuracy_clean: `accuracy` over the examples with a clean label (equal to
        the true label); None if there are none.
      accuracy_corrupted: `accuracy` over the examples with a corrupted label;
        None if there are none.
      top5_accuracy: top-5 accuracy against the labels; None for 10 classes or
        fewer, where it says little.
      top5_accuracy_true: top-5 accuracy against the true labels; None for 10
        classes or fewer.
      accuracy_by_class: for each class, the accuracy over the examples whose
        true label it is; None for a class without examples.
      chance: accuracy against the true labels of always predicting the most
        frequent class.
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
    chance: float


def evaluate(steps: Steps, batches: EvaluationBatches) -> Evaluation:
    """Evaluates every example of a split once.

    Args:
      steps: compiled steps of the model.
      batches: batches of the split; see `pipeline.EvaluationBatches`.
    """
    return _means(
        sum(
            np.asarray(steps.predict(batch)[0], "float64")
            for batch in steps.dataset(batches)
        )
    )


def recompute_statistics(
    steps: Steps, batches: TrainingBatches, epoch: int
) -> None:
    """Sets each BatchNorm's moving statistics to their mean over batches.

    The batches are the first STATISTICS_BATCHES of an epoch. Does not affect
    training: weights and random states stay as they are. The result does not
    depend on the number of replicas.

    Args:
      steps: compiled steps of the model.
      batches: training batches of the run.
      epoch: number of the epoch.
    """
    variables = steps.statistics.variables
    if not variables:
        return
    found = [
        [
            np.asarray(value, "float64")
            for value in steps.batch_statistics(images)
        ]
        for images, *_ in batches.beginning(
            epoch, STATISTICS_BATCHES, steps.whole_batch
        )
    ]
    for variable, values in zip(
        variables, zip(*found, strict=True), strict=True
    ):
        variable.assign(np.mean(values, axis=0).astype("float32"))


def evaluate_examples(
    steps: Steps, batches: EvaluationBatches
) -> tuple[Evaluation, dict[str, np.ndarray]]:
    """Evaluates a split and returns the prediction for each example.

    Args:
      steps: compiled steps of the model.
      batches: batches of the split; see `pipeline.EvaluationBatches`.

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
    """Computes an evaluation from the sums of `metrics.evaluation_sums`."""
    losses, top5, outcomes, by_class = np.split(sums, [2, 4, 9])
    counts, hits = np.split(by_class, 2)
    loss, loss_true, accuracy_true = (
        float(total / counts.sum()) for total in (*losses, hits.sum())
    )
    accuracies = ratios(outcomes)
    few_classes = len(counts) <= FEW_CLASSES
    top5_accuracy, top5_accuracy_true = (
        None if few_classes else float(total / counts.sum()) for total in top5
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
        chance=float(counts.max() / counts.sum()),
        **dict[str, Any]((name, accuracies[name]) for name in _ACCURACIES),
    )
