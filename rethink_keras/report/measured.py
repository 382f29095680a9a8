"""What runs measured for each row, beside what the paper reports."""

import dataclasses
import statistics
from collections.abc import Mapping

from rethink_keras import paper
from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.experiments import Row, load
from rethink_keras.results import FinishedRun, counting_runs

_ALWAYS = ("train", "test")
_TABLE_2 = ("train_top5", "test_top5", "best_test", "best_test_top5")


@dataclasses.dataclass(frozen=True)
class SeedStatistics:
    """A measured number: mean and standard deviation over seeds.

    Attributes:
      values: one a seed.
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
      row: of the experiment.
      runs: the finished runs of its config, by seed.
      paper: the paper's numbers in percent, by name: `train` and `test`; of
        Table 2 also `train_top5`, `test_top5` and, in its parentheses,
        `best_test` and `best_test_top5`.
    """

    row: Row
    runs: Mapping[int, FinishedRun]
    paper: Mapping[str, float | None]

    def number(self, key: str, factor: float = 100) -> SeedStatistics | None:
        """A value of result.json over seeds; None where no run has it."""
        values = [run.result.get(key) for run in self.runs.values()]
        known = tuple(v * factor for v in values if v is not None)
        return SeedStatistics(known) if known else None

    @property
    def train(self) -> SeedStatistics | None:
        """Training accuracy in percent.

        Where crops or augmentation change the images each epoch, the online
        accuracy of the last epoch, as in the paper's Table 4.
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
        """Whether the labels tell nothing, so that test accuracy is chance."""
        config = self.row.config
        return config.randomize == "labels" and config.label_corruption == 1

    @property
    def test(self) -> SeedStatistics | None:
        """Test accuracy in percent, against the true labels."""
        return self.number("test_accuracy")

    def of_seed(self, seed: int) -> "MeasuredRow":
        """The row with the run of one seed alone."""
        return dataclasses.replace(self, runs={seed: self.runs[seed]})

    @property
    def compared(self) -> str | None:
        """The accuracy that is compared with the paper's: train or test.

        On random labels it is that of training, because test accuracies at
        chance agree by themselves. None on the sample, which the paper has no
        numbers of, and where the paper or the runs lack the number.
        """
        split = "train" if self.random_labels else "test"
        known = self.paper.get(split) is not None and bool(self.runs)
        return split if known and self.row.scale == "paper" else None

    @property
    def test_examples(self) -> int:
        return DATASET_SIZES[self.row.config.dataset].num_test_examples

    @property
    def minutes(self) -> float | None:
        """Mean minutes of a run."""
        number = self.number("wall_seconds", 1 / 60)
        return number.mean if number else None

    @property
    def devices(self) -> str:
        return "; ".join(
            sorted({str(run.result["device"]) for run in self.runs.values()})
        )


def measure(
    experiment: str, scale: str, runs: Mapping[RunConfig, FinishedRun]
) -> list[MeasuredRow]:
    """The rows of an experiment with all their finished seeds."""
    reported = papers_numbers(experiment)
    return [
        MeasuredRow(
            row=row,
            runs=counting_runs(runs.values(), row.config),
            paper=reported.get(row.name, {}),
        )
        for row in load(experiment, scale)
    ]


def papers_numbers(experiment: str) -> dict[str, dict[str, float | None]]:
    """The numbers of the paper's table by row; empty for a figure."""
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
