"""Test error as a function of the number of random filters (Table 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rethink_keras.plotting import PALETTE, new_axes, style

PAPER_FILTERS = 32_000

_Rows = Sequence[Mapping[str, Any]]


def with_gains(rows: Sequence[dict]) -> list[dict]:
    """Adds a column with the gain in test error per doubling of the filters.

    Args:
      rows: table rows with columns `row`, `filters` and `test error %`. For
        each name in `row`, filters are in ascending order.

    Returns:
      The rows with a column `points per doubling`, relative to the previous
      number of filters. It is None for the smallest number.
    """
    gains: list[dict] = []
    before: dict[str, dict] = {}
    for row in rows:
        gain, last = None, before.get(row["row"])
        if last is not None:
            doublings = float(np.log2(row["filters"] / last["filters"]))
            gain = (last["test error %"] - row["test error %"]) / doublings
        gains.append({**row, "points per doubling": gain})
        before[row["row"]] = row
    return gains


def trends(rows: Sequence[dict]) -> list[dict]:
    """Fits test errors by lines in log2 of the filters (least squares)."""
    lines = []
    for name, series in _series(rows).items():
        slope, offset = _line(series)
        at_papers = offset + slope * float(np.log2(PAPER_FILTERS))
        lines.append(
            {
                "row": name,
                "points per doubling": -slope,
                f"extrapolated to {PAPER_FILTERS:,} filters, %": at_papers,
                "paper %": series[0]["paper %"],
            }
        )
    return lines


def draw(rows: _Rows) -> Figure:
    """Draws test and held-out errors, extrapolated to the paper's filters."""
    with style():
        figure, axes = new_axes()
        for color, (name, series) in zip(
            PALETTE, _series(rows).items(), strict=False
        ):
            _draw_series(axes, name, series, color)
        axes.set_xlim(right=2 * PAPER_FILTERS)
        axes.set_xlabel("random filters")
        axes.set_ylabel("error (%)")
        axes.set_title("dashed: extrapolated; stars: the paper")
        figure.legend(loc="outside lower left", ncols=2, fontsize=9.5)
    return figure


def _draw_series(axes: Axes, name: str, series: _Rows, color: str) -> None:
    """Draws the errors of one machine, and their extrapolation."""
    filters = [row["filters"] for row in series]
    for column, marks in (
        ("test error %", "-o"),
        ("held-out error %", ":s"),
    ):
        errors = [row[column] for row in series]
        label = f"{name.replace('_', ' ')}: {column.removesuffix(' %')}"
        axes.semilogx(filters, errors, marks, ms=4, color=color, label=label)
    slope, offset = _line(series)
    ends = np.array([filters[-1], PAPER_FILTERS])
    line = offset + slope * np.log2(ends)
    axes.semilogx(ends, line, "--", color=color)
    paper = series[0]["paper %"]
    if paper is not None:
        axes.semilogx(PAPER_FILTERS, paper, "*", ms=10, color=color)
        axes.annotate(
            f"{paper:g}",
            (PAPER_FILTERS, paper),
            (8, 0),
            textcoords="offset points",
            va="center",
        )


def _series(rows: _Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Groups rows by name."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["row"], []).append(row)
    return found


def _line(rows: _Rows) -> tuple[float, float]:
    """Returns the slope per doubling and the error of a single filter."""
    doublings = np.log2([row["filters"] for row in rows])
    errors = [row["test error %"] for row in rows]
    slope, offset = np.polyfit(doublings, errors, 1)
    return float(slope), float(offset)
