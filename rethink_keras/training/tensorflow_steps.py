"""Training and prediction steps on the TensorFlow backend."""

from collections.abc import Iterator

import keras
import tensorflow as tf

from rethink_keras.training.meters import Meters, cross_entropy


class TensorFlowSteps:
    """Compiled steps of one model, many to a call. See `Steps`.

    Args:
      model: returns logits.
      optimizer: built here.
      compile_with_xla: whether each step is one XLA program.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        *,
        compile_with_xla: bool,
    ):
        self.meters = Meters()
        self._model = model
        self._optimizer = optimizer
        optimizer.build(model.trainable_variables)
        step = tf.function(self._step, jit_compile=compile_with_xla)

        @tf.function
        def train(batches, steps):
            for _ in tf.range(steps):
                step(*next(batches))

        self._train = train
        self._examine = tf.function(self._examine_batch)

    def _step(self, images, targets, labels, true_labels):
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self._model(images, training=True)
            losses = cross_entropy(targets, logits)
            objective = tf.reduce_mean(losses)
            if self._model.losses:
                objective += tf.add_n(self._model.losses)
        gradients = tape.gradient(objective, variables)
        self._optimizer.apply(gradients, variables)
        updates = self.meters.updates(labels, true_labels, logits, losses)
        for metric, value in zip(self.meters.all, updates, strict=True):
            metric.update_state(value)

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""
        self._train(batches, tf.constant(steps))

    def _examine_batch(self, images, labels, true_labels):
        logits = self._model(images, training=False)
        return (
            tf.argmax(logits, axis=-1, output_type=tf.int32),
            cross_entropy(labels, logits),
            cross_entropy(true_labels, logits),
        )

    def examine(self, images, labels, true_labels):
        """Predicts a batch in inference mode."""
        return tuple(
            output.numpy()
            for output in self._examine(images, labels, true_labels)
        )

    def iterator(self, dataset: tf.data.Dataset) -> Iterator:
        """What `train` takes batches from."""
        return iter(dataset)
