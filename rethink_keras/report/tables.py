"""Rows of the report: ours beside the paper's, as texts."""

import dataclasses
import os
import shlex
from collections.abc import Sequence

from rethink_keras.report.measured import (
    TEST_EXAMPLES,
    MeasuredRow,
    Number,
    noise,
)

NOT_RUN = "not run yet"


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A row of a table of the report; empty texts where nothing is known.

    Attributes:
      name: of the row.
      paper_train, paper_test: the paper's accuracies in percent.
      ours_train, ours_test: ours, mean and standard deviation over seeds.
      seeds: how many.
      difference: ours less the paper's, in points of test accuracy; of
        training accuracy where the paper gives no other.
      within_noise: `yes` or `no`, with the bound in points.
      command: repeats the run of the first seed.
      minutes: of a run.
      device: that trained.
      log: path of the first run's work directory.
    """

    name: str
    paper_train: str
    paper_test: str
    ours_train: str
    ours_test: str
    seeds: str
    difference: str
    within_noise: str
    command: str
    minutes: str
    device: str
    log: str


def table_rows(rows: Sequence[MeasuredRow], logdir: str) -> list[TableRow]:
    """The rows of an experiment as texts.

    Args:
      rows: measured.
      logdir: that links are relative to.
    """
    return [_table_row(row, logdir) for row in rows]


def _table_row(row: MeasuredRow, logdir: str) -> TableRow:
    compared, reported = row.test, row.paper.get("test")
    if reported is None:
        compared, reported = row.train, row.paper.get("train")
    difference = within = ""
    if compared is not None and reported is not None:
        points = compared.mean - reported
        bound = noise(compared, reported, TEST_EXAMPLES[row.row.scale])
        difference = f"{points:+.2f}"
        within = f"{'yes' if abs(points) <= bound else 'no'} (±{bound:.2f})"
    first = next(iter(row.runs.values()), None)
    return TableRow(
        name=row.row.name,
        paper_train=_paper_text(row, "train"),
        paper_test=_paper_text(row, "test"),
        ours_train=_text(row.train),
        ours_test=_text(row.test),
        seeds=str(len(row.runs)),
        difference=difference,
        within_noise=within,
        command=shlex.join(
            ("python", "-m", "rethink_keras.main", *row.row.flags)
        ),
        minutes="" if row.minutes is None else f"{row.minutes:.1f}",
        device=row.devices,
        log=os.path.relpath(first.path, logdir) if first else "",
    )


def _text(number: Number | None) -> str:
    return NOT_RUN if number is None else str(number)


def _paper_text(row: MeasuredRow, key: str) -> str:
    if key not in row.paper or (key == "test" and row.paper[key] is None):
        return ""
    value = row.paper[key]
    return "failed to converge" if value is None else f"{value:.2f}"


_COLUMNS = {
    "row": "name",
    "paper train": "paper_train",
    "ours": "ours_train",
    "paper test": "paper_test",
    "ours ": "ours_test",
    "seeds": "seeds",
    "difference": "difference",
    "within noise": "within_noise",
    "min": "minutes",
}


def as_markdown(rows: Sequence[TableRow]) -> str:
    """Rows as a Markdown table, without commands and links."""
    lines = [
        "| " + " | ".join(name.strip() for name in _COLUMNS) + " |",
        "|" + "---|" * len(_COLUMNS),
    ]
    for row in rows:
        cells = (getattr(row, field) for field in _COLUMNS.values())
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_text(rows: Sequence[TableRow]) -> str:
    """Rows as a table for a terminal."""
    cells = [
        [name.strip() for name in _COLUMNS],
        *([getattr(row, f) for f in _COLUMNS.values()] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )
