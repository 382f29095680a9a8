"""The protocol of compiled training and evaluation steps."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from rethink_keras.pipeline import BatchShard
from rethink_keras.training.metrics import Metrics
from rethink_keras.training.statistics import BatchStatistics


class Batches(Protocol):
    """Batches for one device or for many; see `pipeline`."""

    def dataset(self, shard: BatchShard) -> tf.data.Dataset:
        """Those of an input pipeline."""


class TrainingBatches(Batches, Protocol):
    """The training batches of a run; see `pipeline`."""

    def beginning(self, epoch: int, limit: int) -> Batches:
        """The first batches of an epoch alone, as trained on."""


class Steps(Protocol):
    """Compiled steps of one model: the only code that knows the backend.

    On the devices of the strategy in whose scope they are made.

    Attributes:
      metrics: updated by `train`.
      steps_per_execution: number of steps a call must take; None for any.
      statistics: of the model's BatchNorm layers.
    """

    metrics: Metrics
    steps_per_execution: int | None
    statistics: BatchStatistics

    def iterator(self, batches: Any) -> Iterator:
        """What `train` takes batches from.

        Args:
          batches: see `pipeline.TrainingBatches`.
        """

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""

    def dataset(self, batches: Batches) -> Iterable:
        """What `evaluate_batch` takes batches of.

        Args:
          batches: see `pipeline.EvaluationBatches`.
        """

    def evaluate_batch(self, batch: Any) -> np.ndarray:
        """The `metrics.evaluation_sums` of a batch, in inference mode."""

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """What `evaluate_batch` returns, and the `metrics.prediction_rows`."""

    def whole_dataset(self, batches: Batches) -> Iterable:
        """Batches that are not divided, for `batch_statistics`."""

    def batch_statistics(self, images: Any) -> list[Any]:
        """The statistics that each BatchNorm sees in a whole batch."""
