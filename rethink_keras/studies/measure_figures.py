"""Figures of the measures, drawn from the tables of their record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rethink_keras.measures import MEASURES
from rethink_keras.plotting import PALETTE, new_axes, style

_MARKERS = "osD^v<>P"
Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def draw_gap(tables: Tables) -> Figure:
    """Draws each measure against the gap, one point a cell of the grid."""
    rows = tables["means over seeds"]
    spread = {
        (row["corrupted %"], row["examples"]): row
        for row in tables.get("standard deviations over seeds", ())
    }
    corruptions = sorted({row["corrupted %"] for row in rows})
    sizes = sorted({row["examples"] for row in rows})
    with style():
        figure = Figure(figsize=(7.2, 9.6), layout="constrained")
        plots = figure.subplots(4, 3).ravel()
        for plot, name in zip(plots, MEASURES, strict=False):
            for row in rows:
                cell = (row["corrupted %"], row["examples"])
                _point(
                    plot,
                    (row, spread.get(cell, {})),
                    name,
                    color=PALETTE[corruptions.index(cell[0]) % len(PALETTE)],
                    marker=_MARKERS[sizes.index(cell[1]) % len(_MARKERS)],
                )
            plot.set_title(name, fontsize=9)
            plot.tick_params(labelsize=8)
        for plot in plots[len(MEASURES) :]:
            plot.set_axis_off()
        _keys(plots[len(MEASURES)], corruptions, sizes)
        figure.supylabel(
            "gap between training and test accuracy (%)", fontsize=10
        )
        figure.supxlabel("measure, mean over seeds", fontsize=10)
    return figure


def _point(
    plot: Axes, rows: tuple[Mapping, Mapping], name: str, **look: str
) -> None:
    """Draws a mean with the deviations over seeds, unless it is infinite."""
    mean, deviation = rows
    if mean[name] is not None:
        plot.errorbar(
            mean[name],
            mean["gap"],
            xerr=deviation.get(name),
            yerr=deviation.get("gap"),
            markersize=4,
            elinewidth=0.8,
            linestyle="none",
            color=look["color"],
            marker=look["marker"],
        )


def _keys(
    plot: Axes, corruptions: Sequence[float], sizes: Sequence[int]
) -> None:
    """Draws the legend: colours are corruptions, and markers are sizes."""
    for index, corruption in enumerate(corruptions):
        colour = PALETTE[index % len(PALETTE)]
        label = f"{corruption:g} % corrupted"
        plot.plot([], [], "s", color=colour, label=label)
    for index, size in enumerate(sizes):
        marker = _MARKERS[index % len(_MARKERS)]
        label = f"{size:,} examples"
        plot.plot([], [], marker, color=PALETTE[-1], label=label)
    plot.legend(loc="upper left", fontsize=8, handletextpad=0.3)


def draw_critical(tables: Tables) -> Figure:
    """Draws the share of critical samples over the radius."""
    rows = tables["critical samples"]
    with style():
        figure, plot = new_axes()
        corruptions = sorted({row["corrupted %"] for row in rows}, reverse=True)
        for corruption in corruptions:
            chosen = [row for row in rows if row["corrupted %"] == corruption]
            index = len(corruptions) - 1 - corruptions.index(corruption)
            plot.errorbar(
                [row["radius"] for row in chosen],
                [row["critical %"] for row in chosen],
                yerr=[row["deviation"] or 0 for row in chosen],
                color=PALETTE[index % len(PALETTE)],
                marker="o",
                capsize=3,
                label=f"{corruption:g} % of labels corrupted",
            )
        plot.set_xlabel("radius, in standard deviations of an image's pixels")
        plot.set_ylabel("critical samples (%)")
        plot.set_ylim(0, 100)
        plot.legend(loc="upper left")
    return figure


DRAWN: dict[str, Callable[[Tables], Figure]] = {
    "gap": draw_gap,
    "critical": draw_critical,
}
