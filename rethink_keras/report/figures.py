"""The paper's figures, ours over the paper's curves."""

import statistics
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rethink_keras.report.curves import AXES, Curve

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")
_THOUSAND = 1000


def draw(experiment: str, curves: Sequence[Curve], scale: str) -> Figure:
    """Draws a figure: the paper's curves dashed, ours solid.

    With several seeds ours is the mean of those that have a point, with a band
    from the least to the greatest. On the embedded sample the paper's curves
    have another number of steps: they are drawn for figures over levels of
    corruption alone.

    Args:
      experiment: as in `curves.AXES`.
      curves: of the figure.
      scale: of our runs.
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
