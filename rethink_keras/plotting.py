"""Style of the figures, and their conversion to PNG and SVG.

Matplotlib draws every figure once. `as_inline_svg` replaces its colours by CSS
variables, so that a figure follows the light or dark theme of a page.
"""

import contextlib
import html
import io
import re
from typing import Any

import matplotlib as mpl
import matplotlib.rcsetup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# The colours of Okabe and Ito, without black and yellow.
BLUE, VERMILLION, GREEN = "#0072b2", "#d55e00", "#009e73"
ORANGE, PURPLE, SKY = "#e69f00", "#cc79a7", "#56b4e9"
INK, SOFT, GRID, PAGE = "#1b1b1e", "#5c5c60", "#dcdce0", "#fffffe"
# In this order, neighbours differ most, also without red or green vision.
PALETTE = (BLUE, VERMILLION, GREEN, SKY, INK, PURPLE, ORANGE, SOFT)
CONDITION_COLOURS = {
    "none": BLUE,
    "labels": VERMILLION,
    "shuffled_pixels": GREEN,
    "random_pixels": SKY,
    "gaussian": INK,
}
"""Colours of the randomizations."""
# The same hues, dark enough for text on white.
TEXT = {
    BLUE: "#005f95",
    VERMILLION: "#ad4b00",
    GREEN: "#00704f",
    ORANGE: "#855c00",
    PURPLE: "#96497a",
    SKY: "#1f6f9f",
    INK: INK,
    SOFT: SOFT,
}
_VARIABLES = {
    BLUE: "blue",
    VERMILLION: "vermillion",
    GREEN: "green",
    ORANGE: "orange",
    PURPLE: "purple",
    SKY: "sky",
    INK: "ink",
    SOFT: "soft",
    GRID: "grid",
    PAGE: "bg",
}
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.grid": True,
    "axes.labelcolor": SOFT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": SOFT,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.prop_cycle": mpl.rcsetup.cycler(color=PALETTE),
    "font.size": 10.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
}
_SIZE = (5.8, 3.9)  # inches of 72 points; about 420 pixels wide on a page


def style() -> contextlib.AbstractContextManager:
    """Returns the context in which figures are drawn and saved."""
    return mpl.rc_context(_STYLE)


def new_axes(height: float = _SIZE[1]) -> tuple[Figure, Axes]:
    """Returns a new figure and its axes; call it within `style`.

    Args:
      height: height of the figure in inches.
    """
    figure = Figure(figsize=(_SIZE[0], height), layout="constrained")
    return figure, figure.add_subplot()


def as_png(figure: Figure) -> bytes:
    """Returns a figure as a PNG file."""
    return _save(figure, "png", dpi=150)


def as_svg(figure: Figure) -> bytes:
    """Returns a figure as an SVG file; equal figures give equal bytes."""
    with mpl.rc_context({"svg.hashsalt": "rethink_keras"}):
        return _save(figure, "svg", metadata={"Date": None})


def as_inline_svg(figure: Figure, name: str, label: str) -> str:
    """Returns a figure as an SVG element of an HTML page.

    The text of the figure stays text. Its colours are the CSS variables
    `--blue`, `--vermillion` and so on, for text with the suffix `-text`.

    Args:
      figure: a figure in the colours of this module.
      name: a name that is unique in the page.
      label: what the figure shows, for readers who do not see it.
    """
    options: Any = {"svg.fonttype": "none", "svg.hashsalt": name}
    with mpl.rc_context(options):
        text = _save(figure, "svg", transparent=True).decode()
    (box,) = re.findall(r'viewBox="([^"]*)"', text)
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", body)
    body = re.sub(r"\n\s*", "\n", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
        if (text_colour := TEXT.get(colour, colour)) != colour:
            body = body.replace(text_colour, f"var(--{variable}-text)")
    label = html.escape(label, quote=True)
    return f'<svg viewBox="{box}" role="img" aria-label="{label}">{body}'


def _save(figure: Figure, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()
