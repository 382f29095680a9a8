"""Figures of double descent, drawn from the tables of their record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from rethink_keras.results.images import (
    BLUE,
    SOFT,
    TEXT,
    VERMILLION,
    new_axes,
    style,
)
from rethink_keras.results.metrics import FITTED_ACCURACY

NETWORKS = "perceptrons with one hidden layer"
FEATURES = "random features with least squares of minimum norm"

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]


def threshold_of(rows: Rows) -> int | None:
    """Returns the smallest width whose mean training accuracy is 99 %.

    Args:
      rows: table of the networks, sorted by width.

    Returns:
      The interpolation threshold; None if no network reaches it.
    """
    most = 100 * (1 - FITTED_ACCURACY)
    fitted = (row["width"] for row in rows if row["train error %"] <= most)
    return next(fitted, None)


def draw_networks(tables: Tables) -> Figure:
    """Draws the errors of the networks over their width."""
    rows = tables[NETWORKS]
    threshold = threshold_of(rows)
    lines = {threshold: f"fits the labels: {threshold}"} if threshold else {}
    return _draw(rows, "width", "hidden units", lines)


def draw_features(tables: Tables) -> Figure:
    """Draws the errors of least squares over the number of features."""
    rows = tables[FEATURES]
    examples = rows[0]["examples"]
    lines = {examples: f"training examples: {examples:,}"}
    return _draw(rows, "features", "random features", lines)


def _draw(
    rows: Rows, column: str, label: str, lines: Mapping[int, str]
) -> Figure:
    """Draws both errors, with labelled vertical lines at some sizes."""
    with style():
        figure, axes = new_axes()
        for name, colour in (("test", VERMILLION), ("train", BLUE)):
            axes.errorbar(
                [row[column] for row in rows],
                [row[f"{name} error %"] for row in rows],
                yerr=[row[f"{name} error %: deviation"] or 0 for row in rows],
                color=colour,
                marker="o",
                capsize=3,
                label=f"{name} error",
            )
        for position, text in lines.items():
            axes.axvline(position, color=SOFT, linestyle=":", linewidth=1.5)
            axes.annotate(
                text,
                (position, 1),
                (4, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                color=TEXT[SOFT],
            )
        axes.set_xscale("log")
        axes.set_ylim(-2, 100)
        axes.set_xlabel(label)
        axes.set_ylabel("error (%)")
        axes.legend()
    return figure


DRAWN: dict[str, Callable[[Tables], Figure]] = {
    "widths": draw_networks,
    "random_features": draw_features,
}
