"""Squared distances between points, computed from blocks of their features."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np

from rethink_keras.theory.cholesky import BLOCK, Log


@dataclasses.dataclass(frozen=True)
class Distances:
    """Squared distances within a training set and from other points to it.

    Attributes:
      square: float32 [n, n], between training points. Only the upper triangle
        is set.
      across: float32 [m, n], from other points to training points.
    """

    square: np.ndarray
    across: np.ndarray

    def part(self, rows: np.ndarray, others: np.ndarray) -> Self:
        """Selects distances within a subset of the training points.

        Args:
          rows: ascending indices of the training points to keep.
          others: indices of the training points that become the other points.
        """
        above = self.square[np.ix_(others, rows)]
        below = self.square[np.ix_(rows, others)].T
        return type(self)(
            self.square[np.ix_(rows, rows)],
            np.where(others[:, None] < rows, above, below),
        )

    def copy(self) -> Self:
        """Returns a copy."""
        return type(self)(self.square.copy(), self.across.copy())

    def to_kernel(self, gamma: float) -> None:
        """Replaces distances by `exp(-gamma * distance)`, in place."""
        for block in self._blocks():
            block *= -gamma
            np.exp(block, out=block)

    def from_kernel(self, gamma: float) -> None:
        """Undoes `to_kernel` to about a millionth of the kernel's width.

        The diagonal and the lower triangle may have been overwritten. Kernel
        values that were rounded to 0 become infinite distances.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            for block in self._blocks():
                np.log(block, out=block)
                block /= -gamma
        for start in range(0, len(self.square), BLOCK):
            rows = slice(start, start + BLOCK)
            self.square[rows, rows] = np.triu(self.square[rows, rows], 1)

    def _blocks(self) -> Iterator[np.ndarray]:
        """Yields views of all entries that are set."""
        for start in range(0, len(self.square), BLOCK):
            yield self.square[start : start + BLOCK, start:]
        yield self.across


def squared_distances(
    blocks: Iterable[tuple[np.ndarray, ...]],
    train: int,
    others: int,
    log: Log,
) -> Distances:
    """Computes squared distances from blocks of features.

    Args:
      blocks: pairs of float32 arrays, [train, features of the block] and
        [others, features of the block].
      train: number of training points.
      others: number of other points.
      log: receives progress messages.
    """
    square = np.zeros((train, train), "float32")
    across = np.zeros((others, train), "float32")
    lengths = np.zeros(train), np.zeros(others)
    count = 0
    for train_block, other_block in blocks:
        for start in range(0, train, BLOCK):
            rows = slice(start, start + BLOCK)
            square[rows, start:] += train_block[rows] @ train_block[start:].T
        for start in range(0, others, BLOCK):
            rows = slice(start, start + BLOCK)
            across[rows] += other_block[rows] @ train_block.T
        for length, features in zip(
            lengths, (train_block, other_block), strict=True
        ):
            length += np.square(features).sum(axis=1)
        count += train_block.shape[1]
        log(f"features: {count:,}")
    for matrix, rows_of in ((square, lengths[0]), (across, lengths[1])):
        matrix *= -2
        matrix += rows_of[:, None]
        matrix += lengths[0]
        np.maximum(matrix, 0, out=matrix)
    np.fill_diagonal(square, 0)
    return Distances(square, across)
