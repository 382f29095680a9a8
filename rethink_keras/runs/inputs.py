"""The data of one run behind one interface, in memory or streamed."""

import contextlib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from rethink_keras import training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.runs.in_memory import InMemoryInputs
from rethink_keras.runs.streamed import StreamedInputs


class Inputs(Protocol):
    """The randomized data of a run, and the batches made of them.

    Attributes:
      image_shape: (height, width, channels) of the network's input.
      num_classes: number of classes.
      num_train_examples: number of training examples.
      num_test_examples: number of test examples or, if the run holds out
        training images, of these.
      steps_per_epoch: number of training batches in an epoch.
      positions: int32 arrays for `train` and `test`: the position of each
        example in the data set's split.
      fingerprint: SHA-256 of the randomized data.
      train_set: all training examples, as evaluated.
      test_set: the test examples.
    """

    @property
    def image_shape(self) -> tuple[int, int, int]: ...

    @property
    def num_classes(self) -> int: ...

    @property
    def num_train_examples(self) -> int: ...

    @property
    def num_test_examples(self) -> int: ...

    @property
    def steps_per_epoch(self) -> int: ...

    @property
    def positions(self) -> Mapping[str, np.ndarray]: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def train_set(self) -> training.Batches: ...

    @property
    def test_set(self) -> training.Batches: ...

    def training_batches(
        self, progress: training.Progress
    ) -> training.TrainingBatches:
        """Returns the training batches that follow some progress."""

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which batches are read.

        Raises:
          InputError: a file is damaged; the message names it.
        """


def make_inputs(config: RunConfig, strategy: str = "single") -> Inputs:
    """Loads or opens the data of a run and randomizes them.

    Args:
      config: the run. With `image_size` its images stream.
      strategy: name of the strategy that will read the batches.

    Raises:
      InputError: the data cannot be read, or do not suit the options.
    """
    if not config.streams:
        return InMemoryInputs.load(config)
    if strategy == "parameter_server":
        raise InputError(
            "strategy=parameter_server: allowed with images in memory alone;"
            f" received image_size={config.image_size}, with which they stream"
        )
    return StreamedInputs.open(config)
