"""Labelled images in memory."""

import dataclasses
from typing import Any

import numpy as np

Array = Any  # np.ndarray or tf.Tensor


@dataclasses.dataclass(frozen=True)
class Examples:
    """Labelled images with identities, as arrays or tensors.

    Attributes:
      images: [n, height, width, channels]; uint8 as stored, or float.
      labels: int32 [n], the labels to train or evaluate on.
      true_labels: int32 [n], the labels of the data set.
      ids: int64 [n], the identity of each example. It does not depend on the
        order, the subset or the run.
    """

    images: Array
    labels: Array
    true_labels: Array
    ids: Array

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def fields(self) -> tuple[Array, ...]:
        """Images, labels, true labels and identities."""
        return self.images, self.labels, self.true_labels, self.ids

    def take(self, indices: np.ndarray) -> "Examples":
        """Returns the examples at the given positions."""
        return Examples(
            self.images[indices],
            self.labels[indices],
            self.true_labels[indices],
            self.ids[indices],
        )


@dataclasses.dataclass(frozen=True)
class ImageClassification:
    """A data set: a training split, a test split and the number of classes."""

    train: Examples
    test: Examples
    num_classes: int
