"""What is measured while a network trains, and when it is evaluated."""

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
    """Softmax cross-entropy of each example, in nats: float32 [n].

    Args:
      targets: labels, int [n], or distributions, float [n, classes].
      logits: [n, classes].
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
    """The sums over a batch that `Metrics` adds up: float32 [6].

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: [n, classes].
      losses: float32 [n].
    """
    outcomes = _outcomes(labels, true_labels, logits)
    return ops.sum(ops.concatenate([losses[:, None], outcomes], -1), axis=0)


def evaluation_sums(labels, true_labels, logits, weights):
    """The sums over a batch that an evaluation needs: float32 [9 + 2 C].

    The losses against the labels and against the true labels, the examples
    whose label, and whose true label, is among the first five, the outcomes,
    and for each of C classes the examples and those predicted as such.

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: [n, C].
      weights: float32 [n], 0 for what does not count.
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
    """The prediction for each example: float32 [n, 6].

    The columns: the label, the true label, the predicted class, the
    probability of the label, the margin (the label's logit less the largest
    other one), and the weight.

    Args:
      labels: int [n].
      true_labels: int [n].
      logits: [n, classes].
      weights: float32 [n], 0 for what does not count.
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
    """Whether fewer than five classes come before the label: float32 [n].

    Of equal logits the first class comes first, as in `argmax`.
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
    """What each prediction is, as float32 rows of 0 and 1: [n, 5].

    The columns: the label is the true one; it is, and predicted; it is
    another; it is, and predicted; it is, and the true label is predicted.
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
    """Means over the examples of an epoch so far, kept on the device.

    `loss` is the cross-entropy without the penalty and `accuracy` the online
    accuracy against the labels, both of each batch before its update;
    `accuracy_clean` and `accuracy_corrupted` are over the examples whose label
    is the true one and over the others, and `corrupted_as_true` is the share
    of the latter predicted as their true label; None where there is no such
    example. `finite_steps` counts the steps until the first loss that
    is infinite or not a number.
    """

    def __init__(self) -> None:
        super().__init__(name="meters", dtype="float32")
        self.sums = _count((1 + _OUTCOMES,), "sums")
        self.finite_steps = _count((), "finite_steps")
        self.broken = _count((), "broken")

    def update_state(self, sums):
        """Adds the `training_sums` of a batch, of all replicas."""
        broken = ops.cast(ops.logical_not(ops.isfinite(sums[0])), "float32")
        broken = ops.maximum(self.broken, broken)
        self.sums.assign(self.sums + sums)
        self.broken.assign(broken)
        self.finite_steps.assign(self.finite_steps + 1 - broken)

    def result(self) -> dict[str, Any]:
        """The measured values as Python floats, by name."""
        sums = ops.convert_to_numpy(self.sums).astype("float64")
        return {
            "loss": float(sums[0] / (sums[1] + sums[3])),
            "finite_steps": float(ops.convert_to_numpy(self.finite_steps)),
            **ratios(sums[1:]),
        }


def _count(shape: tuple[int, ...], name: str) -> keras.Variable:
    """Equal on all replicas; `add_weight` makes what is added up when read."""
    return keras.Variable(
        "zeros", shape=shape, dtype="float32", trainable=False, name=name
    )


def ratios(outcomes) -> dict[str, float | None]:
    """The accuracies that `Metrics` tells of, from sums of outcomes.

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
    """A part of a whole; None of nothing."""
    return float(part / whole) if whole else None
