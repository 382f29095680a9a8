"""Training and prediction steps on the JAX backend."""

from collections.abc import Iterator

import jax
import keras
import numpy as np
import tensorflow as tf

from rethink_keras.training.meters import Meters, cross_entropy


class JaxSteps:
    """Compiled steps of one model. See `Steps`.

    Args:
      model: returns logits.
      optimizer: built here.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
    ):
        self.meters = Meters()
        self._model = model
        self._optimizer = optimizer
        optimizer.build(model.trainable_variables)
        self._step = jax.jit(self._step_of_state, donate_argnums=0)
        self._examine = jax.jit(self._examine_batch)

    def _variables(self) -> tuple[list, ...]:
        return (
            self._model.trainable_variables,
            self._model.non_trainable_variables,
            self._optimizer.variables,
            self.meters.variables,
        )

    def _step_of_state(self, state, batch):
        trainable, non_trainable, slots, measured = state
        images, targets, labels, true_labels = batch

        def objective(trainable, non_trainable):
            logits, non_trainable, penalties = self._model.stateless_call(
                trainable,
                non_trainable,
                images,
                training=True,
                return_losses=True,
            )
            losses = cross_entropy(targets, logits)
            total = losses.mean() + sum(penalties)
            return total, (non_trainable, logits, losses)

        gradient = jax.grad(objective, has_aux=True)
        gradients, (non_trainable, logits, losses) = gradient(
            trainable, non_trainable
        )
        trainable, slots = self._optimizer.stateless_apply(
            slots, gradients, trainable
        )
        updates = self.meters.updates(labels, true_labels, logits, losses)
        new = []
        for metric, value in zip(self.meters.all, updates, strict=True):
            count = len(metric.variables)
            new += metric.stateless_update_state(measured[:count], value)
            measured = measured[count:]
        return trainable, non_trainable, slots, new

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""
        variables = self._variables()
        state = tuple([v.value for v in group] for group in variables)
        for _ in range(steps):
            state = self._step(state, next(batches))
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def _examine_batch(self, trainable, non_trainable, batch):
        images, labels, true_labels = batch
        logits, _ = self._model.stateless_call(
            trainable, non_trainable, images, training=False
        )
        return (
            logits.argmax(axis=-1),
            cross_entropy(labels, logits),
            cross_entropy(true_labels, logits),
        )

    def examine(self, images, labels, true_labels):
        """Predicts a batch in inference mode."""
        trainable, non_trainable = (
            [v.value for v in group] for group in self._variables()[:2]
        )
        batch = (images, labels, true_labels)
        arrays = tuple(part.numpy() for part in batch)
        outputs = self._examine(trainable, non_trainable, arrays)
        return tuple(np.asarray(output) for output in outputs)

    def iterator(self, dataset: tf.data.Dataset) -> Iterator:
        """What `train` takes batches from."""
        return iter(dataset.as_numpy_iterator())
