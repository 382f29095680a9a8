"""Matplotlib figures as PNG and SVG files."""

import io

from matplotlib.figure import Figure


def as_png(figure: Figure) -> bytes:
    """Returns a figure as a PNG file."""
    return _save(figure, "png", dpi=150)


def as_svg(figure: Figure) -> bytes:
    """Returns a figure as an SVG file; equal figures give equal bytes."""
    return _save(figure, "svg", metadata={"Date": None})


def _save(figure: Figure, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()
