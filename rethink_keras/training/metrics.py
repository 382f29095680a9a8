"""Losses, accuracies and predictions, computed on the device."""

from typing import Any

import keras
from keras import ops

_OUTCOMES = 5
PREDICTION_COLUMNS = (
    "label",
    "true_label",
    "prediction",
    "probability",
    "margin",
)


def cross_entropy(targets, logits):
    """Returns the softmax cross-entropy of each example in nats: float32 [n].

    Args:
      targets: labels, int [n], or probabilities, float [n, num_classes].
      logits: float [n, num_classes].
    """
    soft = len(targets.shape) == 2
    losses = keras.losses
    loss = (
        losses.categorical_crossentropy
        if soft
        else losses.sparse_categorical_crossentropy
    )
    return loss(targets, ops.cast(logits, "float32"), from_logits=True)


def training_sums(labels, true_labels, logits, losses):
    """Returns the sums over a batch that update `Metrics`: float32 [6].

    They are the sum of the losses and the sums of the five `_outcomes`.

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: float [n, num_classes].
      losses: float32 [n].
    """
    outcomes = _outcomes(labels, true_labels, logits)
    return ops.sum(ops.concatenate([losses[:, None], outcomes], -1), axis=0)


def training_hits(labels, logits):
    """Returns 1 for each correct prediction, else 0: float32 [n].

    Args:
      labels: int [n].
      logits: float [n, num_classes].
    """
    predicted = ops.argmax(logits, axis=-1)
    right = ops.equal(ops.cast(predicted, "int32"), ops.cast(labels, "int32"))
    return ops.cast(right, "float32")


def evaluation_sums(labels, true_labels, logits, weights):
    """Returns the sums over a batch for an evaluation: float32 [9 + 2 C].

    In this order, with C the number of classes:

    - loss against the labels, loss against the true labels;
    - top-5 hits of the labels, top-5 hits of the true labels;
    - the five `_outcomes`;
    - for each class, the number of examples with that true label;
    - for each class, the number of these that are predicted correctly.

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: float [n, C].
      weights: float32 [n]; 0 for padding, 1 for examples.
    """
    num_classes = logits.shape[-1]
    true = ops.one_hot(true_labels, num_classes)
    predicted = ops.one_hot(ops.argmax(logits, axis=-1), num_classes)
    columns = [
        cross_entropy(labels, logits)[:, None],
        cross_entropy(true_labels, logits)[:, None],
        _in_top5(labels, logits)[:, None],
        _in_top5(true_labels, logits)[:, None],
        _outcomes(labels, true_labels, logits),
        true,
        true * predicted,
    ]
    return ops.sum(weights[:, None] * ops.concatenate(columns, -1), axis=0)


def prediction_rows(labels, true_labels, logits, weights):
    """Returns the prediction for each example: float32 [n, 6].

    The columns are PREDICTION_COLUMNS and the weight: the label, the true
    label, the predicted class, the probability of the label, the margin (the
    label's logit minus the largest other logit) and the weight.

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: float [n, num_classes].
      weights: float32 [n]; 0 for padding, 1 for examples.
    """
    logits = ops.cast(logits, "float32")
    own = ops.one_hot(labels, logits.shape[-1])
    others = ops.max(logits - 1e30 * own, axis=-1)
    columns = [
        labels,
        true_labels,
        ops.argmax(logits, axis=-1),
        ops.sum(own * ops.softmax(logits), axis=-1),
        ops.sum(own * logits, axis=-1) - others,
        weights,
    ]
    return ops.stack([ops.cast(c, "float32") for c in columns], axis=-1)


def _in_top5(labels, logits):
    """Returns 1 where the label is among the top 5 classes: float32 [n].

    Equal logits are ranked by class index, as in `argmax`.
    """
    labels = ops.cast(labels, "int32")[:, None]
    own = ops.take_along_axis(logits, labels, axis=-1)
    earlier = ops.arange(logits.shape[-1], dtype="int32")[None] < labels
    before = ops.logical_or(
        logits > own, ops.logical_and(ops.equal(logits, own), earlier)
    )
    count = ops.sum(ops.cast(before, "int32"), axis=-1)
    return ops.cast(count < 5, "float32")


def _outcomes(labels, true_labels, logits):
    """Returns indicators of each prediction's outcome: float32 [n, 5].

    The columns are 1 where

    - the label is clean (equal to the true label);
    - the label is clean and predicted;
    - the label is corrupted;
    - the label is corrupted and predicted;
    - the label is corrupted and the true label is predicted.
    """
    labels, true_labels, predicted = (
        ops.cast(x, "int32")
        for x in (labels, true_labels, ops.argmax(logits, axis=-1))
    )
    clean = ops.cast(ops.equal(labels, true_labels), "float32")
    hit = ops.cast(ops.equal(predicted, labels), "float32")
    true = ops.cast(ops.equal(predicted, true_labels), "float32")
    corrupted = 1 - clean
    return ops.stack(
        [clean, clean * hit, corrupted, corrupted * hit, corrupted * true],
        axis=-1,
    )


class Metrics(keras.metrics.Metric):
    """Running means over the training examples of an epoch.

    Each batch is measured before its update:

    - `loss`: mean cross-entropy without the penalty, in nats;
    - `accuracy`: accuracy against the labels;
    - `accuracy_clean`, `accuracy_corrupted`: accuracy over the examples with a
      clean and with a corrupted label; None if there are none;
    - `corrupted_as_true`: fraction of the examples with a corrupted label that
      are predicted as their true label; None if there are none;
    - `finite_steps`: number of steps before the first infinite or NaN loss.
    """

    def __init__(self) -> None:
        super().__init__(name="meters", dtype="float32")
        self.sums = _count((1 + _OUTCOMES,), "sums")
        self.finite_steps = _count((), "finite_steps")
        self.broken = _count((), "broken")

    def update_state(self, sums):
        """Adds the `training_sums` of a batch, summed over all replicas."""
        broken = ops.cast(ops.logical_not(ops.isfinite(sums[0])), "float32")
        broken = ops.maximum(self.broken, broken)
        self.sums.assign(self.sums + sums)
        self.broken.assign(broken)
        self.finite_steps.assign(self.finite_steps + 1 - broken)

    def result(self) -> dict[str, Any]:
        """Returns the metrics as Python floats, by name."""
        sums = ops.convert_to_numpy(self.sums).astype("float64")
        return {
            "loss": float(sums[0] / (sums[1] + sums[3])),
            "finite_steps": float(ops.convert_to_numpy(self.finite_steps)),
            **ratios(sums[1:]),
        }


def _count(shape: tuple[int, ...], name: str) -> keras.Variable:
    """Returns a variable with the same value on all replicas.

    `add_weight` would return one that is summed over the replicas when read.
    """
    return keras.Variable(
        "zeros", shape=shape, dtype="float32", trainable=False, name=name
    )


def ratios(outcomes) -> dict[str, float | None]:
    """Returns the accuracies of `Metrics` from the sums of `_outcomes`.

    Args:
      outcomes: float64 [5].
    """
    clean, clean_hits, corrupted, corrupted_hits, as_true = outcomes
    return {
        "accuracy": ratio(clean_hits + corrupted_hits, clean + corrupted),
        "accuracy_clean": ratio(clean_hits, clean),
        "accuracy_corrupted": ratio(corrupted_hits, corrupted),
        "corrupted_as_true": ratio(as_true, corrupted),
    }


def ratio(part: float, whole: float) -> float | None:
    """Returns `part / whole`, or None if `whole` is 0."""
    return float(part / whole) if whole else None
