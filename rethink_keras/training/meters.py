"""What is measured while a network trains."""

import keras
from keras import ops


def cross_entropy(labels, logits):
    """Softmax cross-entropy of each example, in nats: float32 [n]."""
    return keras.losses.sparse_categorical_crossentropy(
        labels, ops.cast(logits, "float32"), from_logits=True
    )


class Meters:
    """Means over the examples of an epoch so far, kept on the device.

    `loss` is the cross-entropy without the penalty and `accuracy` the online
    accuracy, both of each batch before its update. `finite_steps` counts the
    steps until the first loss that is infinite or not a number.
    """

    def __init__(self) -> None:
        self.loss = keras.metrics.Mean("loss")
        self.accuracy = keras.metrics.Mean("accuracy")
        self.finite_steps = FiniteSteps("finite_steps")
        self.all = (self.loss, self.accuracy, self.finite_steps)

    @property
    def variables(self) -> list:
        return [v for metric in self.all for v in metric.variables]

    def reset(self) -> None:
        for metric in self.all:
            metric.reset_state()

    def result(self) -> dict[str, float]:
        """The measured values as Python floats, by name."""
        return {metric.name: float(metric.result()) for metric in self.all}

    def updates(self, labels, logits, losses) -> tuple:
        """The arguments with which each metric of `all` is updated."""
        hits = ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int32"))
        return losses, ops.cast(hits, "float32"), losses


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
