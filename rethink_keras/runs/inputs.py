"""Inputs of a run: one interface for data in memory and streamed data."""

import contextlib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from rethink_keras import data, training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.runs.in_memory import InMemoryInputs
from rethink_keras.runs.streamed import StreamedInputs


class Inputs(Protocol):
    """The randomized data of a run and their batches.

    If the run holds out training images, these are the test examples.

    Attributes:
      image_shape: (height, width, channels) of the network's input.
      num_classes: number of classes.
      num_train_examples: number of training examples.
      images_per_epoch: number of images that an epoch trains on.
      num_test_examples: number of test examples.
      steps_per_epoch: number of training batches in an epoch.
      positions: the position of each example in the data set's split: an int32
        array for `train` and one for `test`.
      fingerprint: SHA-256 of the randomized data.
      train_set: evaluation batches of all training examples.
      test_set: evaluation batches of the test examples.
    """

    @property
    def image_shape(self) -> tuple[int, int, int]: ...

    @property
    def num_classes(self) -> int: ...

    @property
    def num_train_examples(self) -> int: ...

    @property
    def images_per_epoch(self) -> int: ...

    @property
    def num_test_examples(self) -> int: ...

    @property
    def steps_per_epoch(self) -> int: ...

    @property
    def positions(self) -> Mapping[str, np.ndarray]: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def train_set(self) -> training.EvaluationBatches: ...

    @property
    def test_set(self) -> training.EvaluationBatches: ...

    def training_batches(
        self, progress: training.Progress
    ) -> training.TrainingBatches:
        """Returns the remaining training batches of a run.

        Args:
          progress: progress of the run.
        """

    def picture(self) -> np.ndarray:
        """Returns a picture of the first training images; see `picture_of`."""

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context manager in which to read batches.

        Raises:
          InputError: if a file is corrupt. The message names it.
        """


def counts_of(inputs: Inputs) -> dict[str, int]:
    """Returns the numbers of `train` and `test` examples."""
    return {
        "train": inputs.num_train_examples,
        "test": inputs.num_test_examples,
    }


def make_inputs(
    config: RunConfig,
    strategy: str = "single",
    given: data.GivenData | None = None,
) -> Inputs:
    """Returns the randomized inputs of a run.

    Args:
      config: config of the run. With `image_size`, images are streamed.
      strategy: name of the strategy that reads the batches.
      given: a data set of one's own, in memory; None for `config.dataset`.

    Raises:
      InputError: if the data cannot be read, or the options do not fit them.
    """
    if not config.streams:
        return InMemoryInputs.load(config, given.examples if given else None)
    if strategy == "parameter_server":
        raise InputError(
            "strategy=parameter_server: requires images in memory; received"
            f" image_size={config.image_size}, which streams them from disk"
        )
    return StreamedInputs.open(config)
