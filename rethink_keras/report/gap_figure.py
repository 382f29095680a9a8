"""Draws the gap between training and test accuracy."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rethink_keras.plotting import (
    BLUE,
    PAGE,
    SOFT,
    TEXT,
    VERMILLION,
    new_axes,
    style,
)
from rethink_keras.report.gap import Accuracies, Gap, rounded

_TICKS = (0, 25, 50, 75, 100)
_NEAR = 5  # smallest distance between ticks
_BREAK = re.compile(r" (w/o |on )")


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
