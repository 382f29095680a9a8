"""What is measured while a network trains."""

from typing import Any

import keras
from keras import ops


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


class Meters:
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
        self.loss = keras.metrics.Mean("loss")
        self.hits = Hits("hits")
        self.finite_steps = FiniteSteps("finite_steps")
        self.all = (self.loss, self.hits, self.finite_steps)

    @property
    def variables(self) -> list:
        return [v for metric in self.all for v in metric.variables]

    def reset(self) -> None:
        for metric in self.all:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """The measured values as Python floats, by name."""
        return {
            self.loss.name: float(self.loss.result()),
            self.finite_steps.name: float(self.finite_steps.result()),
            **self.hits.shares(),
        }

    def updates(self, labels, true_labels, logits, losses) -> tuple:
        """The arguments with which each metric of `all` is updated."""
        predicted = ops.argmax(logits, axis=-1)
        outcomes = outcome(predicted, labels, true_labels)
        return losses, outcomes, losses


def outcome(predicted, labels, true_labels):
    """What a prediction is, as float32 rows of 0 and 1: [n, 5].

    The columns: the label is the true one; it is, and predicted; it is
    another; it is, and predicted; it is, and the true label is predicted.
    """
    labels, true_labels, predicted = (
        ops.cast(x, "int32") for x in (labels, true_labels, predicted)
    )
    clean = ops.cast(ops.equal(labels, true_labels), "float32")
    hit = ops.cast(ops.equal(predicted, labels), "float32")
    true = ops.cast(ops.equal(predicted, true_labels), "float32")
    corrupted = 1 - clean
    return ops.stack(
        [clean, clean * hit, corrupted, corrupted * hit, corrupted * true],
        axis=-1,
    )


class Hits(keras.metrics.Metric):
    """Counts of outcomes; see `outcome`."""

    def __init__(self, name: str):
        super().__init__(name=name, dtype="float32")
        self.counts = self.add_weight(
            shape=(5,), initializer="zeros", name="counts"
        )

    def update_state(self, outcomes):
        self.counts.assign_add(ops.sum(outcomes, axis=0))

    def result(self):
        return self.counts.value

    def shares(self) -> dict[str, float | None]:
        """The accuracies that `Meters` tells of."""
        counts = ops.convert_to_numpy(self.counts).astype("float64")
        clean, clean_hits, corrupted, corrupted_hits, as_true = counts
        hits, count = clean_hits + corrupted_hits, clean + corrupted
        return {
            "accuracy": _share(hits, count),
            "accuracy_clean": _share(clean_hits, clean),
            "accuracy_corrupted": _share(corrupted_hits, corrupted),
            "corrupted_as_true": _share(as_true, corrupted),
        }


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


class FiniteSteps(keras.metrics.Metric):
    """Number of steps before the first loss that is not finite."""

    def __init__(self, name: str):
        super().__init__(name=name, dtype="float32")
        self.steps = self.add_weight(initializer="zeros", name="steps")
        self.broken = self.add_weight(initializer="zeros", name="broken")

    def update_state(self, losses):
        broken = ops.any(ops.logical_not(ops.isfinite(losses)))
        broken = ops.maximum(self.broken, ops.cast(broken, "float32"))
        self.broken.assign(broken)
        self.steps.assign(self.steps + 1 - broken)

    def result(self):
        return self.steps.value
