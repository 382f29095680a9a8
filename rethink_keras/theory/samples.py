"""Whole images with labels, for machines that are not trained in steps."""

import dataclasses

import numpy as np

from rethink_keras import data, randomization
from rethink_keras.config import RunConfig


@dataclasses.dataclass(frozen=True)
class Sample:
    """Labelled images.

    Attributes:
      images: uint8 [n, height, width, channels], uncropped.
      labels: int [n], the true ones.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices) -> "Sample":
        """The examples at the given positions."""
        return Sample(self.images[indices], self.labels[indices])


def load_samples(config: RunConfig) -> tuple[Sample, Sample]:
    """Training and test examples of a run's data set and subset.

    Raises:
      InputError: the data cannot be read.
    """
    loaded = data.load(config.dataset, config.data_dir, config.image_size)
    train = loaded.train
    if config.train_examples is not None:
        train = randomization.balanced_subset(
            train,
            config.train_examples,
            classes=loaded.classes,
            seed=config.seed,
        )
    return (
        Sample(np.asarray(train.images), np.asarray(train.true_labels)),
        Sample(
            np.asarray(loaded.test.images), np.asarray(loaded.test.true_labels)
        ),
    )
