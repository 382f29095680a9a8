"""Draws the paper's figures with our curves and the paper's."""

import statistics
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rethink_keras.report.curves import AXES, Curve

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")
_THOUSAND = 1000


def draw(experiment: str, curves: Sequence[Curve], scale: str) -> Figure:
    """Draws a figure: the paper's curves dashed, ours solid.

    With several seeds, our curve is their mean, and a band shows the range from
    minimum to maximum. Runs on the embedded sample have fewer steps than the
    paper's. At that scale, the paper's curves appear only in figures over
    levels of corruption.

    Args:
      experiment: a key of `curves.AXES`.
      curves: curves of the figure.
      scale: scale of our runs, `paper` or `sample`.
    """
    axes = AXES[experiment]
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    plot = figure.add_subplot()
    for index, curve in enumerate(curves):
        colour = _COLOURS[index % len(_COLOURS)]
        over_levels = not curve.split
        unit = 1 if over_levels else _THOUSAND
        label = " ".join((curve.name.replace("_", " "), curve.split)).strip()
        if curve.paper and (scale == "paper" or over_levels):
            plot.set_title(
                "solid: ours; dashed: the paper", fontsize=9, loc="left"
            )
            x, y = np.transpose(curve.paper)
            plot.plot(x / unit, y, "--", color=colour, alpha=0.6, lw=1.2)
        if curve.ours:
            x, low, mean, high = np.transpose(
                [
                    (point, min(ys), statistics.fmean(ys), max(ys))
                    for point, ys in curve.values.items()
                ]
            )
            style = "-o" if over_levels else "-"
            plot.plot(x / unit, mean, style, color=colour, label=label, ms=3)
            if len(curve.ours) > 1:
                plot.fill_between(
                    x / unit, low, high, color=colour, alpha=0.2, lw=0
                )
        else:
            plot.plot(
                [], [], "--", color=colour, label=f"{label} (no points yet)"
            )
    plot.set_xlabel(axes.x)
    plot.set_ylabel(axes.y)
    plot.grid(alpha=0.25)
    plot.legend(fontsize=8)
    return figure
