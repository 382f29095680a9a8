"""Evidence from finished runs, by which claims are judged."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from rethink_keras.report.epochs import Epochs, mean_epochs
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.report.statistics import (
    LEVEL,
    Interval,
    seeds_interval,
    share_interval,
    unpaired_noise,
)
from rethink_keras.report.two_rows import (
    between_networks,
    between_seeds,
    range_at_stop,
    smallest_gap,
)
from rethink_keras.report.verdicts import (
    FAILS,
    UNDECIDED,
    DivergedError,
    Finding,
    NotMeasuredError,
    above,
    found,
)
from rethink_keras.results.metrics import FITTED_ACCURACY

NETWORKS = (
    "inception",
    "inception_no_batch_norm",
    "alexnet",
    "mlp_3x512",
    "mlp_1x512",
)
CHANCE = 10.0  # percent, for ten classes
AT_CHANCE = 3.0  # points around chance
FITTED = 100 * FITTED_ACCURACY  # percent of the training set
# 50 epochs of 391 steps, about the length of Figure 2b. The paper does not
# state the number of epochs.
PAPER_STEPS = 19_550
# A loss is still falling if it is below this fraction of the loss one tenth of
# the run earlier.
_FALLING = 0.95
# Points. The largest standard deviation over seeds of the committed rows of
# Table 1 with true labels is 0.57, and that of a difference of two runs 0.8.
ONE_SEED_MARGIN = 2.0
EARLY_STOPPING = 2.0  # points; noise on 10,000 images is about one point

Rows = Mapping[str, MeasuredRow]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The finished runs of one scale.

    Attributes:
      scale: `sample` or `paper`.
      experiments: for each experiment, rows by name.
    """

    scale: str
    experiments: Mapping[str, Rows]

    def row(self, name: str, experiment: str = "table1") -> MeasuredRow:
        """Returns a row with finished runs.

        Raises:
          NotMeasuredError: the row has no finished run.
          DivergedError: all its runs diverged.
        """
        row = self.experiments[experiment][name]
        if self._only_diverged(name, experiment):
            raise DivergedError(name)
        if not row.runs:
            raise NotMeasuredError(f"{experiment}/{name}")
        return row

    def whole_row(self, name: str, experiment: str = "table1") -> MeasuredRow:
        """Returns a row with finished runs of which no seed diverged.

        The accuracies of the other seeds would be those of a selection.

        Raises:
          NotMeasuredError: the row has no finished run.
          DivergedError: a run diverged.
        """
        row = self.row(name, experiment)
        if row.diverged:
            raise DivergedError(f"a seed of {name}")
        return row

    def fitted(self, name: str, experiment: str = "table1") -> Finding:
        """Judges whether every seed of a row fits its training set.

        A seed that diverged does not.
        """
        if self._only_diverged(name, experiment):
            return Finding(FAILS, (f"{name} diverged",))
        row = self.row(name, experiment)
        assert row.train is not None
        fits = [accuracy >= FITTED for accuracy in row.train.values]
        return _every_seed(row, fits, f"train {name} {row.train} %")

    def _only_diverged(self, name: str, experiment: str) -> bool:
        row = self.experiments[experiment][name]
        return bool(row.diverged) and not row.runs

    def epochs_to_fit(self, name: str, experiment: str = "table1") -> Epochs:
        """Returns the epochs until the mean loss of an epoch is below 0.05."""
        return mean_epochs(self.row(name, experiment), _epochs_to_fit)

    def reaches_loss(self, name: str, experiment: str) -> Finding:
        """Judges whether the training loss of a row falls below 0.05.

        That of a seed that diverged does not.
        """
        if self._only_diverged(name, experiment):
            return Finding(FAILS, (f"{name} diverged",))
        row = self.row(name, experiment)
        reached = [
            _epochs_to_fit(run.result) is not None for run in row.runs.values()
        ]
        epochs = self.epochs_to_fit(name, experiment)
        return _every_seed(row, reached, f"{name} {epochs} epochs")

    def faster(self, name: str, than: str, experiment: str) -> Finding:
        """Judges whether a row fits in fewer epochs than another row."""
        first = self.epochs_to_fit(name, experiment)
        second = self.epochs_to_fit(than, experiment)
        numbers = (f"{name} {first} epochs", f"{than} {second} epochs")
        fewer = first.fewer_than(second)
        if fewer is not None:
            return found(fewer, *numbers)
        reason = f"epochs of {name} and {than} are within noise"
        return Finding(UNDECIDED, numbers, (reason,))

    def at_chance(self, name: str, experiment: str) -> Finding:
        """Judges whether the test accuracy is within 3 points of chance."""
        limits = CHANCE - AT_CHANCE, CHANCE + AT_CHANCE
        text = f"{AT_CHANCE:g} points from chance"
        return self._test_between(name, experiment, limits, text)

    def generalizes(self, name: str) -> Finding:
        """Judges whether the test accuracy is above three times chance."""
        least = 3 * CHANCE
        limits = least, math.inf
        return self._test_between(name, "table1", limits, f"{least:g}")

    def _test_between(
        self,
        name: str,
        experiment: str,
        limits: tuple[float, float],
        text: str,
    ) -> Finding:
        """Judges the test accuracy of every seed by its 95 % interval.

        The interval is over the draw of the test images. One over two seeds
        would be wider than that of either seed alone.

        Args:
          name: name of the row.
          experiment: its experiment.
          limits: ends between which the accuracy is to be, in percent.
          text: the limits in words.
        """
        row = self.whole_row(name, experiment)
        assert row.test is not None
        seeds = [
            share_interval(accuracy, row.test_examples)
            for accuracy in row.test.values
        ]
        shown = seeds[0] if len(seeds) == 1 else row.test
        number = f"test {name} {shown} %"
        low, high = limits
        if all(low < seed.low and seed.high < high for seed in seeds):
            return found(True, number)
        if all(seed.high < low or high < seed.low for seed in seeds):
            return found(False, number)
        reason = f"{name} is within noise of {text}"
        return Finding(UNDECIDED, (number,), (reason,))

    def better(self, first: str, second: str, comparisons: int = 1) -> Finding:
        """Judges whether one row of Table 1 is better than another.

        Compares test accuracies. If both rows have two or more seeds, the test
        is Student's t test between the seeds. Otherwise it is McNemar's test of
        two networks on their shared test images; any two seeds must then also
        differ by more than ONE_SEED_MARGIN, in one direction. If only one of
        the rows stopped at a training loss, the difference must exceed what
        its test accuracy still moved.

        Args:
          first: name of the row that should be better.
          second: name of the other row.
          comparisons: number of comparisons that the claim needs. The level of
            each test is divided by it (Bonferroni).
        """
        rows = self.whole_row(first), self.whole_row(second)
        several = min(len(row.runs) for row in rows) > 1
        test = between_seeds if several else between_networks
        difference, p, basis = test(*rows)
        number = f"{first} minus {second}: {difference:+.2f} points ({basis})"
        if abs(difference) <= (moved := range_at_stop(*rows)):
            reason = (
                f"only one of {first} and {second} stopped at a training loss;"
                f" its test accuracy moved by {moved:.2f} points in its last"
                " epochs"
            )
            return Finding(UNDECIDED, (number,), (reason,))
        if not several and smallest_gap(*rows) <= ONE_SEED_MARGIN:
            reason = (
                f"a row has one seed, so any two seeds of {first} and {second}"
                f" must differ by more than {ONE_SEED_MARGIN:g} points, in one"
                " direction"
            )
            return Finding(UNDECIDED, (number,), (reason,))
        if p is None:
            gap = self.gap(first, second, comparisons)
            number = f"{first} minus {second}: {gap} points ({basis})"
            return above(gap, 0, f"{first} minus {second}", number)
        if p <= LEVEL / comparisons:
            return found(difference > 0, number)
        reason = f"{first} and {second} are within noise"
        return Finding(UNDECIDED, (number,), (reason,))

    def gap(self, first: str, second: str, comparisons: int = 1) -> Interval:
        """Returns the test accuracy of one row of Table 1 minus another's.

        If both rows have two or more seeds that are not all equal, the interval
        is over the seeds. Otherwise it is over the draw of the test images.

        Args:
          first: name of a row.
          second: name of another row.
          comparisons: see `better`.
        """
        rows = self.whole_row(first), self.whole_row(second)
        tests = [row.test for row in rows if row.test is not None]
        values = [test.values for test in tests]
        spread = any(len(set(of_row)) > 1 for of_row in values)
        if min(map(len, values)) > 1 and spread:
            return seeds_interval(values[0], values[1], comparisons)
        one, other = (test.mean for test in tests)
        examples = rows[0].test_examples
        noise = unpaired_noise(one, other, examples, comparisons)
        return Interval(one - other, one - other - noise, one - other + noise)

    def stopping_helps(
        self, name: str, experiment: str, rows: int, rows_against: int
    ) -> Finding:
        """Judges whether the best epoch is 2 points above the last one.

        The best of many epochs exceeds the last one also by chance. Early
        stopping therefore helps only if the gain exceeds a bound over all
        epochs. The bound of a single epoch suffices to show that it does not
        help, because choosing the best epoch only overestimates the gain. Runs
        that stopped before their last epoch cannot show that, nor those whose
        accuracies in mid-training are those of BatchNorm's moving averages.

        Args:
          name: name of the row.
          experiment: its experiment.
          rows: number of rows of which one is to show that it helps.
          rows_against: number of rows of which one is to show that it does
            not.
        """
        row = self.whole_row(name, experiment)
        best, last = row.number("best_test_accuracy"), row.test
        assert best is not None
        assert last is not None
        epochs = max(run.result["epochs"] for run in row.runs.values())
        gain = best.mean - last.mean
        lower, upper = (
            unpaired_noise(best.mean, last.mean, row.test_examples, count)
            for count in (epochs * rows, rows_against)
        )
        interval = Interval(gain, gain - lower, gain + upper)
        number = f"{name} {interval} points"
        runs = row.runs.values()
        if gain < EARLY_STOPPING and any(
            run.stopped or run.moving_averages for run in runs
        ):
            reason = (
                f"runs of {name} stopped before their last epoch"
                if any(run.stopped for run in runs)
                else f"runs of {name} used moving averages"
            )
            return Finding(UNDECIDED, (number,), (reason,))
        return above(interval, EARLY_STOPPING, name, number)


def _epochs_to_fit(result: Mapping) -> int | None:
    return result["epochs_to_fit"]


def _every_seed(
    row: MeasuredRow, reached: Sequence[bool], number: str
) -> Finding:
    """Judges whether every seed reached a goal; one that diverged did not."""
    if not any(reached):
        return _unreached(row, number)
    if all(reached) and not row.diverged:
        return found(True, number)
    reason = f"not every seed of {row.row.name} fits"
    return Finding(UNDECIDED, (number,), (reason,))


def _unreached(row: MeasuredRow, number: str) -> Finding:
    """Returns the finding on a row whose runs did not reach their goal.

    A run that ends early shows the limits of its budget, not those of the
    network.
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
