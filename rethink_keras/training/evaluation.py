"""Accuracy and loss over a whole split, in inference mode."""

import dataclasses

import numpy as np
import tensorflow as tf

from rethink_keras.training.steps import Steps


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
      accuracy_by_class: share of the examples of each true class that are
        predicted as such; None for a class without examples.
    """

    loss: float
    loss_true: float
    accuracy: float
    accuracy_true: float
    accuracy_clean: float | None
    accuracy_corrupted: float | None
    accuracy_by_class: list[float | None]


def evaluate(steps: Steps, batches: tf.data.Dataset) -> Evaluation:
    """Evaluates every example of a data set once.

    Args:
      steps: of a backend.
      batches: of (images, labels, true_labels).
    """
    rows = []
    for images, labels, true_labels in batches:
        outputs = steps.examine(images, labels, true_labels)
        rows.append((labels.numpy(), true_labels.numpy(), *outputs))
    labels, true_labels, predicted, losses, losses_true = (
        np.concatenate(column) for column in zip(*rows, strict=True)
    )
    hits, clean = predicted == labels, labels == true_labels
    true_hits = predicted == true_labels
    return Evaluation(
        loss=float(losses.mean(dtype=np.float64)),
        loss_true=float(losses_true.mean(dtype=np.float64)),
        accuracy=float(hits.mean()),
        accuracy_true=float(true_hits.mean()),
        accuracy_clean=_mean(hits[clean]),
        accuracy_corrupted=_mean(hits[~clean]),
        accuracy_by_class=[
            _mean(true_hits[true_labels == label])
            for label in range(true_labels.max() + 1)
        ],
    )


def _mean(hits: np.ndarray) -> float | None:
    return float(hits.mean()) if len(hits) else None
