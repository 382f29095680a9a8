"""Squared distances of points whose features are never held all at once."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np

from rethink_keras.theory.cholesky import BLOCK, Tell


@dataclasses.dataclass(frozen=True)
class Distances:
    """Squared distances within a training set, and from others to it.

    Attributes:
      square: float32 [n, n] between training points, of which the upper
        triangle alone is set.
      across: float32 [m, n] from other points to training points.
    """

    square: np.ndarray
    across: np.ndarray

    def part(self, rows: np.ndarray, others: np.ndarray) -> Self:
        """Those within a part of the training set, and from a second part.

        Args:
          rows: which training points are kept, ascending.
          others: which take the place of the others.
        """
        above = self.square[np.ix_(others, rows)]
        below = self.square[np.ix_(rows, others)].T
        return type(self)(
            self.square[np.ix_(rows, rows)],
            np.where(others[:, None] < rows, above, below),
        )

    def copy(self) -> Self:
        """Others of the same values."""
        return type(self)(self.square.copy(), self.across.copy())

    def to_kernel(self, gamma: float) -> None:
        """Becomes `exp(-gamma * distance)`, in place."""
        for block in self._blocks():
            block *= -gamma
            np.exp(block, out=block)

    def from_kernel(self, gamma: float) -> None:
        """Undoes `to_kernel`, to a millionth of the kernel's width.

        The diagonal and what lies below it may have been overwritten. What
        the kernel rounded to 0 is infinitely far now.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            for block in self._blocks():
                np.log(block, out=block)
                block /= -gamma
        for start in range(0, len(self.square), BLOCK):
            rows = slice(start, start + BLOCK)
            self.square[rows, rows] = np.triu(self.square[rows, rows], 1)

    def _blocks(self) -> Iterator[np.ndarray]:
        """Views of all that is set."""
        for start in range(0, len(self.square), BLOCK):
            yield self.square[start : start + BLOCK, start:]
        yield self.across


def squared_distances(
    blocks: Iterable[tuple[np.ndarray, ...]],
    train: int,
    others: int,
    tell: Tell,
) -> Distances:
    """Adds the products of features, some features at a time.

    Args:
      blocks: float32 [train, features of the block] and [others, likewise].
      train: how many training points.
      others: how many others.
      tell: is told the progress.
    """
    square = np.zeros((train, train), "float32")
    across = np.zeros((others, train), "float32")
    lengths = np.zeros(train), np.zeros(others)
    count = 0
    for ours, theirs in blocks:
        for start in range(0, train, BLOCK):
            rows = slice(start, start + BLOCK)
            square[rows, start:] += ours[rows] @ ours[start:].T
        for start in range(0, others, BLOCK):
            rows = slice(start, start + BLOCK)
            across[rows] += theirs[rows] @ ours.T
        for length, features in zip(lengths, (ours, theirs), strict=True):
            length += np.square(features).sum(axis=1)
        count += ours.shape[1]
        tell(f"features: {count:,}")
    for matrix, rows_of in ((square, lengths[0]), (across, lengths[1])):
        matrix *= -2
        matrix += rows_of[:, None]
        matrix += lengths[0]
        np.maximum(matrix, 0, out=matrix)
    np.fill_diagonal(square, 0)
    return Distances(square, across)
