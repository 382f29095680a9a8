"""The paper's numbers: its tables and the curves of its figures.

The curves are exact: they come from the vector paths of the figures in the PDF
of arXiv 1611.03530v2. As in the paper, accuracies are in percent in tables and
from 0 to 1 in figures.
"""

import csv
import functools
import pathlib

_DIRECTORY = pathlib.Path(__file__).parent

Value = str | float | None


@functools.cache
def read(name: str) -> tuple[dict[str, Value], ...]:
    """Reads the rows of a table or figure.

    Args:
      name: `table1`, `table2`, `table3`, `table4`, `norms` (of Section 5, on
        MNIST), `figure1a`, `figure1b`, `figure1c`, `figure2a_long`,
        `figure2b` or `figure2b_train_noBN`.

    Returns:
      One dictionary per row. Numbers are floats, missing values are None, and
      other values are strings.

    Raises:
      FileNotFoundError: there is no such table or figure.
    """
    with open(_DIRECTORY / f"{name}.csv", newline="") as file:
        return tuple(
            {column: _value(text) for column, text in row.items()}
            for row in csv.DictReader(file)
        )


def half_unit(name: str, row: str, column: str) -> float:
    """Returns half a unit of the last digit of a printed number.

    Args:
      name: see `read`.
      row: name of a row.
      column: a column of numbers.
    """
    with open(_DIRECTORY / f"{name}.csv", newline="") as file:
        (text,) = (r[column] for r in csv.DictReader(file) if r["row"] == row)
    return 0.5 * 10.0 ** -len(text.partition(".")[2])


def curve(name: str, x: str, y: str) -> list[tuple[float, float]]:
    """Returns points (x, y) of a figure, from two of its columns."""
    points = ((row[x], row[y]) for row in read(name))
    return [
        (a, b)
        for a, b in points
        if isinstance(a, float) and isinstance(b, float)
    ]


def long_curve(name: str, curve: str) -> list[tuple[float, float]]:
    """Returns points (steps, accuracy) of one curve of a long-format figure."""
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
