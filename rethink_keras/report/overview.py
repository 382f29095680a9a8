"""The first screen of the report: the finding, the pictures and the chart."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from rethink_keras.experiments import load
from rethink_keras.plotting import as_inline_svg
from rethink_keras.report.epochs import mean_epochs
from rethink_keras.report.gap import (
    Gap,
    best,
    describe,
    gaps_of_own,
    gaps_of_table1,
)
from rethink_keras.report.gap_figure import draw_gaps
from rethink_keras.report.pictures import (
    CONDITIONS,
    Condition,
    Picture,
    pictures,
)
from rethink_keras.report.runs import command_of
from rethink_keras.report.sections import Section
from rethink_keras.report.words import SCALE_TITLES
from rethink_keras.results import FinishedRun

OWN_TITLE = "Your networks and data"
_NEXT = "mlp_1x512_random_labels"  # half a minute on the sample


@dataclasses.dataclass(frozen=True)
class Overview:
    """The first screen.

    Attributes:
      gaps: networks with a run on true or random labels, from one source.
      source: title of the scale of the gaps, or OWN_TITLE; empty without any.
      epochs: epochs until the small Inception fits each randomization, by
        name; empty if it was not run.
      epochs_source: title of the scale of the epochs.
      others: further networks, by title of the scale.
    """

    gaps: Sequence[Gap]
    source: str
    epochs: Mapping[str, float]
    epochs_source: str
    others: Mapping[str, Sequence[Gap]]

    @property
    def finding(self) -> Gap | None:
        """The network of the first sentence; None without random labels."""
        return best(self.gaps)

    @property
    def fitted(self) -> Sequence[Gap]:
        """The networks that fit random labels."""
        return [gap for gap in self.gaps if gap.fitted]

    @property
    def next_command(self) -> str:
        """The command to run first."""
        rows = load("table1", "sample")
        (row,) = [row for row in rows if row.name == _NEXT]
        return command_of(row, None)

    @property
    def columns(self) -> list[tuple[Condition, list[Picture]]]:
        """The conditions with their pictures."""
        found = pictures()
        return [(condition, found[condition.name]) for condition in CONDITIONS]

    @functools.cached_property
    def figure(self) -> Figure | None:
        return draw_gaps(self.gaps) if self.gaps else None

    @property
    def alt(self) -> str:
        return describe(self.gaps)

    @property
    def inline_svg(self) -> str:
        if not self.figure:
            return ""
        return as_inline_svg(self.figure, "overview", self.alt)

    @property
    def all_svgs(self) -> dict[str, str]:
        """The charts of all networks of Table 1, by title of the scale."""
        sources = {self.source: self.gaps, **self.others}
        return {
            title: as_inline_svg(draw_gaps(gaps), title, describe(gaps))
            for title, gaps in sources.items()
            if title in SCALE_TITLES.values()
        }

    @property
    def has_paper(self) -> bool:
        """Whether the chart shows numbers of the paper."""
        return any(gap.true.paper or gap.random.paper for gap in self.gaps)


def make_overview(
    sections: Sequence[Section], own: Sequence[FinishedRun]
) -> Overview:
    """Chooses what the first screen shows.

    Runs on the full data set come first, then those on the sample, then the
    networks and data of one's own; runs on random labels come before others.
    """
    sources = [
        (
            SCALE_TITLES[section.scale],
            gaps_of_table1({row.row.name: row for row in section.measured}),
        )
        for section in sections
        if section.experiment == "table1"
    ]
    sources.append((OWN_TITLE, gaps_of_own(own)))
    started = [
        (title, [gap for gap in gaps if gap.measured])
        for title, gaps in sources
        if any(gap.measured for gap in gaps)
    ]
    title, gaps = max(
        started,
        key=lambda source: best(source[1]) is not None,
        default=("", []),
    )
    epochs, epochs_source = _epochs(sections)
    others = {name: found for name, found in started if name != title}
    return Overview(gaps, title, epochs, epochs_source, others)


def _epochs(sections: Sequence[Section]) -> tuple[dict[str, float], str]:
    """Returns the epochs of Figure 1a at the scale with the most curves."""
    found = [
        (_epochs_to_fit(section), SCALE_TITLES[section.scale])
        for section in sections
        if section.experiment == "figure1a"
    ]
    return max(found, key=lambda pair: len(pair[0]), default=({}, ""))


def _epochs_to_fit(section: Section) -> dict[str, float]:
    epochs = {}
    for row in section.measured:
        if not row.runs:
            continue
        found = mean_epochs(row, lambda result: result["epochs_to_fit"])
        if found.reached:
            epochs[row.row.name] = found.count
    return epochs
