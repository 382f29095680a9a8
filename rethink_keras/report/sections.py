"""Tables and figures of the report, each at one scale."""

import dataclasses
import functools
import os
from collections.abc import Collection, Mapping, Sequence

from matplotlib.figure import Figure

from rethink_keras.experiments import TITLES
from rethink_keras.plotting import as_inline_svg
from rethink_keras.report.curves import AXES, Curve, curves
from rethink_keras.report.figures import describe, draw
from rethink_keras.report.measured import MeasuredRow, measure
from rethink_keras.report.tables import (
    NOT_RUN,
    TableRow,
    level_rows,
    table_rows,
)


@dataclasses.dataclass(frozen=True)
class Section:
    """A table or figure at one scale.

    Attributes:
      experiment: a key of `experiments.TITLES`.
      scale: `paper` or `sample`.
      measured: rows with their finished runs.
      rows: the rows as text.
      curves: the curves of a figure; empty for a table.
    """

    experiment: str
    scale: str
    measured: Sequence[MeasuredRow]
    rows: Sequence[TableRow]
    curves: Sequence[Curve] = ()

    @property
    def title(self) -> str:
        return TITLES[self.experiment]

    @property
    def stem(self) -> str:
        """File name of the figure, without extension."""
        suffix = "" if self.scale == "paper" else f"_{self.scale}"
        return f"{self.experiment}{suffix}"

    @property
    def started(self) -> bool:
        """Whether any run has finished or diverged."""
        return any(row.runs or row.diverged for row in self.measured)

    @property
    def shown(self) -> Sequence[TableRow]:
        """The rows with runs that finished or diverged."""
        return [row for row in self.rows if row.ours_train != NOT_RUN]

    @property
    def left_out(self) -> Sequence[TableRow]:
        """The rows without such runs."""
        return [row for row in self.rows if row.ours_train == NOT_RUN]

    @functools.cached_property
    def levels(self) -> Sequence[Mapping[str, str]]:
        """Points of Figures 1b and 1c; see `tables.level_rows`."""
        return level_rows(self.curves)

    @functools.cached_property
    def figure(self) -> Figure | None:
        """The figure; None for a table."""
        if not self.curves:
            return None
        return draw(self.experiment, self.curves, self.scale)

    @property
    def alt(self) -> str:
        """The figure in words."""
        return describe(self.experiment, self.curves)

    @property
    def inline_svg(self) -> str:
        """The figure as an element of the page; empty for a table."""
        if not self.figure:
            return ""
        return as_inline_svg(self.figure, self.stem, self.alt)


def make_section(
    experiment: str,
    scale: str,
    runs: Mapping,
    logdir: os.PathLike | str,
    diverged: Collection = (),
) -> Section:
    """Collects the runs of a table or figure; see `measure`."""
    measured = measure(experiment, scale, runs, diverged)
    return Section(
        experiment,
        scale,
        measured,
        table_rows(measured, os.fspath(logdir)),
        curves(experiment, measured) if experiment in AXES else (),
    )
