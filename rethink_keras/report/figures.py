"""Draws the paper's figures with our curves and the paper's."""

import itertools
import statistics
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rethink_keras.experiments.rows import CORRUPTIONS
from rethink_keras.plotting import (
    CONDITION_COLOURS,
    INK,
    PALETTE,
    PURPLE,
    SKY,
    TEXT,
    new_axes,
    style,
)
from rethink_keras.report.curves import AXES, Curve, Points
from rethink_keras.report.names import readable
from rethink_keras.report.pictures import CONDITIONS

COLOURS = {
    condition.name: CONDITION_COLOURS[condition.kind]
    for condition in CONDITIONS
}
_NETWORKS = {"inception": INK, "alexnet": SKY, "mlp_1x512": PURPLE}
_MARKERS = {"inception": "o", "alexnet": "s", "mlp_1x512": "^"}
_End = tuple[Curve, str, Points]
_THOUSAND = 1000
_PERCENT = 100
_MANY = 6  # curves whose legend needs room of its own, below the axes
_GAP = 0.065  # smallest distance of labels, relative to the axes
_SHIFT = 0.04  # largest distance of a label from the end of its curve


def draw(experiment: str, curves: Sequence[Curve], scale: str) -> Figure:
    """Draws a figure: the paper's curves dashed, ours solid.

    With several seeds, our curve is their mean, and a band shows the range from
    minimum to maximum. A seed that stopped keeps its last value in both. Levels
    of corruption are points; a line joins two of them only if no level between
    them was left out. Runs on the embedded sample have fewer steps than the
    paper's. At that scale, the paper's curves appear only in figures over
    levels of corruption, beside ours.

    Args:
      experiment: a key of `curves.AXES`.
      curves: curves of the figure.
      scale: scale of our runs, `paper` or `sample`.
    """
    with style():
        figure, plot = new_axes(6 if len(curves) > _MANY else 3.9)
        ends: list[_End] = []
        dashed = False
        for curve, colour in zip(curves, _colours(curves), strict=True):
            over_levels = not curve.split
            paper = curve.paper
            if scale != "paper" and not (over_levels and curve.ours):
                paper = []
            dashed = dashed or bool(paper)
            drawn = _draw_curve(plot, curve, paper, colour)
            if drawn:
                ends.append((curve, colour, drawn))
        if dashed:
            plot.set_title("solid: ours; dashed: the paper")
        plot.set_xlabel(AXES[experiment].x)
        plot.set_ylabel(AXES[experiment].y)
        _label_curves(plot, ends)
    return figure


def _colours(curves: Sequence[Curve]) -> list[str]:
    """Returns the colours of curves; a condition has one on all figures."""
    known = COLOURS | _NETWORKS
    names = [curve.name for curve in curves]
    if len(set(names)) == len(names) and set(names) <= set(known):
        return [known[name] for name in names]
    return [PALETTE[index % len(PALETTE)] for index in range(len(names))]


def _label(curve: Curve) -> str:
    name = readable(curve.name)
    if curve.split and curve.tag != "loss":
        name = f"{curve.split}, {name}"
    return name if curve.ours else f"{name} (paper)"


def _draw_curve(plot: Axes, curve: Curve, paper: Points, colour: str) -> Points:
    """Draws a curve and returns its points, or the paper's without any."""
    unit = _THOUSAND if curve.split else 1 / _PERCENT
    factor = 1 if curve.tag in ("loss", "slow_down") else _PERCENT
    papers = [(x / unit, y * factor) for x, y in paper]
    if papers:
        plot.plot(*np.transpose(papers), "--", color=colour, lw=1.3)
    if not curve.ours:
        return papers
    x, low, mean, high = np.transpose(
        [
            (point / unit, *(factor * f(ys) for f in _STATISTICS))
            for point, ys in curve.values.items()
        ]
    )
    if curve.split:
        plot.plot(x, mean, color=colour)
        if len(curve.ours) > 1:
            plot.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)
    else:
        _draw_levels(plot, curve.name, x, mean, colour)
        plot.vlines(x, low, high, color=colour, lw=1)
    return list(zip(x.tolist(), mean.tolist(), strict=True))


_STATISTICS = (min, statistics.fmean, max)


def _draw_levels(
    plot: Axes, name: str, x: np.ndarray, y: np.ndarray, colour: str
) -> None:
    """Draws points, and lines between neighbouring levels of corruption."""
    marker = _MARKERS.get(name, "o")
    plot.plot(x, y, marker, color=colour, label=readable(name))
    levels = [round(_PERCENT * level) for level in CORRUPTIONS]
    positions = [levels.index(round(level)) for level in x]
    for i, (first, second) in enumerate(itertools.pairwise(positions)):
        if second == first + 1:
            plot.plot(x[i : i + 2], y[i : i + 2], color=colour)


def _label_curves(plot: Axes, ends: Sequence[_End]) -> None:
    """Labels curves at their ends, or in a legend in their order.

    Labels at the ends need room: curves that end at one value get a legend.
    """
    if not ends:
        return
    low, high = plot.get_ylim()
    ends = sorted(ends, key=lambda end: -end[2][-1][1])
    heights = [(points[-1][1] - low) / (high - low) for *_, points in ends]
    places = _spread(heights)
    if max(abs(a - b) for a, b in zip(places, heights, strict=True)) > _SHIFT:
        _add_legend(plot, ends)
        return
    for (curve, colour, _), place in zip(ends, places, strict=True):
        plot.annotate(
            _label(curve),
            (1.02, place),
            xycoords="axes fraction",
            va="center",
            color=TEXT[colour],
            annotation_clip=False,
        )


def _spread(heights: Sequence[float]) -> list[float]:
    """Moves descending heights apart, around their centre."""
    places: list[float] = []
    for height in heights:
        places.append(min(height, places[-1] - _GAP) if places else height)
    shift = statistics.fmean(heights) - statistics.fmean(places)
    return [place + shift for place in places]


def _add_legend(plot: Axes, ends: Sequence[_End]) -> None:
    """Adds a legend in the order of the curves, from top to bottom."""
    ends = sorted(
        ends,
        key=lambda end: -statistics.fmean(y for _, y in end[0].paper or end[2]),
    )
    many = len(ends) > _MANY
    (plot.figure if many else plot).legend(
        [
            Line2D(
                [],
                [],
                color=colour,
                ls="-" if curve.ours else "--",
                marker="" if curve.split else _MARKERS.get(curve.name, "o"),
            )
            for curve, colour, _ in ends
        ],
        [_label(curve) for curve, *_ in ends],
        labelcolor=[TEXT[colour] for _, colour, _ in ends],
        loc="outside lower left" if many else "best",
    )


def describe(experiment: str, curves: Sequence[Curve]) -> str:
    """Describes our curves of a figure in words."""
    parts = []
    for curve in curves:
        if not curve.ours:
            continue
        values = [statistics.fmean(ys) for ys in curve.values.values()]
        percent = curve.tag not in ("loss", "slow_down")
        first, last = (
            f"{_PERCENT * y:.1f} %" if percent else f"{y:.2f}"
            for y in (values[0], values[-1])
        )
        parts.append(f"{_label(curve)} goes from {first} to {last}")
    axes = AXES[experiment]
    shown = f"{axes.y} over {axes.x}."
    return f"{shown} {'; '.join(parts)}." if parts else shown
