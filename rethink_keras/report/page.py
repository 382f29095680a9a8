"""Writes the report: an HTML page, Markdown, figures and a CSV file."""

import base64
import csv
import dataclasses
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from etils import epath

from rethink_keras.experiments import TITLES
from rethink_keras.files import writing
from rethink_keras.report import claims, theory_claims
from rethink_keras.report.comparison import write_comparison
from rethink_keras.report.curves import AXES, curves
from rethink_keras.report.evidence import Evidence
from rethink_keras.report.figures import draw
from rethink_keras.report.measured import MeasuredRow, measure
from rethink_keras.report.runs import (
    RunLine,
    command_of,
    notes_of,
    own_rows,
    run_lines,
    run_markdown,
)
from rethink_keras.report.tables import (
    ONE_SEED,
    TableRow,
    has_top5,
    level_rows,
    rows_as_markdown,
    table_rows,
)
from rethink_keras.report.verdicts import Verdict
from rethink_keras.results import find_own_runs, find_runs
from rethink_keras.results.images import as_png, as_svg
from rethink_keras.theory.records import (
    SavedRecord,
    find_records,
    format_cell,
    table_as_markdown,
)

SCALE_TITLES = {
    "paper": "On the full data set",
    "sample": "On the embedded sample of 5,000 images",
}


@dataclasses.dataclass(frozen=True)
class Section:
    """A table or figure at one scale.

    Attributes:
      experiment: a key of `experiments.TITLES`.
      scale: `paper` or `sample`.
      measured: rows with their finished runs.
      rows: the rows as text.
      levels: points of Figures 1b and 1c; see `tables.level_rows`.
      png: the figure as a PNG file; None for a table.
      svg: the figure as an SVG file; None for a table.
    """

    experiment: str
    scale: str
    measured: Sequence[MeasuredRow]
    rows: Sequence[TableRow]
    levels: Sequence[Mapping[str, str]] = ()
    png: bytes | None = None
    svg: bytes | None = None

    @property
    def title(self) -> str:
        return TITLES[self.experiment]

    @property
    def stem(self) -> str:
        """File name of the figure, without extension."""
        suffix = "" if self.scale == "paper" else f"_{self.scale}"
        return f"{self.experiment}{suffix}"

    @property
    def script(self) -> str:
        """Path of the launch script that runs the experiment."""
        names = {"memorization": "today"}
        name = names.get(self.experiment, self.experiment.rstrip("abc"))
        return f"launch/{name}.py"

    @property
    def started(self) -> bool:
        """Whether any run has finished."""
        return any(row.runs for row in self.measured)

    @property
    def shown(self) -> Sequence[TableRow]:
        """All rows of a table; for a figure, the rows with finished runs."""
        return [row for row in self.rows if row.log or not self.png]

    @property
    def left_out(self) -> Sequence[str]:
        """Names of the rows that are not shown."""
        return [row.name for row in self.rows if row not in self.shown]

    @property
    def png_base64(self) -> str:
        return base64.b64encode(self.png or b"").decode()


def make_section(
    experiment: str, scale: str, runs: Mapping, logdir: str
) -> Section:
    """Collects the runs of a table or figure and draws it."""
    measured = measure(experiment, scale, runs)
    rows = table_rows(measured, logdir)
    if experiment not in AXES:
        return Section(experiment, scale, measured, rows)
    drawn = curves(experiment, measured)
    figure = draw(experiment, drawn, scale)
    return Section(
        experiment,
        scale,
        measured,
        rows,
        level_rows(drawn),
        as_png(figure),
        as_svg(figure),
    )


def compare(logdir: str, experiment: str, scale: str, runs: Mapping) -> Section:
    """Writes the comparison of one experiment for TensorBoard.

    Raises:
      InputError: the directory cannot be written.
    """
    section = make_section(experiment, scale, runs, logdir)
    with writing(logdir):
        write_comparison(
            epath.Path(logdir),
            experiment,
            scale,
            section.measured,
            text=rows_as_markdown(section.rows),
            images=[section.png] if section.png else [],
        )
    return section


def write_report(logdir: str, directory: str) -> epath.Path:
    """Writes index.html, report.md, results.csv and the figures.

    Args:
      logdir: directory of finished runs.
      directory: directory of the report; created if it does not exist.

    Returns:
      The path of index.html.

    Raises:
      InputError: a result.json is corrupt.
    """
    runs = find_runs(logdir)
    sections = [
        make_section(experiment, scale, runs, logdir)
        for scale in SCALE_TITLES
        for experiment in TITLES
    ]
    verdicts = {
        scale: claims.CLAIMS.judge(Evidence(scale, _by_name(sections, scale)))
        for scale in SCALE_TITLES
    }
    target = epath.Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    for section in sections:
        if section.png and section.svg and section.started:
            (target / f"{section.stem}.png").write_bytes(section.png)
            (target / f"{section.stem}.svg").write_bytes(section.svg)
    lines = run_lines([r for s in sections for r in s.measured], logdir)
    records = find_records(logdir)
    for found in records:
        for name, image in found.figures.items():
            (target / found.file_of(name)).write_bytes(image)
    (target / "results.csv").write_text(as_csv(sections))
    links = os.path.relpath(logdir, directory)
    own = own_rows(find_own_runs(logdir), logdir)
    for name in ("report.md", "index.html"):
        (target / name).write_text(
            _render(name, sections, verdicts, records, lines, links, own)
        )
    return target / "index.html"


def _by_name(sections: Sequence[Section], scale: str) -> dict[str, dict]:
    return {
        section.experiment: {row.row.name: row for row in section.measured}
        for section in sections
        if section.scale == scale
    }


def _render(
    name: str,
    sections: Sequence[Section],
    verdicts: Mapping[str, Sequence[Verdict]],
    records: Sequence[SavedRecord],
    runs: Sequence[RunLine],
    links: str,
    own: Sequence[Mapping[str, Any]],
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rethink_keras.report"),
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(f"{name}.jinja").render(
        sections=sections,
        verdicts=verdicts,
        theory_verdicts=theory_claims.CLAIMS.judge(records),
        scales=SCALE_TITLES,
        records=records,
        runs=runs,
        run_markdown=run_markdown,
        compared=_compared(sections),
        links=links,
        own=own,
        rows_as_markdown=rows_as_markdown,
        has_top5=has_top5,
        table_as_markdown=table_as_markdown,
        format_cell=format_cell,
        base64=lambda image: base64.b64encode(image).decode(),
    )


def _compared(sections: Sequence[Section]) -> dict[str, int]:
    """Counts the rows compared with the paper's, and those that differ."""
    verdicts = [
        row.within_noise
        for section in sections
        for row in section.rows
        if row.within_noise not in ("", ONE_SEED)
    ]
    differ = sum(verdict.startswith("no") for verdict in verdicts)
    return {"rows": len(verdicts), "differ": differ}


_CSV_COLUMNS = (
    "train_accuracy",
    "test_accuracy",
    "test_accuracy_corrupted",
    "epochs_to_fit",
    "epochs",
    "wall_seconds",
    "device",
    "fingerprint",
)
_CSV_RUN_COLUMNS = ("precision", "stop_at_loss", "notes", "command")


def as_csv(sections: Sequence[Section]) -> str:
    """Returns a CSV file with one line per run; accuracies are from 0 to 1."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    titles = ("experiment", "scale", "row", "seed")
    writer.writerow((*titles, *_CSV_COLUMNS, *_CSV_RUN_COLUMNS))
    for section in sections:
        for row in section.measured:
            for seed, run in row.runs.items():
                name = row.row.name
                writer.writerow(
                    (
                        *(section.experiment, section.scale, name, seed),
                        *(run.result[column] for column in _CSV_COLUMNS),
                        run.config.precision,
                        run.config.stop_at_loss,
                        notes_of([run]),
                        command_of(row.row, run),
                    )
                )
    return file.getvalue()
