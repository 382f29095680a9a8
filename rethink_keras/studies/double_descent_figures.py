"""Figures of double descent, drawn from the tables of their record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from rethink_keras.plotting import (
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
LOSS = "test loss"

_ERRORS = {"test error %": VERMILLION, "train error %": BLUE}
_LABELS = {"width": "hidden units", "features": "random features"}

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
    return _draw(tables[NETWORKS], "width", _ERRORS, "error (%)")


def draw_loss(tables: Tables) -> Figure:
    """Draws the test loss of the networks over their width."""
    return _draw(tables[NETWORKS], "width", {LOSS: VERMILLION}, LOSS)


def draw_features(tables: Tables) -> Figure:
    """Draws the errors of least squares over the number of features."""
    return _draw(tables[FEATURES], "features", _ERRORS, "error (%)")


def _draw(
    rows: Rows, column: str, curves: Mapping[str, str], label: str
) -> Figure:
    """Draws columns over the size of the models, and marks the threshold."""
    with style():
        figure, axes = new_axes()
        for name, colour in curves.items():
            axes.errorbar(
                [row[column] for row in rows],
                [row[name] for row in rows],
                yerr=[row[f"{name}: deviation"] or 0 for row in rows],
                color=colour,
                marker="o",
                capsize=3,
                label=name.removesuffix(" %"),
            )
        threshold, text = _marked(rows, column)
        if threshold:
            axes.axvline(threshold, color=SOFT, linestyle=":", linewidth=1.5)
            axes.annotate(
                text,
                (threshold, 1),
                (0, 4),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                color=TEXT[SOFT],
            )
        axes.set_xscale("log", base=2 if column == "width" else 10)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(_LABELS[column])
        axes.set_ylabel(label)
        if len(curves) > 1:
            axes.legend()
    return figure


def _marked(rows: Rows, column: str) -> tuple[int | None, str]:
    """Returns the interpolation threshold, and the text above it."""
    if column == "width":
        threshold = threshold_of(rows)
        return threshold, f"fits the labels: {threshold} units"
    examples = rows[0]["examples"]
    return examples, f"training examples: {examples:,}"


DRAWN: dict[str, Callable[[Tables], Figure]] = {
    "widths": draw_networks,
    "test_loss": draw_loss,
    "random_features": draw_features,
}
