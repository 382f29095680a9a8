"""Rows of the report as text: our results and the paper's."""

import dataclasses
import os
from collections.abc import Sequence

from rethink_keras import paper
from rethink_keras.report.curves import Curve
from rethink_keras.report.measured import MeasuredRow, SeedStatistics
from rethink_keras.report.names import readable
from rethink_keras.report.runs import command_of, epochs_of, notes_of
from rethink_keras.report.statistics import prediction_bound
from rethink_keras.results.markdown import markdown_table

NOT_RUN = "not run yet"
DIVERGED = "diverged"
LEVEL_COLUMN = "random labels"
ONE_SEED, NO_SPREAD = "one seed", "no spread"
# Factors from the values of curves over corruption levels to those shown.
_FACTORS = {"slow_down": 1, "test_error": 100}


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A row of a table of the report. Unknown values are empty strings.

    Attributes:
      name: name of the row.
      title: name of the row in the paper's words.
      flagfile: path of its flagfile, relative to the directory of `flags/`.
      paper_train, paper_test: the paper's accuracies in percent. Table 2 has
        the best test accuracy of an epoch in parentheses.
      ours_train, ours_test: our accuracies in percent, mean and standard
        deviation over seeds.
      paper_train_top5, ours_train_top5, paper_test_top5, ours_test_top5: the
        top-5 accuracies of Table 2.
      seeds: number of seeds.
      compared: the accuracy that is compared, `train` or `test`; see
        `MeasuredRow.compared`.
      difference: our accuracy minus the paper's, in points.
      within_noise: `yes` or `no`, with the bound in points; ONE_SEED if the
        noise is unknown.
      epochs: number of epochs trained, or its range over seeds.
      precision: precision of the runs.
      notes: whether runs stopped early, were evaluated with BatchNorm's
        moving averages, or diverged.
      command: command that repeats the first run, or runs the row.
      minutes: mean duration of a run in minutes, for each kind of device.
      device: devices that trained.
      log: path of the first run's directory.
    """

    name: str
    title: str
    flagfile: str
    paper_train: str
    paper_test: str
    ours_train: str
    ours_test: str
    paper_train_top5: str
    ours_train_top5: str
    paper_test_top5: str
    ours_test_top5: str
    seeds: str
    compared: str
    difference: str
    within_noise: str
    epochs: str
    precision: str
    notes: str
    command: str
    minutes: str
    device: str
    log: str


def table_rows(rows: Sequence[MeasuredRow], logdir: str) -> list[TableRow]:
    """Returns the rows of an experiment as text.

    Args:
      rows: rows with their finished runs.
      logdir: directory that links are relative to.
    """
    return [_table_row(row, logdir) for row in rows]


def level_rows(curves: Sequence[Curve]) -> list[dict[str, str]]:
    """Returns the points of Figures 1b and 1c as a table.

    Each model with finished runs has one row for the paper and one for ours.
    Test errors are in percent. The table is empty for other figures.
    """
    rows = []
    for curve in curves:
        if curve.tag not in _FACTORS or not curve.ours:
            continue
        ours = curve.values
        seeds = [len(values) for values in ours.values()]
        count = " to ".join(map(str, sorted({min(seeds), max(seeds)})))
        one = count == "1"
        for title, values in (
            ("paper", {level: [value] for level, value in curve.paper}),
            (f"ours, {count} seed{'' if one else 's'}", ours),
        ):
            cells = {
                f"{100 * level:.0f} %": _scaled(
                    values.get(level, []), curve.tag
                )
                for level, _ in curve.paper
            }
            rows.append(
                {LEVEL_COLUMN: f"{readable(curve.name)}, {title}", **cells}
            )
    return rows


def _scaled(values: Sequence[float], tag: str) -> str:
    factor = _FACTORS[tag]
    return (
        str(SeedStatistics(tuple(v * factor for v in values))) if values else ""
    )


def _table_row(row: MeasuredRow, logdir: str) -> TableRow:
    runs = list(row.runs.values())
    difference, within = _comparison(row)
    return TableRow(
        name=row.row.name,
        title=readable(row.row.name),
        flagfile=row.row.flags[0].removeprefix("--flagfile="),
        paper_train=_paper_text(row, "train"),
        paper_test=_paper_text(row, "test"),
        ours_train=_text(row, row.train),
        ours_test=_with_best(row, "test", _text(row, row.test)),
        paper_train_top5=_paper_text(row, "train_top5"),
        ours_train_top5=_top5_text(row, "train"),
        paper_test_top5=_paper_text(row, "test_top5"),
        ours_test_top5=_with_best(row, "test_top5", _top5_text(row, "test")),
        seeds=str(len(runs)),
        compared=row.compared or "",
        difference=difference,
        within_noise=within,
        epochs=epochs_of(runs),
        precision=", ".join(sorted({run.config.precision for run in runs})),
        notes=", ".join(
            note for note in (notes_of(runs), _diverged(row)) if note
        ),
        command=command_of(row.row, runs[0] if runs else None),
        minutes=", ".join(
            f"{minutes:.1f} ({kind})" for kind, minutes in row.minutes.items()
        ),
        device=row.devices,
        log=os.path.relpath(runs[0].path, logdir) if runs else "",
    )


def _diverged(row: MeasuredRow) -> str:
    if not row.diverged:
        return ""
    return f"{DIVERGED}: seed {', '.join(map(str, row.diverged))}"


def _comparison(row: MeasuredRow) -> tuple[str, str]:
    """Returns the difference in points and whether it is within noise."""
    if row.compared is None:
        return "", ""
    ours = row.train if row.compared == "train" else row.test
    reported = row.paper[row.compared]
    assert ours is not None
    assert reported is not None
    points = round(ours.mean - reported, 2) + 0.0  # never -0.00
    if len(ours.values) < 2:
        return f"{points:+.2f}", ONE_SEED
    if len(set(ours.values)) == 1:
        return f"{points:+.2f}", NO_SPREAD
    rounding = paper.half_unit(row.row.experiment, row.row.name, row.compared)
    bound = float(prediction_bound(ours.values)) + rounding
    within = "yes" if abs(points) <= bound else "no"
    return f"{points:+.2f}", f"{within} (±{bound:.2f})"


def _text(row: MeasuredRow, number: SeedStatistics | None) -> str:
    """Returns our accuracy, or why there is none."""
    if number is None:
        return DIVERGED if row.diverged and not row.runs else NOT_RUN
    return str(number)


def _paper_text(row: MeasuredRow, key: str) -> str:
    if key not in row.paper or (key == "test" and row.paper[key] is None):
        return ""
    value = row.paper[key]
    if value is None:
        return "failed to converge"
    best = row.paper.get(f"best_{key}")
    return f"{value:.2f}" if best is None else f"{value:.2f} ({best:.2f})"


def _top5_text(row: MeasuredRow, split: str) -> str:
    """Returns our top-5 accuracy; empty if the paper or our runs lack one."""
    if f"{split}_top5" not in row.paper:
        return ""
    number = row.number(f"{split}_top5_accuracy")
    return "" if row.runs and number is None else _text(row, number)


def _with_best(row: MeasuredRow, key: str, text: str) -> str:
    """Appends the best test accuracy of an epoch, for Table 2."""
    best = row.number(f"best_{key}_accuracy")
    if f"best_{key}" not in row.paper or best is None:
        return text
    return f"{text} ({best.mean:.2f})"


_COLUMNS = (
    ("row", "name"),
    ("train: paper", "paper_train"),
    ("ours", "ours_train"),
    ("test: paper", "paper_test"),
    ("ours", "ours_test"),
    ("top-5 train: paper", "paper_train_top5"),
    ("ours", "ours_train_top5"),
    ("top-5 test: paper", "paper_test_top5"),
    ("ours", "ours_test_top5"),
    ("seeds", "seeds"),
    ("compared", "compared"),
    ("difference", "difference"),
    ("within noise", "within_noise"),
    ("epochs", "epochs"),
    ("precision", "precision"),
    ("notes", "notes"),
    ("min", "minutes"),
)


def has_top5(rows: Sequence[TableRow]) -> bool:
    """Returns whether rows have top-5 accuracies."""
    return any(row.paper_test_top5 for row in rows)


def _cells(rows: Sequence[TableRow]) -> list[list[str]]:
    """Returns the column titles, then the cells of each row."""
    top5 = has_top5(rows)
    columns = [
        (title, field)
        for title, field in _COLUMNS
        if top5 or not field.endswith("_top5")
    ]
    return [
        [title for title, _ in columns],
        *([getattr(row, field) for _, field in columns] for row in rows),
    ]


def rows_as_markdown(rows: Sequence[TableRow], flags: str = "") -> str:
    """Returns rows as a Markdown table, without commands and logs.

    Args:
      rows: rows of a table or figure.
      flags: path of the directory of `flags/`, to which names are linked;
        without it, rows have their short names and no links.
    """
    titles, *cells = _cells(rows)
    if flags:
        for row, line in zip(rows, cells, strict=True):
            line[0] = f"[{row.title}]({flags}/{row.flagfile})"
    return markdown_table(titles, cells)


def rows_as_text(rows: Sequence[TableRow]) -> str:
    """Returns rows as a table for a terminal."""
    cells = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )
