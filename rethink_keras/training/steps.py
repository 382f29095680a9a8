"""Protocols of batches and of compiled training and evaluation steps."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from rethink_keras.pipeline import BatchShard, ResidentExamples
from rethink_keras.training.metrics import Metrics
from rethink_keras.training.statistics import BatchStatistics


class Batches(Protocol):
    """Batches that can be divided among replicas. See `pipeline`."""

    def dataset(self, shard: BatchShard) -> tf.data.Dataset:
        """Returns the batches of one input pipeline."""


class EvaluationBatches(Batches, Protocol):
    """Evaluation batches of a run. See `pipeline`."""

    def __iter__(self) -> Iterator[tuple[tf.Tensor, ...]]:
        """Yields undivided batches."""


class TrainingBatches(Batches, Protocol):
    """Training batches of a run. See `pipeline`."""

    def resident(self) -> ResidentExamples | None:
        """Returns the batches for a device that assembles them itself."""

    def beginning(
        self, epoch: int, limit: int, shard: BatchShard
    ) -> Iterable[tuple[tf.Tensor, ...]]:
        """Returns the first `limit` training batches of an epoch, undivided."""

    def order(self, epoch: int, shard: BatchShard) -> np.ndarray | None:
        """Returns the position of each example of an epoch; None if unknown."""


class Steps(Protocol):
    """Compiled steps of one model on one Keras backend.

    Create it in the scope of the strategy whose devices it uses.

    Attributes:
      metrics: metrics that `train` updates.
      steps_per_execution: number of steps in each call of `train`; None if
        any number is allowed.
      whole_batch: undivided training batches, of the size that the devices
        require.
      statistics: statistics of the model's BatchNorm layers.
    """

    metrics: Metrics
    steps_per_execution: int | None
    statistics: BatchStatistics

    @property
    def whole_batch(self) -> BatchShard: ...

    def iterator(self, batches: Any) -> Any:
        """Returns the position in the training batches, for `train`.

        Args:
          batches: see `pipeline.TrainingBatches`.
        """

    def train(self, batches: Any, steps: int) -> np.ndarray | None:
        """Trains on the next `steps` batches and updates the metrics.

        Args:
          batches: what `iterator` returned. The steps are of one epoch.
          steps: number of steps.

        Returns:
          For each example of the batches, in their order, 1 if the prediction
          before the update is its label, else 0. None if unknown.
        """

    def dataset(self, batches: EvaluationBatches) -> Iterable:
        """Returns batches for `predict`.

        Each batch is divided among the replicas.

        Args:
          batches: see `pipeline.EvaluationBatches`.
        """

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """Returns a batch's `evaluation_sums` and `prediction_rows`.

        See `metrics`. Calls the model in inference mode.
        """

    def batch_statistics(self, images: Any) -> list[Any]:
        """Returns the batch mean and variance of each BatchNorm layer.

        See `BatchStatistics.of_batch`.
        """
