"""Numbers of epochs that rows take to reach a goal."""

import dataclasses
from collections.abc import Callable, Mapping

from rethink_keras.report.measured import MeasuredRow

# Epochs are whole numbers, and they differ by up to 6 % between the committed
# seeds of a row. Differences of at most 10 % therefore count as noise.
EPOCH_NOISE = 0.1


@dataclasses.dataclass(frozen=True)
class Epochs:
    """Number of epochs until a goal is reached.

    Attributes:
      count: mean over seeds. A seed that did not reach the goal counts with
        all its epochs.
      reached: whether every seed reached the goal. Otherwise `count` is a
        lower bound.
    """

    count: float
    reached: bool

    def __str__(self) -> str:
        return f"{'' if self.reached else '> '}{self.count:.3g}"

    def fewer_than(self, other: "Epochs") -> bool | None:
        """Compares with another number of epochs; None within noise."""
        if self.reached and self.count < (1 - EPOCH_NOISE) * other.count:
            return True
        if other.reached and other.count < (1 - EPOCH_NOISE) * self.count:
            return False
        return None


def mean_epochs(
    row: MeasuredRow, epochs_to: Callable[[Mapping], int | None]
) -> Epochs:
    """Returns the mean epochs to a goal over the seeds of a row.

    A seed that diverged did not reach it.

    Args:
      row: a row with finished runs.
      epochs_to: takes a result, and returns the epochs to the goal or None.
    """
    results = [run.result for run in row.runs.values()]
    reached = [epochs_to(result) for result in results]
    counts = [
        epochs or result["epochs"]
        for epochs, result in zip(reached, results, strict=True)
    ]
    return Epochs(
        sum(counts) / len(counts), None not in reached and not row.diverged
    )
