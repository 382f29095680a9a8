"""Figures of learning, forgetting and memorization scores."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rethink_keras.plotting import (
    BLUE,
    VERMILLION,
    new_axes,
    style,
)
from rethink_keras.studies.memorization_tables import PARTLY

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
_ORDER_SHOWN = 5
_EPOCHS = (1, 2, 5, 10, 20, 50)
_LINES = {
    "true": (BLUE, "-"),
    "random": (VERMILLION, "-"),
    f"{PARTLY}: clean": (BLUE, "--"),
    f"{PARTLY}: corrupted": (VERMILLION, "--"),
}


def draw_scores(tables: Tables) -> Figure:
    """Draws the distribution of scores of clean and corrupted examples."""
    rows = tables["distribution of scores"]
    width = 1 / len(rows)
    with style():
        figure, plot = new_axes()
        for name, colour, offset in (
            ("clean", BLUE, 0.25),
            ("corrupted", VERMILLION, 0.75),
        ):
            plot.bar(
                [row["from"] + offset * width for row in rows],
                [row[f"{name} %"] for row in rows],
                width=0.45 * width,
                color=colour,
                label=f"{name} label",
            )
        plot.set_xlabel("memorization score (values below 0 at 0)")
        plot.set_ylabel("examples (%)")
        plot.grid(axis="x", visible=False)
        plot.legend(loc="upper center")
    return figure


def draw_learning(tables: Tables) -> Figure:
    """Draws the share of examples that are learned by each epoch."""
    rows = tables["learned by epoch"]
    with style():
        figure, plot = new_axes(4.6)
        for name, (colour, line) in _LINES.items():
            plot.plot(
                [row["epoch"] for row in rows],
                [row[f"{name} %"] for row in rows],
                color=colour,
                ls=line,
                marker="o",
                label=name,
            )
        plot.set_xscale("log")
        plot.set_xticks(_EPOCHS, labels=map(str, _EPOCHS))
        plot.set_xticks([], minor=True)
        plot.set_xlabel("epoch")
        plot.set_ylabel("ever predicted correctly (%)")
        plot.set_ylim(0, 102)
        figure.legend(loc="outside lower center", title="labels", ncols=2)
    return figure


DRAWN: dict[str, Callable[[Tables], Figure]] = {
    "scores": draw_scores,
    "learning": draw_learning,
}
"""The figures that tables suffice for, by name."""


def draw_images(
    train: np.ndarray, test: np.ndarray, rows: Sequence[Mapping[str, Any]]
) -> Figure:
    """Draws memorized images and the test images they influence most.

    The influence is in standard errors.

    Args:
      train: uint8 [n, height, width, channels].
      test: uint8 [t, height, width, channels].
      rows: table `most memorized clean examples`.
    """
    with style():
        figure = Figure(figsize=(7.2, 2.3), layout="constrained")
        plots = figure.subplots(2, len(rows))
        for column, row in zip(plots.T, rows, strict=True):
            _show(column[0], train[row["example"]])
            column[0].set_title(f"{row['score']:.2f}", fontsize=8)
            _show(column[1], test[row["test example"]])
            column[1].set_title(f"{row['influence']:.2f}", fontsize=8)
        plots[0, 0].set_ylabel("training", fontsize=8)
        plots[1, 0].set_ylabel("test", fontsize=8)
        figure.supxlabel(
            "above: memorization score; below: influence", fontsize=9
        )
    return figure


def draw_order(
    images: np.ndarray,
    labels: np.ndarray,
    learned: Sequence[Mapping[str, np.ndarray]],
) -> Figure:
    """Draws the first and the last learned images of each class.

    Args:
      images: uint8 [n, height, width, channels].
      labels: int [n].
      learned: `first_epoch` of each run, which is averaged.
    """
    epochs = np.mean([run["first_epoch"] for run in learned], axis=0)
    classes = np.unique(labels)
    with style():
        height = 0.6 * len(classes)
        figure = Figure(figsize=(6.4, height + 0.4))
        plots = figure.subplots(len(classes), 2 * _ORDER_SHOWN, squeeze=False)
        figure.subplots_adjust(
            left=0.01,
            right=0.99,
            bottom=0.01,
            top=height / (height + 0.4),
            wspace=0.05,
            hspace=0.05,
        )
        for row, label in zip(plots, classes, strict=True):
            own = np.flatnonzero(labels == label)
            own = own[np.argsort(epochs[own], kind="stable")]
            shown = [*own[:_ORDER_SHOWN], *own[-_ORDER_SHOWN:]]
            for plot in row:
                plot.set_axis_off()
            for plot, index in zip(row, shown, strict=False):
                _show(plot, images[index])
        for x, text in ((0.25, "learned first"), (0.75, "learned last")):
            figure.text(x, 1 - 0.3 / (height + 0.4), text, ha="center")
    return figure


def _show(plot: Axes, image: np.ndarray) -> None:
    grey = image.shape[-1] == 1
    plot.imshow(
        image[..., 0] if grey else image,
        cmap="gray" if grey else None,
        interpolation="nearest",
    )
    plot.set_xticks([])
    plot.set_yticks([])
    plot.grid(visible=False)
    for spine in plot.spines.values():
        spine.set_visible(False)
