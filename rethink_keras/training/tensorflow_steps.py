"""Training and evaluation steps on the TensorFlow backend."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rethink_keras.graphs import compiled
from rethink_keras.pipeline import BatchShard
from rethink_keras.training.metrics import (
    Metrics,
    cross_entropy,
    evaluation_sums,
    prediction_rows,
    training_hits,
    training_sums,
)
from rethink_keras.training.statistics import BatchStatistics
from rethink_keras.training.steps import (
    Batches,
    EvaluationBatches,
    TrainingBatches,
)
from rethink_keras.training.tensorflow_batches import (
    HostBatches,
    ResidentBatches,
)

_STEPS_PER_EXECUTION = 10


def make(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> "TensorFlowSteps":
    """Returns the steps for the current strategy.

    XLA compiles the steps on a single accelerator if all layers support it. On
    CPUs it would replace oneDNN's convolutions, which are faster.
    """
    strategy = tf.distribute.get_strategy()
    if isinstance(strategy, tf.distribute.ParameterServerStrategy):
        return ParameterServerSteps(model, optimizer)
    accelerated = any(
        device.device_type != "CPU"
        for device in tf.config.list_logical_devices()
    )
    supported = all(layer.supports_jit for layer in model._flatten_layers())
    return TensorFlowSteps(
        model,
        optimizer,
        compile_with_xla=(
            accelerated and supported and not tf.distribute.has_strategy()
        ),
    )


class TensorFlowSteps:
    """Compiled steps of one model on the TensorFlow backend. See `Steps`.

    Args:
      model: model that returns logits.
      optimizer: optimizer that is not built yet.
      compile_with_xla: whether XLA compiles each step.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        *,
        compile_with_xla: bool = False,
    ):
        self.metrics = Metrics()
        self.statistics = BatchStatistics(model)
        self._model = model
        self._optimizer = optimizer
        self._strategy = strategy = tf.distribute.get_strategy()
        self._distributed = tf.distribute.has_strategy()
        # All workers must run the same calls in the same order.
        self._multi_worker = isinstance(
            strategy, tf.distribute.MultiWorkerMirroredStrategy
        )
        self.steps_per_execution = (
            _STEPS_PER_EXECUTION if self._multi_worker else None
        )
        optimizer.build(model.trainable_variables)
        step = compiled(
            self._step, jit_compile=compile_with_xla, autograph=False
        )

        def train_batch(batch):
            sums, hits = strategy.run(step, args=batch)
            self.metrics.update_state(strategy.reduce("SUM", sums, axis=None))
            local = strategy.experimental_local_results(hits)
            return tf.concat(local, axis=0)

        @functools.partial(compiled, autograph=False)
        def predict(batch):
            sums, rows = strategy.run(self._predict_shard, args=batch)
            return (
                strategy.reduce("SUM", sums, axis=None),
                strategy.gather(rows, axis=0),
            )

        @functools.partial(compiled, autograph=False)
        def batch_statistics(images):
            return strategy.run(self._statistics_of, args=(images,))

        self._train_batch = train_batch
        self._predict = predict
        self._batch_statistics = batch_statistics

    def _step(self, images, targets, labels, true_labels):
        """Updates the weights; returns the sums and the hits of the shard.

        Each replica divides by the size of the whole batch, and the optimizer
        sums the gradients over the replicas.
        """
        context = tf.distribute.get_replica_context()
        count = tf.cast(tf.shape(labels)[0], tf.float32)
        batch_size = context.all_reduce("SUM", count)
        replicas = context.num_replicas_in_sync
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self._model(images, training=True)
            losses = cross_entropy(targets, logits)
            objective = tf.reduce_sum(losses) / batch_size
            if self._model.losses:
                penalties = [
                    tf.reduce_sum(tf.cast(loss, objective.dtype))
                    for loss in self._model.losses
                ]
                objective += tf.add_n(penalties) / replicas
            objective = self._optimizer.scale_loss(objective)
        gradients = tape.gradient(objective, variables)
        self._optimizer.apply(gradients, variables)
        sums = training_sums(labels, true_labels, logits, losses)
        return sums, training_hits(labels, logits)

    def iterator(
        self, batches: TrainingBatches
    ) -> HostBatches | ResidentBatches:
        """Returns the position in the training batches, for `train`.

        Without a strategy, the device assembles the batches itself if it can.
        """
        if not self._distributed:
            resident = batches.resident()
            if resident is not None:
                # A step of a perceptron takes little longer than whitening.
                if not self._has_convolutions:
                    resident = resident.converted()
                return ResidentBatches(resident, self._train_batch)
        return HostBatches(iter(self._divided(batches)), self._train_batch)

    @property
    def _has_convolutions(self) -> bool:
        """Whether a kernel has more dimensions than a dense layer's."""
        return any(v.ndim > 2 for v in self._model.trainable_variables)

    def train(self, batches: Any, steps: int) -> np.ndarray | None:
        """Trains on the next `steps` batches; returns the `training_hits`.

        Returns None if other workers have a part of them: collectives need
        equal shapes in all steps, and batches differ in size.
        """
        hits = batches.train(steps)
        return None if self._multi_worker else hits

    @property
    def whole_batch(self) -> BatchShard:
        """Undivided training batches; on TPUs all of the same size."""
        static = isinstance(self._strategy, tf.distribute.TPUStrategy)
        replicas = self._strategy.num_replicas_in_sync
        return BatchShard(multiple=replicas if static else None)

    def dataset(self, batches: EvaluationBatches) -> Iterable:
        """Returns batches that are divided among the replicas."""
        return self._divided(batches) if self._distributed else batches

    def _divided(self, batches: Batches) -> Iterable:
        strategy = self._strategy
        if strategy.num_replicas_in_sync == 1:
            return batches.dataset(self.whole_batch)

        def of_pipeline(context: tf.distribute.InputContext):
            replicas = context.num_replicas_in_sync
            count = replicas // context.num_input_pipelines
            first = context.input_pipeline_id * count
            multiple = self.whole_batch.multiple
            return batches.dataset(BatchShard(replicas, first, count, multiple))

        return strategy.distribute_datasets_from_function(of_pipeline)

    def _predict_shard(self, images, labels, true_labels, weights):
        logits = self._model(images, training=False)
        arguments = labels, true_labels, logits, weights
        return evaluation_sums(*arguments), prediction_rows(*arguments)

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """Returns a batch's `evaluation_sums` and `prediction_rows`."""
        sums, rows = self._predict(batch)
        return sums.numpy(), rows.numpy()

    def _statistics_of(self, images):
        return self.statistics.of_batch(
            [v.value for v in self._model.trainable_variables],
            [v.value for v in self._model.non_trainable_variables],
            images,
        )

    def batch_statistics(self, images: Any) -> list[Any]:
        """Returns the batch mean and variance of each BatchNorm layer."""
        return [
            self._strategy.experimental_local_results(value)[0]
            for value in self._batch_statistics(images)
        ]


class ParameterServerSteps(TensorFlowSteps):
    """Steps of the paper's asynchronous SGD with parameter servers.

    Each worker takes the next batch when it is free. By the time it applies a
    gradient, other workers may have changed the weights. The coordinator
    evaluates.
    """

    def __init__(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer
    ):
        super().__init__(model, optimizer)
        self._coordinator = (
            tf.distribute.experimental.coordinator.ClusterCoordinator(
                self._strategy
            )
        )

    def iterator(self, batches: Any) -> Any:
        """Returns an iterator over the step function and its arguments.

        Each worker assembles the batches that are scheduled on it.

        Args:
          batches: see `pipeline.TrainingBatches`.
        """
        examples = iter(
            self._coordinator.create_per_worker_dataset(batches.whole)
        )

        @tf.function
        def step(examples, epoch, step):
            batch = batches.at(next(examples), epoch, step)
            sums, hits = self._strategy.run(self._step, args=batch)
            # Atomic updates, because workers add to the sums concurrently.
            self.metrics.sums.value.assign_add(sums)
            self.metrics.finite_steps.value.assign_add(
                tf.cast(tf.math.is_finite(sums[0]), tf.float32)
            )
            return hits

        for epoch in batches.epochs:
            begin = batches.skip if epoch == batches.epochs.start else 0
            for number in range(begin, batches.steps):
                numbers = tf.constant(epoch, tf.int64), tf.constant(number)
                yield step, (examples, *numbers)

    def train(self, batches: Iterator, steps: int) -> np.ndarray:
        """Schedules the next `steps` batches and waits for the workers."""
        hits = []
        for _ in range(steps):
            function, arguments = next(batches)
            hits.append(self._coordinator.schedule(function, arguments))
        self._coordinator.join()
        return np.concatenate(self._coordinator.fetch(hits))
