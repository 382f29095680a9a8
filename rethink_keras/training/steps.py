"""The protocol of compiled training and evaluation steps."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from rethink_keras.pipeline import Share
from rethink_keras.training.meters import Meters
from rethink_keras.training.statistics import BatchStatistics


class Batches(Protocol):
    """Batches for one device or for many; see `pipeline`."""

    def dataset(self, share: Share) -> tf.data.Dataset:
        """Those of an input pipeline."""


class TrainingBatches(Batches, Protocol):
    """The training batches of a run; see `pipeline`."""

    def beginning(self, epoch: int, limit: int) -> Batches:
        """The first batches of an epoch alone, as trained on."""


class Steps(Protocol):
    """Compiled steps of one model: the only code that knows the backend.

    On the devices of the strategy in whose scope they are made.

    Attributes:
      meters: updated by `train`.
      together: how many steps a call is to take; None for any number.
      statistics: of the model's BatchNorm layers.
    """

    meters: Meters
    together: int | None
    statistics: BatchStatistics

    def iterator(self, batches: Any) -> Iterator:
        """What `train` takes batches from.

        Args:
          batches: see `pipeline.TrainingBatches`.
        """

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""

    def dataset(self, batches: Batches) -> Iterable:
        """What `examine` takes batches of.

        Args:
          batches: see `pipeline.EvaluationBatches`.
        """

    def examine(self, batch: Any) -> np.ndarray:
        """The `meters.evaluation_sums` of a batch, in inference mode."""

    def predict(self, batch: Any) -> tuple[np.ndarray, np.ndarray]:
        """What `examine` returns, and the `meters.prediction_rows`."""

    def whole_dataset(self, batches: Batches) -> Iterable:
        """Batches that are not divided, for `batch_statistics`."""

    def batch_statistics(self, images: Any) -> list[Any]:
        """The statistics that each BatchNorm sees in a whole batch."""
