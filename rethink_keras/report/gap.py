"""The gap between training and test accuracy, on true and on random labels."""

import dataclasses
import re
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.plotting import (
    BLUE,
    PAGE,
    SOFT,
    TEXT,
    VERMILLION,
    new_axes,
    style,
)
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

_TICKS = (0, 25, 50, 75, 100)
_NEAR = 5  # smallest distance between ticks
_BREAK = re.compile(r" (w/o |on )")
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


def draw_gaps(gaps: Sequence[Gap]) -> Figure:
    """Draws training (filled) and test accuracies (hollow) of networks."""
    with style():
        figure, plot = new_axes(0.75 + 0.9 * len(gaps))
        for index, gap in enumerate(gaps):
            _draw_accuracies(plot, gap.true, -index + 0.17, BLUE, "s")
            _draw_accuracies(plot, gap.random, -index - 0.17, VERMILLION, "o")
        chances = _draw_guessing(plot, gaps)
        plot.set_xlim(0, 104)
        plot.set_ylim(0.55 - len(gaps), 0.55)
        plot.set_xticks(_ticks(chances))
        plot.set_yticks(
            [-index for index in range(len(gaps))],
            [_label(gap.network) for gap in gaps],
        )
        plot.grid(axis="y", visible=False)
        plot.tick_params(axis="y", length=0, pad=16, labelcolor=TEXT[SOFT])
        plot.spines["left"].set_visible(False)
        plot.set_xlabel("accuracy (%)")
    return figure


def _label(network: str) -> str:
    """Returns a name for Matplotlib, in which a dollar begins a formula."""
    return _BREAK.sub(r"\n\1", network).replace("$", r"\$")


def _draw_guessing(plot: Axes, gaps: Sequence[Gap]) -> list[float]:
    """Draws the accuracy of guessing, and returns its different values.

    Networks with the same accuracy of guessing share one line. Otherwise, each
    network has a short line.
    """
    chances = sorted({gap.chance for gap in gaps})
    line: dict[str, Any] = {"color": SOFT, "lw": 1, "ls": ":"}
    if len(chances) == 1:
        plot.axvline(chances[0], **line, zorder=0)
        return chances
    for index, gap in enumerate(gaps):
        ends = [-index - 0.4, -index + 0.4]
        plot.plot([gap.chance] * 2, ends, **line, zorder=1)  # above the grid
    return chances


def _ticks(chances: Iterable[float]) -> list[float]:
    """Returns the chances and round values that are far enough apart."""
    ticks: list[float] = []
    for x in (*chances, *_TICKS):
        if all(abs(x - tick) > _NEAR for tick in ticks):
            ticks.append(x)
    return ticks


def _draw_accuracies(
    plot: Axes, accuracies: Accuracies, y: float, colour: str, marker: str
) -> None:
    if accuracies.paper:
        train, test = accuracies.paper
        height = y + (0.12 if marker == "s" else -0.12)
        plot.plot([test, train], [height] * 2, "--", color=colour, lw=1.2)
    if accuracies.train is None or accuracies.test is None:
        if accuracies.paper:
            _write(plot, f"paper {rounded(test)}", test, height, colour)
        return
    _write(plot, rounded(accuracies.test), accuracies.test, y, colour)
    plot.plot([accuracies.test, accuracies.train], [y, y], color=colour)
    for x, fill in ((accuracies.train, colour), (accuracies.test, PAGE)):
        plot.plot(
            x,
            y,
            marker,
            color=colour,
            markerfacecolor=fill,
            markeredgewidth=2,
            markersize=7,
            clip_on=False,
            zorder=3,
        )


def _write(plot: Axes, text: str, x: float, y: float, colour: str) -> None:
    """Writes a value to the left of its point."""
    plot.annotate(
        text,
        (x, y),
        (-8, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=TEXT[colour],
        fontsize=9.5,
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
