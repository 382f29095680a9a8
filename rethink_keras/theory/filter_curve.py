"""Test errors over the number of random filters (Section 5, Table 3)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

PAPER_FILTERS = 32_000


def with_gains(rows: Sequence[dict]) -> list[dict]:
    """Adds how much each doubling since the row before lowers the error.

    Args:
      rows: with `filters`, ascending, and `test error %`.

    Returns:
      The rows with `points per doubling`, None in the first.
    """
    doublings, errors = _points(rows)
    gains = -np.diff(errors) / np.diff(doublings)
    return [
        {**row, "points per doubling": gain}
        for row, gain in zip(rows, [None, *gains.tolist()], strict=True)
    ]


def trend(rows: Sequence[dict]) -> dict:
    """The least-squares line of the test error over the doublings."""
    slope, offset = _line(rows)
    return {
        "points per doubling": -slope,
        f"extrapolated to {PAPER_FILTERS:,} filters, %": (
            offset + slope * float(np.log2(PAPER_FILTERS))
        ),
        "paper %": rows[0]["paper %"],
    }


def draw(rows: Sequence[dict]) -> Figure:
    """Test and held-out error over the filters, to the paper's number."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    filters = [row["filters"] for row in rows]
    for column, style in (("test error %", "-o"), ("held-out error %", ":s")):
        errors = [row[column] for row in rows]
        axes.semilogx(filters, errors, style, ms=4, label=column)
    slope, offset = _line(rows)
    ends = np.array([filters[0], PAPER_FILTERS])
    axes.semilogx(
        ends,
        offset + slope * np.log2(ends),
        "--",
        color="grey",
        label=f"extrapolation: {-slope:.2f} points a doubling",
    )
    paper = rows[0]["paper %"]
    if paper is not None:
        axes.semilogx(PAPER_FILTERS, paper, "k*", ms=10, label="the paper")
    axes.set_xlabel("random filters")
    axes.set_ylabel("error in percent")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    return figure


def _line(rows: Sequence[dict]) -> tuple[float, float]:
    """Points for each doubling, and the error of a single filter."""
    slope, offset = np.polyfit(*_points(rows), 1)
    return float(slope), float(offset)


def _points(rows: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Doublings of a single filter, and test errors."""
    doublings = np.log2([row["filters"] for row in rows])
    return doublings, np.array([row["test error %"] for row in rows])
