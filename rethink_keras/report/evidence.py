"""What finished runs say, for the claims to be judged by."""

import dataclasses
import math
from collections.abc import Mapping

from rethink_keras.config import DATASET_SIZES, SAMPLE
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.report.verdicts import NotMeasuredError

CHANCE = 10.0  # percent, of ten classes

Rows = Mapping[str, MeasuredRow]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a scale's runs measured.

    Attributes:
      scale: `sample` or `paper`.
      experiments: measured rows by name, by experiment.
    """

    scale: str
    experiments: Mapping[str, Rows]

    def row(self, experiment: str, name: str) -> MeasuredRow:
        row = self.experiments[experiment][name]
        if not row.runs:
            raise NotMeasuredError(f"{experiment}/{name}")
        return row

    def train(self, experiment: str, name: str) -> float:
        """Mean training accuracy in percent."""
        number = self.row(experiment, name).train
        assert number is not None
        return number.mean

    def test(self, name: str, experiment: str = "table1") -> float:
        """Mean test accuracy in percent."""
        number = self.row(experiment, name).test
        assert number is not None
        return number.mean

    def epochs_to_fit(self, experiment: str, name: str) -> float:
        """Mean epochs until the loss is below 0.05; infinite if never."""
        row = self.row(experiment, name)
        epochs = [run.result["epochs_to_fit"] for run in row.runs.values()]
        if None in epochs:
            return math.inf
        return sum(epochs) / len(epochs)

    @property
    def chance_noise(self) -> float:
        """Two binomial deviations of chance, in points."""
        share = CHANCE / 100
        dataset = {"sample": SAMPLE, "paper": "cifar10"}[self.scale]
        spread = share * (1 - share) / DATASET_SIZES[dataset].num_test_examples
        return 200 * math.sqrt(spread)
