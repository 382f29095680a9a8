"""Training and prediction steps on the TensorFlow backend."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rethink_keras.pipeline import BatchShard
from rethink_keras.training.metrics import (
    Metrics,
    cross_entropy,
    evaluation_sums,
    prediction_rows,
    training_sums,
)
from rethink_keras.training.statistics import BatchStatistics
from rethink_keras.training.steps import Batches

_STEPS_PER_EXECUTION = 10


def make(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> "TensorFlowSteps":
    """Steps for the strategy in whose scope this is called."""
    strategy = tf.distribute.get_strategy()
    if isinstance(strategy, tf.distribute.ParameterServerStrategy):
        return ParameterServerSteps(model, optimizer)
    accelerated = any(
        device.device_type != "CPU"
        for device in tf.config.list_logical_devices()
    )
    alone = not tf.distribute.has_strategy()
    return TensorFlowSteps(
        model, optimizer, compile_with_xla=alone and accelerated
    )


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
        compile_with_xla: bool = False,
    ):
        self.metrics = Metrics()
        self.statistics = BatchStatistics(model)
        self._model = model
        self._optimizer = optimizer
        self._strategy = strategy = tf.distribute.get_strategy()
        # Workers match each other's calls by their order.
        workers = isinstance(
            strategy, tf.distribute.MultiWorkerMirroredStrategy
        )
        self.steps_per_execution = _STEPS_PER_EXECUTION if workers else None
        optimizer.build(model.trainable_variables)
        step = tf.function(self._step, jit_compile=compile_with_xla)

        @tf.function
        def train(batches, steps):
            for _ in tf.range(steps):
                sums = strategy.run(step, args=next(batches))
                self.metrics.update_state(
                    strategy.reduce("SUM", sums, axis=None)
                )

        @tf.function
        def evaluate_batch(batch):
            sums = strategy.run(self._evaluate_shard, args=batch)
            return strategy.reduce("SUM", sums, axis=None)

        @tf.function
        def predict(batch):
            sums, rows = strategy.run(self._predict_piece, args=batch)
            return (
                strategy.reduce("SUM", sums, axis=None),
                strategy.gather(rows, axis=0),
            )

        @tf.function
        def batch_statistics(images):
            return strategy.run(self._statistics_of, args=(images,))

        self._train = train
        self._evaluate_batch = evaluate_batch
        self._predict = predict
        self._batch_statistics = batch_statistics

    def _step(self, images, targets, labels, true_labels):
        """One update of the weights; the sums of a replica's piece.

        Each replica's gradient is of its share of the mean over the batch;
        the optimizer adds them up.
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
                objective += tf.add_n(self._model.losses) / replicas
        gradients = tape.gradient(objective, variables)
        self._optimizer.apply(gradients, variables)
        return training_sums(labels, true_labels, logits, losses)

    def iterator(self, batches: Batches) -> Iterator:
        """What `train` takes batches from."""
        return iter(self.dataset(batches))

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""
        self._train(batches, tf.constant(steps))

    @property
    def _static(self) -> bool:
        """Whether all batches must have one size."""
        return isinstance(self._strategy, tf.distribute.TPUStrategy)

    def whole_dataset(self, batches: Batches) -> Iterable:
        """Whole batches, which each replica and each worker sees alike."""
        pieces = self._strategy.num_replicas_in_sync
        return batches.dataset(
            BatchShard(multiple=pieces if self._static else None)
        )

    def dataset(self, batches: Batches) -> Iterable:
        """Batches, divided among the strategy's replicas."""
        strategy = self._strategy
        if strategy.num_replicas_in_sync == 1:
            return batches.dataset(BatchShard())

        def of_pipeline(context: tf.distribute.InputContext):
            pieces = context.num_replicas_in_sync
            count = pieces // context.num_input_pipelines
            first = context.input_pipeline_id * count
            multiple = pieces if self._static else None
            return batches.dataset(BatchShard(pieces, first, count, multiple))

        return strategy.distribute_datasets_from_function(of_pipeline)

    def _evaluate_shard(self, images, labels, true_labels, weights):
        logits = self._model(images, training=False)
        return evaluation_sums(labels, true_labels, logits, weights)

    def evaluate_batch(self, batch: Any) -> np.ndarray:
        """The sums of a batch, in inference mode."""
        return self._evaluate_batch(batch).numpy()

    def _predict_piece(self, images, labels, true_labels, weights):
        logits = self._model(images, training=False)
        arguments = labels, true_labels, logits, weights
        return evaluation_sums(*arguments), prediction_rows(*arguments)

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """The sums of a batch and the prediction for each example."""
        sums, rows = self._predict(batch)
        return sums.numpy(), rows.numpy()

    def _statistics_of(self, images):
        return self.statistics.of_batch(
            [v.value for v in self._model.trainable_variables],
            [v.value for v in self._model.non_trainable_variables],
            images,
        )

    def batch_statistics(self, images: Any) -> list[Any]:
        """The statistics that each BatchNorm sees in a whole batch."""
        return [
            self._strategy.experimental_local_results(value)[0]
            for value in self._batch_statistics(images)
        ]


class ParameterServerSteps(TensorFlowSteps):
    """Steps on workers that each take the next batch when they are free.

    The paper's asynchronous SGD: a gradient is of weights that others may
    have changed meanwhile. The coordinator evaluates.
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

    def iterator(self, batches: Any) -> Iterator:
        """The numbers of the batches, for the workers to take.

        Args:
          batches: a `pipeline.TrainingBatches`.
        """
        examples = iter(
            self._coordinator.create_per_worker_dataset(batches.whole)
        )

        @tf.function
        def step(examples, epoch, step):
            batch = batches.at(next(examples), epoch, step)
            sums = self._strategy.run(self._step, args=batch)
            # At once: others add to them at the same time.
            self.metrics.sums.value.assign_add(sums)
            self.metrics.finite_steps.value.assign_add(
                tf.cast(tf.math.is_finite(sums[0]), tf.float32)
            )

        for epoch in batches.epochs:
            begin = batches.skip if epoch == batches.epochs.start else 0
            for number in range(begin, batches.steps):
                numbers = tf.constant(epoch, tf.int64), tf.constant(number)
                yield step, (examples, *numbers)

    def train(self, batches: Iterator, steps: int) -> None:
        """Has `steps` batches taken, and waits for them."""
        for _ in range(steps):
            function, arguments = next(batches)
            self._coordinator.schedule(function, arguments)
        self._coordinator.join()
