"""Rows with the results of our runs and the paper's numbers."""

import dataclasses
import statistics
from collections.abc import Collection, Mapping, Sequence

from rethink_keras import paper
from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.environment import kind_of
from rethink_keras.experiments import Row, load
from rethink_keras.results import FinishedRun, counting_runs, counts_for

_ALWAYS = ("train", "test")
_TABLE_2 = ("train_top5", "test_top5", "best_test", "best_test_top5")


@dataclasses.dataclass(frozen=True)
class SeedStatistics:
    """Mean and standard deviation of a measured value over seeds.

    Attributes:
      values: one value per seed.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation; None for one seed."""
        if len(self.values) < 2:
            return None
        return statistics.stdev(self.values)

    def __str__(self) -> str:
        spread = "" if self.sd is None else f" ± {self.sd:.2f}"
        return f"{self.mean:.2f}{spread}"


@dataclasses.dataclass(frozen=True)
class MeasuredRow:
    """A row with its finished runs.

    Attributes:
      row: the row of an experiment.
      runs: finished runs of the row's config, by seed.
      diverged: seeds without a finished run whose run ended in an infinite or
        NaN loss, in the precision of the finished runs.
      paper: the paper's numbers in percent: `train` and `test`. Table 2 also
        has `train_top5`, `test_top5` and, in parentheses in the paper,
        `best_test` and `best_test_top5`.
    """

    row: Row
    runs: Mapping[int, FinishedRun]
    diverged: Sequence[int]
    paper: Mapping[str, float | None]

    def number(self, key: str, factor: float = 100) -> SeedStatistics | None:
        """Returns a value of result.json over seeds; None if no run has it."""
        values = [run.result.get(key) for run in self.runs.values()]
        known = tuple(v * factor for v in values if v is not None)
        return SeedStatistics(known) if known else None

    @property
    def train(self) -> SeedStatistics | None:
        """Training accuracy in percent.

        If crops or augmentation change the images in each epoch, this is the
        online accuracy of the last epoch, as in the paper's Table 4.
        """
        if not (self.row.config.augment or self._crops_random_labels()):
            return self.number("train_accuracy")
        values = tuple(
            100 * run.result["history"]["accuracy"][-1]
            for run in self.runs.values()
        )
        return SeedStatistics(values) if values else None

    def _crops_random_labels(self) -> bool:
        config = self.row.config
        return config.random_crop and config.randomize == "labels"

    @property
    def random_labels(self) -> bool:
        """Whether all labels are random, so that test accuracy is at chance."""
        config = self.row.config
        return config.randomize == "labels" and config.label_corruption == 1

    @property
    def test(self) -> SeedStatistics | None:
        """Test accuracy in percent, against the true labels."""
        return self.number("test_accuracy")

    def of_seed(self, seed: int) -> "MeasuredRow":
        """Returns the row with only the run of one seed."""
        return dataclasses.replace(self, runs={seed: self.runs[seed]})

    @property
    def compared(self) -> str | None:
        """The split whose accuracy is compared with the paper's.

        This is `test`, but `train` for random labels, because test accuracies
        at chance always agree. It is None on the sample, for which the paper
        has no numbers, and if the paper or our runs lack the accuracy.
        """
        split = "train" if self.random_labels else "test"
        known = self.paper.get(split) is not None and bool(self.runs)
        return split if known and self.row.scale == "paper" else None

    @property
    def test_examples(self) -> int:
        return DATASET_SIZES[self.row.config.dataset].num_test_examples

    @property
    def minutes(self) -> dict[str, float]:
        """Mean duration of a run in minutes, by kind of device."""
        durations: dict[str, list[float]] = {}
        for run in self.runs.values():
            kind = kind_of(str(run.result["device"])).removeprefix("1 x ")
            seconds = run.result["wall_seconds"]
            durations.setdefault(kind, []).append(seconds / 60)
        return {
            kind: statistics.fmean(minutes)
            for kind, minutes in sorted(durations.items())
        }

    @property
    def devices(self) -> str:
        return "; ".join(
            sorted({str(run.result["device"]) for run in self.runs.values()})
        )


def measure(
    experiment: str,
    scale: str,
    runs: Mapping[RunConfig, FinishedRun],
    diverged: Collection[RunConfig] = (),
) -> list[MeasuredRow]:
    """Returns the rows of an experiment with their runs.

    Args:
      experiment: a key of `experiments.TITLES`.
      scale: `paper` or `sample`.
      runs: finished runs.
      diverged: configs of diverged runs.
    """
    reported = papers_numbers(experiment)
    rows = []
    for row in load(experiment, scale):
        counting = counting_runs(runs.values(), row.config)
        precisions = {run.config.precision for run in counting.values()}
        seeds = {
            config.seed
            for config in diverged
            if counts_for(config, row.seeded(config.seed))
            and (not precisions or config.precision in precisions)
        }
        rows.append(
            MeasuredRow(
                row=row,
                runs=counting,
                diverged=sorted(seeds - counting.keys()),
                paper=reported.get(row.name, {}),
            )
        )
    return rows


def papers_numbers(experiment: str) -> dict[str, dict[str, float | None]]:
    """Returns the numbers of a table of the paper by row; empty for figures."""
    if not experiment.startswith("table"):
        return {}
    numbers = {}
    for row in paper.read(experiment):
        names = (*_ALWAYS, *(name for name in _TABLE_2 if name in row))
        numbers[str(row["row"])] = {
            name: _number(row.get(name)) for name in names
        }
    return numbers


def _number(value: paper.Value) -> float | None:
    return float(value) if value is not None else None
