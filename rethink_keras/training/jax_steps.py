"""Training and evaluation steps on the JAX backend."""

from collections.abc import Iterable
from typing import Any

import jax
import keras
import numpy as np

from rethink_keras.pipeline import BatchShard
from rethink_keras.training.jax_batches import HostBatches, ResidentBatches
from rethink_keras.training.metrics import (
    Metrics,
    cross_entropy,
    evaluation_sums,
    prediction_rows,
    training_hits,
    training_sums,
)
from rethink_keras.training.stateless import with_values
from rethink_keras.training.statistics import BatchStatistics
from rethink_keras.training.steps import Batches, TrainingBatches


def has_accelerator() -> bool:
    """Whether JAX computes on other devices than CPUs.

    On CPUs, XLA runs convolutions in loops and conditions on one thread.
    """
    return jax.default_backend() != "cpu"


class JaxSteps:
    """Compiled steps of one model on the JAX backend. See `Steps`.

    Under `keras.distribution.DataParallel`, each batch is divided among the
    devices. All operations, including BatchNorm, use the whole batch.

    Args:
      model: model that returns logits.
      optimizer: optimizer that is not built yet.
    """

    steps_per_execution: int | None = None

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
    ):
        self.metrics = Metrics()
        self.statistics = BatchStatistics(model)
        self._model = model
        self._optimizer = optimizer
        self._distribution = keras.distribution.distribution()
        optimizer.build(model.trainable_variables)
        self._predict = jax.jit(self._predict_batch)
        self._batch_statistics = jax.jit(self.statistics.of_batch)

    def _variables(self) -> tuple[list, ...]:
        return (
            self._model.trainable_variables,
            self._model.non_trainable_variables,
            self._optimizer.variables,
            self.metrics.variables,
        )

    def _step_of_state(self, state, batch):
        trainable, non_trainable, slots, measured = state
        images, targets, labels, true_labels = batch

        def objective(trainable, non_trainable):
            logits, non_trainable, penalty = self._call(
                trainable, non_trainable, images, training=True
            )
            losses = cross_entropy(targets, logits)
            total = losses.mean() + penalty
            scale = zip(self._optimizer.variables, slots, strict=True)
            with keras.StatelessScope(state_mapping=list(scale)):
                total = self._optimizer.scale_loss(total)
            return total, (non_trainable, logits, losses)

        gradient = jax.grad(objective, has_aux=True)
        gradients, (non_trainable, logits, losses) = gradient(
            trainable, non_trainable
        )
        trainable, slots = self._optimizer.stateless_apply(
            slots, gradients, trainable
        )
        sums = training_sums(labels, true_labels, logits, losses)
        measured = self.metrics.stateless_update_state(measured, sums)
        state = trainable, non_trainable, slots, measured
        return state, training_hits(labels, logits)

    def train(
        self, batches: HostBatches | ResidentBatches, steps: int
    ) -> np.ndarray:
        """Trains on the next `steps` batches; returns the `training_hits`."""
        variables = self._variables()
        state = tuple([v.value for v in group] for group in variables)
        state, hits = batches.train(state, steps)
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return hits

    def _call(self, trainable, non_trainable, images, *, training: bool):
        """Calls the model with given values of its variables.

        `keras.Model.stateless_call` would neither pass `training` on to the
        layers of a subclassed model nor call one that does not accept it.

        Returns:
          The logits, new values of the non-trainable variables, and the sum of
          the model's own losses.
        """
        model = self._model
        state = with_values(model, trainable, non_trainable)
        with keras.StatelessScope(state, collect_losses=True) as scope:
            logits = model(images, training=training)
            penalty = sum(keras.ops.sum(loss) for loss in model.losses)
        updated = [
            scope.get_current_value(variable)
            for variable in model.non_trainable_variables
        ]
        return logits, updated, penalty

    def _predict_batch(self, trainable, non_trainable, batch):
        images, labels, true_labels, weights = batch
        logits, *_ = self._call(
            trainable, non_trainable, images, training=False
        )
        arguments = labels, true_labels, logits, weights
        return evaluation_sums(*arguments), prediction_rows(*arguments)

    def _weights(self) -> tuple[list, list]:
        trainable, non_trainable = (
            [v.value for v in group] for group in self._variables()[:2]
        )
        return trainable, non_trainable

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """Returns a batch's `evaluation_sums` and `prediction_rows`."""
        sums, rows = self._predict(*self._weights(), self._placed(batch))
        return np.asarray(sums), np.asarray(rows)

    def batch_statistics(self, images: Any) -> list[Any]:
        """Returns the batch mean and variance of each BatchNorm layer."""
        (placed,) = self._placed((np.asarray(images),))
        return self._batch_statistics(*self._weights(), placed)

    def _placed(self, batch: tuple[np.ndarray, ...]) -> tuple:
        """Divides a batch among the devices of the distribution."""
        if self._distribution is None:
            return batch
        return tuple(
            keras.distribution.distribute_tensor(
                array, self._distribution.get_data_layout(array.shape)
            )
            for array in batch
        )

    def iterator(
        self, batches: TrainingBatches
    ) -> HostBatches | ResidentBatches:
        """Returns the position in the training batches, for `train`.

        A single accelerator assembles the batches itself if it can.
        """
        if self._distribution is None and has_accelerator():
            resident = batches.resident()
            if resident is not None:
                return ResidentBatches(resident, self._step_of_state)
        placed = map(self._placed, self.dataset(batches))
        step = jax.jit(self._step_of_state, donate_argnums=0)
        return HostBatches(placed, step)

    @property
    def whole_batch(self) -> BatchShard:
        """Undivided training batches; they divide evenly among the devices."""
        if self._distribution is None:
            return BatchShard()
        return BatchShard(multiple=self._distribution.device_mesh.devices.size)

    def dataset(self, batches: Batches) -> Iterable:
        """Returns NumPy batches that divide evenly among the devices."""
        return batches.dataset(self.whole_batch).as_numpy_iterator()
