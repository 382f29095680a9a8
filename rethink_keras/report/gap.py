"""The gap between training and test accuracy, on true and on random labels."""

import dataclasses
import re
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence

from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.report.evidence import (
    AT_CHANCE,
    CHANCE,
    FITTED,
    NETWORKS,
)
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.report.names import readable
from rethink_keras.results import FinishedRun
from rethink_keras.results.metrics import chance_of, clearly_above
from rethink_keras.results.names import names_of

_DIGITS = re.compile(r"-[0-9a-f]{8}$")


@dataclasses.dataclass(frozen=True)
class Accuracies:
    """Accuracies of a network in percent, and the paper's.

    Attributes:
      train: mean training accuracy over seeds; None without a finished run.
      test: mean test accuracy over seeds.
      paper: the paper's training and test accuracy; None if it has none.
      images: number of training images; None if unknown.
      chance: test accuracy of guessing.
      fitted: whether every seed fits its training set.
    """

    train: float | None = None
    test: float | None = None
    paper: tuple[float, float] | None = None
    images: int | None = None
    chance: float = 10.0
    fitted: bool = False


@dataclasses.dataclass(frozen=True)
class Gap:
    """Accuracies of one network with true and with random labels.

    Attributes:
      network: name of the network.
      true: accuracies with true labels.
      random: accuracies with random labels.
      settings: number of settings with finished runs; one is shown.
    """

    network: str
    true: Accuracies
    random: Accuracies
    settings: int = 1

    @property
    def measured(self) -> bool:
        """Whether a run has finished."""
        return not self.true.train is self.random.train is None

    @property
    def fitted(self) -> bool:
        """Whether the network fits random labels."""
        return self.random.fitted

    @property
    def chance(self) -> float:
        """Test accuracy of guessing, in percent."""
        trained = self.true if self.random.train is None else self.random
        return trained.chance

    @property
    def at_chance(self) -> bool:
        """Whether the test accuracy on random labels is that of guessing."""
        test = self.random.test
        margin = AT_CHANCE * min(1, self.chance / CHANCE)
        return test is not None and abs(test - self.chance) <= margin

    @property
    def generalizes(self) -> bool:
        """Whether the test accuracy on true labels clearly beats guessing."""
        test = self.true.test
        chance = self.true.chance / 100
        return test is not None and test / 100 > clearly_above(chance)


def rounded(percent: float) -> str:
    """Rounds to one digit, halves up; 100 only if it is 100 to two digits."""
    if percent >= 99.995:
        return "100"
    return f"{min(percent + 1e-9, 99.9):.1f}"


def gaps_of_table1(rows: Mapping[str, MeasuredRow]) -> list[Gap]:
    """Returns the networks of Table 1 without explicit regularizers.

    Args:
      rows: rows of Table 1 at one scale, by name.
    """
    return [
        Gap(
            readable(name),
            _accuracies(rows[name]),
            _accuracies(rows[f"{name}_random_labels"]),
        )
        for name in NETWORKS
        if name in rows
    ]


def _accuracies(row: MeasuredRow) -> Accuracies:
    train, test = row.train, row.test
    paper = row.paper.get("train"), row.paper.get("test")
    known = None not in paper and row.row.scale == "paper"
    run = next(iter(row.runs.values()), None)
    sizes = DATASET_SIZES[row.row.config.dataset]
    return Accuracies(
        train=train.mean if train else None,
        test=test.mean if test else None,
        paper=paper if known else None,  # type: ignore[arg-type]
        images=sizes.num_train_examples,
        chance=100 * chance_of(run.result) if run else 10.0,
        fitted=train is not None
        and min(train.values) >= FITTED
        and not row.diverged,
    )


_Settings = tuple[RunConfig, str | None]


def gaps_of_own(runs: Iterable[FinishedRun]) -> list[Gap]:
    """Returns the networks of runs with a network or data of one's own.

    Accuracies are means over seeds of runs with equal settings. The settings
    are the optimizer and all options except the seed and the randomization. If
    several runs have equal settings, labels and seed, the first one counts.

    Each network is shown with one of its settings. Settings with both true and
    random labels are preferred, then those with random labels only. Among
    equals, settings that fit random labels are preferred, then those with the
    most epochs, then the first.

    Args:
      runs: finished runs; those with neither true nor random labels, with only
        some random labels, or without a test set are left out.
    """
    found: dict[str, dict[_Settings, dict[tuple[str, int], FinishedRun]]] = {}
    for run in runs:
        config = run.config
        kind = config.randomize
        if (
            kind not in ("none", "labels")
            or config.label_corruption < 1
            or config.validation_examples
        ):
            continue
        names = names_of(config, run.given)
        network = f"{names['model']} on {names['dataset']}"
        options = dataclasses.replace(config, seed=0, randomize="none")
        settings = (options, names.get("optimizer"))
        same = found.setdefault(network, {}).setdefault(settings, {})
        same.setdefault((kind, config.seed), run)
    short = {name: _without_digits(name) for name in found}
    unique = len(set(short.values())) == len(short)
    return [
        _gap_of_own(
            short[network] if unique else network,
            [same.values() for same in settings.values()],
        )
        for network, settings in found.items()
    ]


def _gap_of_own(
    network: str, settings: Sequence[Collection[FinishedRun]]
) -> Gap:
    """Chooses among the settings of a network; see `gaps_of_own`."""
    gaps = [
        Gap(
            network,
            _mean([run for run in runs if run.config.randomize == "none"]),
            _mean([run for run in runs if run.config.randomize == "labels"]),
            len(settings),
        )
        for runs in settings
    ]
    epochs = [max(run.result["epochs"] for run in runs) for runs in settings]
    return max(zip(gaps, epochs, strict=True), key=_preference)[0]


def _preference(settings: tuple[Gap, int]) -> tuple[bool, bool, bool, int]:
    gap, epochs = settings
    random = gap.random.train is not None
    both = random and gap.true.train is not None
    return both, random, gap.fitted, epochs


def _without_digits(network: str) -> str:
    """Removes the digits that keep equal names apart; see `names_of`."""
    parts = network.split(" on ")
    return " on ".join(_DIGITS.sub("", part) for part in parts)


def _mean(runs: Sequence[FinishedRun]) -> Accuracies:
    if not runs:
        return Accuracies()
    train, test = (
        [100 * run.result[f"{split}_accuracy"] for run in runs]
        for split in ("train", "test")
    )
    return Accuracies(
        statistics.fmean(train),
        statistics.fmean(test),
        chance=100 * chance_of(runs[0].result),
        fitted=min(train) >= FITTED,
    )


def best(gaps: Iterable[Gap]) -> Gap | None:
    """Chooses the network that shows the finding; None without a run.

    Networks that fit random labels come first, then those with a run on true
    labels too, in the order of the paper's table.
    """
    random = [gap for gap in gaps if gap.random.train is not None]
    return max(
        random,
        key=lambda gap: (gap.fitted, gap.true.train is not None),
        default=None,
    )


def describe(gaps: Sequence[Gap]) -> str:
    """Describes the figure in words."""
    parts = []
    for gap in gaps:
        for name, found in (("true", gap.true), ("random", gap.random)):
            if found.train is not None and found.test is not None:
                parts.append(
                    f"{gap.network} on {name} labels: {rounded(found.train)} %"
                    f" training, {rounded(found.test)} % test"
                )
    return "Training and test accuracy. " + "; ".join(parts) + "."
