"""What finished runs show, for the claims to be judged by."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from rethink_keras.report.measured import MeasuredRow
from rethink_keras.report.statistics import (
    LEVEL,
    Interval,
    mean_interval,
    paired_p_value,
    seeds_p_value,
    share_interval,
    unpaired_noise,
)
from rethink_keras.report.verdicts import (
    FAILS,
    UNDECIDED,
    Finding,
    NotMeasuredError,
    above,
    found,
)
from rethink_keras.results import Predictions, read_predictions
from rethink_keras.results.metrics import FITTED_ACCURACY

NETWORKS = (
    "inception",
    "inception_no_batch_norm",
    "alexnet",
    "mlp_3x512",
    "mlp_1x512",
)
CHANCE = 10.0  # percent, of ten classes
AT_CHANCE = 3.0  # points around chance
FITTED = 100 * FITTED_ACCURACY  # percent of the training set
# 50 epochs of 391 steps, about as many as Figure 2b shows. The paper states no
# number of epochs.
PAPER_STEPS = 19_550
# Epochs are whole numbers, and those of the committed seeds of one row differ
# by up to 6 %: differences of at most a tenth are within noise.
EPOCH_NOISE = 0.1
_FALLING = 0.95  # of the loss a tenth of the run earlier
EARLY_STOPPING = 2.0  # points; one point is within noise of 10,000 images

Rows = Mapping[str, MeasuredRow]


@dataclasses.dataclass(frozen=True)
class Epochs:
    """How long something took.

    Attributes:
      count: mean over seeds; of a seed that ended earlier, all its epochs.
      reached: whether every seed reached it; otherwise `count` is a lower
        bound.
    """

    count: float
    reached: bool

    def __str__(self) -> str:
        return f"{'' if self.reached else '> '}{self.count:.3g}"

    def fewer_than(self, other: "Epochs") -> bool | None:
        """Whether it took less time than another; None within noise."""
        if self.reached and self.count < (1 - EPOCH_NOISE) * other.count:
            return True
        if other.reached and other.count < (1 - EPOCH_NOISE) * self.count:
            return False
        return None


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a scale's runs measured.

    Attributes:
      scale: `sample` or `paper`.
      experiments: measured rows by name, by experiment.
    """

    scale: str
    experiments: Mapping[str, Rows]

    def row(self, name: str, experiment: str = "table1") -> MeasuredRow:
        """A row that has finished runs.

        Raises:
          NotMeasuredError: it has none.
        """
        row = self.experiments[experiment][name]
        if not row.runs:
            raise NotMeasuredError(f"{experiment}/{name}")
        return row

    def fitted(self, name: str, experiment: str = "table1") -> Finding:
        """Whether every seed of a row fits its training set."""
        row = self.row(name, experiment)
        assert row.train is not None
        number = f"train {name} {row.train} %"
        fits = {accuracy >= FITTED for accuracy in row.train.values}
        if fits == {False}:
            return _unreached(row, number)
        reason = f"not every seed of {name} fits"
        return (
            found(True, number)
            if fits == {True}
            else Finding(UNDECIDED, (number,), (reason,))
        )

    def epochs_to_fit(self, name: str, experiment: str = "table1") -> Epochs:
        """Epochs until the mean loss of an epoch is below 0.05."""
        row = self.row(name, experiment)
        reached = [run.result["epochs_to_fit"] for run in row.runs.values()]
        epochs = [
            epochs or run.result["epochs"]
            for epochs, run in zip(reached, row.runs.values(), strict=True)
        ]
        return Epochs(sum(epochs) / len(epochs), None not in reached)

    def reaches_loss(self, name: str, experiment: str) -> Finding:
        """Whether a row's training loss falls below 0.05."""
        epochs = self.epochs_to_fit(name, experiment)
        number = f"{name} {epochs} epochs"
        if epochs.reached:
            return found(True, number)
        return _unreached(self.row(name, experiment), number)

    def faster(self, name: str, than: str, experiment: str) -> Finding:
        """Whether a row fits in fewer epochs than another."""
        first = self.epochs_to_fit(name, experiment)
        second = self.epochs_to_fit(than, experiment)
        numbers = (f"{name} {first} epochs", f"{than} {second} epochs")
        fewer = first.fewer_than(second)
        if fewer is not None:
            return found(fewer, *numbers)
        reason = f"epochs of {name} and {than} are within noise"
        return Finding(UNDECIDED, numbers, (reason,))

    def accuracy(self, name: str, experiment: str = "table1") -> Interval:
        """Test accuracy in percent with its interval.

        Over seeds where there are two or more; of one seed, over the draw of
        the test images.
        """
        row = self.row(name, experiment)
        assert row.test is not None
        if len(row.runs) > 1:
            return mean_interval(row.test.values)
        return share_interval(row.test.mean, row.test_examples)

    def at_chance(self, name: str, experiment: str) -> Finding:
        """Whether test accuracy is within 3 points of chance."""
        accuracy = self.accuracy(name, experiment)
        number = f"test {name} {accuracy} %"
        low, high = CHANCE - AT_CHANCE, CHANCE + AT_CHANCE
        if low <= accuracy.low and accuracy.high <= high:
            return found(True, number)
        if accuracy.high < low or accuracy.low > high:
            return found(False, number)
        reason = f"{name} is within noise of {AT_CHANCE:g} points from chance"
        return Finding(UNDECIDED, (number,), (reason,))

    def generalizes(self, name: str) -> Finding:
        """Whether test accuracy is above three times chance."""
        accuracy = self.accuracy(name)
        number = f"test {name} {accuracy} %"
        return above(accuracy, 3 * CHANCE, name, number)

    def better(self, first: str, second: str, comparisons: int = 1) -> Finding:
        """Whether a row of Table 1 has more test accuracy than another.

        With two or more seeds each, Student's t test between the seeds; else
        McNemar's test of the two networks on their shared test images.

        Args:
          first: name of the row that is to be better.
          second: name of the other row.
          comparisons: how many comparisons the claim rests on; the level of
            each is divided by their number (Bonferroni).
        """
        rows = self.row(first), self.row(second)
        seeds = min(len(row.runs) for row in rows)
        test = _between_seeds if seeds > 1 else _between_networks
        difference, p, basis = test(*rows)
        number = f"{first} less {second}: {difference:+.2f} points ({basis})"
        if p is None:
            reason = f"{first} and {second}: one seed, and predictions not kept"
            return Finding(UNDECIDED, (number,), (reason,))
        if p <= LEVEL / comparisons:
            return found(difference > 0, number)
        reason = f"{first} and {second} are within noise"
        return Finding(UNDECIDED, (number,), (reason,))

    def gap(self, first: str, second: str) -> Interval:
        """The difference of two rows of Table 1 in points of test accuracy."""
        rows = self.row(first), self.row(second)
        one, other = (row.test.mean for row in rows if row.test is not None)
        noise = unpaired_noise(one, other, rows[0].test_examples)
        return Interval(one - other, one - other - noise, one - other + noise)

    def stopping_helps(self, name: str, experiment: str) -> Finding:
        """Whether the best epoch is 2 points above the last one.

        The best of many epochs is above the last by chance too: that it helps
        takes a bound over all epochs. That it does not help takes that of one
        epoch, because the best one can only seem better than it is.
        """
        row = self.row(name, experiment)
        best, last = row.number("best_test_accuracy"), row.test
        assert best is not None
        assert last is not None
        epochs = max(run.result["epochs"] for run in row.runs.values())
        gain = best.mean - last.mean
        lower, upper = (
            unpaired_noise(best.mean, last.mean, row.test_examples, count)
            for count in (epochs, 1)
        )
        interval = Interval(gain, gain - lower, gain + upper)
        number = f"{name} {interval} points"
        return above(interval, EARLY_STOPPING, name, number)


def _unreached(row: MeasuredRow, number: str) -> Finding:
    """The finding on runs that did not reach what they were to reach.

    A run that ends early shows what its budget allows, and not what the
    network cannot do.
    """
    steps = min(run.result["steps"] for run in row.runs.values())
    name, reason = row.row.name, ""
    if steps < PAPER_STEPS:
        reason = f"{name} ended after {steps:,} steps of {PAPER_STEPS:,}"
    elif any(_falling(run.result) for run in row.runs.values()):
        reason = f"the loss of {name} was still falling"
    if reason:
        return Finding(UNDECIDED, (number,), (reason,))
    return Finding(FAILS, (number,))


def _falling(result: Mapping) -> bool:
    losses = result["history"]["loss"]
    earlier = losses[-1 - max(1, len(losses) // 10) :][0]
    return losses[-1] < _FALLING * earlier


def _between_seeds(
    first: MeasuredRow, second: MeasuredRow
) -> tuple[float, float | None, str]:
    """Difference in points, p-value and how it was tested."""
    assert first.test is not None
    assert second.test is not None
    p = float(seeds_p_value(first.test.values, second.test.values))
    seeds = f"{len(first.runs)} and {len(second.runs)} seeds"
    basis = f"t test between {seeds}, p = {p:.2g}"
    return first.test.mean - second.test.mean, p, basis


def _between_networks(
    first: MeasuredRow, second: MeasuredRow
) -> tuple[float, float | None, str]:
    """Difference in points, p-value if known, and how it was tested."""
    runs = [next(iter(row.runs.values())) for row in (first, second)]
    accuracies = [100 * run.result["test_accuracy"] for run in runs]
    difference = accuracies[0] - accuracies[1]
    kept = [read_predictions(run.path) for run in runs]
    if kept[0] is None or kept[1] is None:
        return difference, None, "one seed"
    right = [_right(splits["test"]) for splits in kept if splits]
    _, *places = np.intersect1d(
        right[0][0], right[1][0], assume_unique=True, return_indices=True
    )
    one, other = (r[place] for (_, r), place in zip(right, places, strict=True))
    only = int(np.sum(one & ~other)), int(np.sum(other & ~one))
    p = float(paired_p_value(*only))
    basis = (
        f"paired test of two trained networks, not of two procedures, on"
        f" {len(one):,} images, p = {p:.2g}"
    )
    return 100 * (only[0] - only[1]) / len(one), p, basis


def _right(test: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """The positions of images, and whether their class is predicted."""
    return test.index, test.prediction == test.true_label
