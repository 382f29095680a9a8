"""Figures of the theory's records, drawn from their tables."""

import base64
import functools
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from rethink_keras.errors import InputError
from rethink_keras.plotting import (
    BLUE,
    SOFT,
    TEXT,
    VERMILLION,
    as_inline_svg,
    as_png,
    new_axes,
    style,
)
from rethink_keras.results.records import SavedRecord
from rethink_keras.studies import (
    double_descent_figures,
    measure_figures,
    memorization_figures,
)
from rethink_keras.theory import filter_curve, theorem1


def draw_record(record: SavedRecord, name: str) -> Figure | None:
    """Draws a figure of a record again.

    Returns:
      The figure; None if the record's tables do not suffice, or if the figure
      needs the extra `theory`, which is not installed.
    """
    draw = _DRAWN.get(name)
    try:
        return draw(record) if draw else None
    except (KeyError, InputError):  # a record of an earlier version; no extra
        return None


def draw_distances(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draws how far each descent ends from the minimum-norm solution.

    Args:
      rows: table with the columns `descent`, `start` and `distance to w*`.
    """
    with style():
        figure, plot = new_axes(0.9 + 0.36 * len(rows))
        for index, row in enumerate(rows):
            colour = BLUE if row["start"] == "zero" else VERMILLION
            distance = row["distance to w*"]
            plot.plot(distance, -index, "o", color=colour, ms=7)
            plot.annotate(
                f"{distance:.2g}",
                (distance, -index),
                (8 if row["start"] == "zero" else -8, 0),
                textcoords="offset points",
                ha="left" if row["start"] == "zero" else "right",
                va="center",
                color=TEXT[colour],
            )
        plot.set_xscale("log")
        plot.set_ylim(0.6 - len(rows), 0.5)
        plot.set_yticks(
            [-index for index in range(len(rows))],
            [row["descent"].replace(", ", ",\n", 1) for row in rows],
        )
        plot.tick_params(axis="y", length=0, labelcolor=TEXT[SOFT])
        plot.spines["left"].set_visible(False)
        plot.grid(axis="y", visible=False)
        plot.set_xlabel("||w - w*|| / ||w*||, w* has the minimum norm")
    return figure


@functools.cache
def _construction(seed: int) -> Figure:
    return theorem1.draw_construction(seed)


def _stability(record: SavedRecord) -> Figure:
    from rethink_keras.theory import complexity  # needs the extra

    return complexity.draw_stability(record.tables["stability"])


def _of_tables(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    return lambda record: draw(record.tables)


_DRAWN: dict[str, Callable[[SavedRecord], Figure]] = {
    "construction": lambda record: _construction(record.seed),
    "descent": lambda record: draw_distances(record.tables["descent"]),
    "filters": lambda record: filter_curve.draw(record.tables["machine"]),
    "stability": _stability,
    **{
        name: _of_tables(draw)
        for drawn in (
            measure_figures.DRAWN,
            memorization_figures.DRAWN,
            double_descent_figures.DRAWN,
        )
        for name, draw in drawn.items()
    },
}


class TheoryFigures:
    """The figures of records, each drawn once.

    Args:
      records: records of the theory.
    """

    def __init__(self, records: Sequence[SavedRecord]) -> None:
        self._figures = {
            record.file_of(name): (
                draw_record(record, name),
                image,
                f"{record.title}: {name}",
            )
            for record in records
            for name, image in record.figures.items()
        }

    def files(self) -> dict[str, bytes]:
        """Returns the PNG files by name."""
        return {
            name: as_png(figure) if figure else image
            for name, (figure, image, _) in self._figures.items()
        }

    def is_new(self, file: str) -> bool:
        """Returns whether no earlier file shows the same figure."""
        files = list(self._figures)
        figure, *_ = self._figures[file]
        earlier = files[: files.index(file)]
        return figure is None or all(
            self._figures[other][0] is not figure for other in earlier
        )

    def element(self, file: str) -> str:
        """Returns the HTML element of a figure.

        It is the stored picture if the figure cannot be drawn again.
        """
        figure, image, title = self._figures[file]
        if figure:
            return as_inline_svg(figure, file, title)
        source = base64.b64encode(image).decode()
        alt = html.escape(title, quote=True)
        return f'<img alt="{alt}" src="data:image/png;base64,{source}">'
