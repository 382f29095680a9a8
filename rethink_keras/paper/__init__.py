"""What the paper reports: its tables, and its figures' values as read off.

The curves are exact: taken from the vector paths of the figures in the PDF of
arXiv 1611.03530v2. Accuracies of tables are in percent, those of figures
fractions of 1, as the paper prints them.
"""

import csv
import functools
import pathlib

_DIRECTORY = pathlib.Path(__file__).parent

Value = str | float | None


@functools.cache
def read(name: str) -> tuple[dict[str, Value], ...]:
    """The rows of a table or figure.

    Args:
      name: `table1`, `table2`, `table4`, `fig1a`, `fig1b`, `fig1c`,
        `fig2a_long`, `fig2b` or `fig2b_train_noBN`.

    Returns:
      A dictionary for each row: numbers as floats, None where the paper gives
      none, other values as texts.

    Raises:
      FileNotFoundError: the paper has no such table or figure.
    """
    with open(_DIRECTORY / f"{name}.csv", newline="") as file:
        return tuple(
            {column: _value(text) for column, text in row.items()}
            for row in csv.DictReader(file)
        )


def curve(name: str, x: str, y: str) -> list[tuple[float, float]]:
    """Points (x, y) of a figure, from two of its columns."""
    points = ((row[x], row[y]) for row in read(name))
    return [
        (a, b)
        for a, b in points
        if isinstance(a, float) and isinstance(b, float)
    ]


def long_curve(name: str, curve: str) -> list[tuple[float, float]]:
    """Points (steps, accuracy) of a figure that lists its curves in turn."""
    points = (
        (row["thousand_steps"], row["accuracy"])
        for row in read(name)
        if row["curve"] == curve
    )
    return [
        (1_000 * a, b)
        for a, b in points
        if isinstance(a, float) and isinstance(b, float)
    ]


def _value(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text or None
