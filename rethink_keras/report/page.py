"""Writes the report: an HTML page, Markdown, figures and a CSV file."""

import csv
import io
import os
import re
import urllib.parse
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jinja2
import markupsafe
from etils import epath

from rethink_keras.config import FLAGS_DIRECTORY
from rethink_keras.errors import InputError
from rethink_keras.experiments import TITLES
from rethink_keras.files import writing
from rethink_keras.plotting import as_png, as_svg
from rethink_keras.report import claims, theory_claims
from rethink_keras.report.comparison import write_comparison
from rethink_keras.report.evidence import Evidence
from rethink_keras.report.gap import rounded
from rethink_keras.report.judged import MARKS, scores, side_by_side
from rethink_keras.report.names import plainly
from rethink_keras.report.overview import make_overview
from rethink_keras.report.runs import (
    command_of,
    notes_of,
    own_rows,
    run_lines,
    run_markdown,
    software_of,
)
from rethink_keras.report.sections import Section, make_section
from rethink_keras.report.tables import (
    LEVEL_COLUMN,
    NO_SPREAD,
    ONE_SEED,
    has_top5,
    rows_as_markdown,
)
from rethink_keras.report.theory_figures import TheoryFigures
from rethink_keras.report.verdicts import Verdict
from rethink_keras.report.words import (
    BEYOND,
    BEYOND_TITLE,
    BEYOND_WORDS,
    SCALE_TITLES,
    SEE,
    THEORY,
    THEORY_TITLE,
)
from rethink_keras.results import (
    FinishedRun,
    find_diverged,
    find_own_runs,
    find_runs,
)
from rethink_keras.results.records import (
    SavedRecord,
    find_records,
    format_cell,
    table_as_markdown,
)


def compare(
    logdir: str,
    experiment: str,
    scale: str,
    runs: Mapping,
    diverged: Collection = (),
) -> Section:
    """Writes the comparison of one experiment for TensorBoard; see `measure`.

    Raises:
      InputError: the directory cannot be written.
    """
    section = make_section(experiment, scale, runs, logdir, diverged)
    with writing(logdir):
        write_comparison(
            epath.Path(logdir),
            experiment,
            scale,
            section.measured,
            text=rows_as_markdown(section.rows),
            images=[as_png(section.figure)] if section.figure else [],
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
      InputError: a result.json is corrupt, or the directory holds files of
        something else.
    """
    target = epath.Path(directory)
    page = target / "index.html"
    _check_target(target)
    runs, diverged = find_runs(logdir), find_diverged(logdir)
    sections = [
        make_section(experiment, scale, runs, logdir, diverged)
        for scale in SCALE_TITLES
        for experiment in TITLES
    ]
    records = find_records(logdir)
    own = find_own_runs(logdir)
    target.mkdir(parents=True, exist_ok=True)
    overview = make_overview(sections, own)
    drawn = {s.stem: s.figure for s in sections if s.started and s.figure}
    if overview.figure:
        drawn["overview"] = overview.figure
    for stem, figure in drawn.items():
        (target / f"{stem}.png").write_bytes(as_png(figure))
        (target / f"{stem}.svg").write_bytes(as_svg(figure))
    theory = TheoryFigures(records)
    for name, image in theory.files().items():
        (target / name).write_bytes(image)
    (target / "results.csv").write_text(as_csv(sections))
    context = {
        **_context(sections, records, own, logdir),
        "links": _from(directory, logdir),
        "flags": os.path.relpath(FLAGS_DIRECTORY.parent, directory),
        "theory_figures": theory,
        "overview": overview,
    }
    for name in ("report.md", "index.html"):
        template = _environment(name).get_template(f"{name}.jinja")
        (target / name).write_text(template.render(**context))
    return page


_MARKS = {
    "index.html": b"rethink_keras</p>",
    "report.md": b"# Results\n",
    "results.csv": b"experiment,scale,",
}
"""What the files of a report contain."""


def _check_target(directory: epath.Path) -> None:
    """Checks that a directory holds no pages but those of a report.

    Raises:
      InputError: a page or table with the name of one of the report's is there
        and not from a report.
    """
    foreign = [
        directory / name
        for name, mark in _MARKS.items()
        if (directory / name).exists()
        and mark not in (directory / name).read_bytes()
    ]
    if foreign:
        raise InputError(
            f"output={directory}: holds another {foreign[0].name}; pass"
            " another directory"
        )


def _context(
    sections: Sequence[Section],
    records: Sequence[SavedRecord],
    own: Sequence[FinishedRun],
    logdir: str,
) -> dict[str, Any]:
    """Returns the values that both templates show."""
    verdicts: dict[str, Sequence[Verdict]] = {
        title: claims.CLAIMS.judge(Evidence(scale, _by_name(sections, scale)))
        for scale, title in SCALE_TITLES.items()
    }
    verdicts[THEORY_TITLE] = theory_claims.CLAIMS.judge(records)
    counted = scores(verdicts)
    shown = {score.title for score in counted}
    measured = [row for section in sections for row in section.measured]
    return {
        "claims": side_by_side(
            {title: v for title, v in verdicts.items() if title in shown}
        ),
        "scores": counted,
        "groups": _grouped(sections),
        "scales": SCALE_TITLES,
        "see": SEE,
        "topics": _topics(THEORY, records),
        "beyond": _topics(BEYOND, records),
        "beyond_title": BEYOND_TITLE,
        "beyond_words": BEYOND_WORDS,
        "runs": run_lines(measured, logdir),
        "software": software_of(measured),
        "own": own_rows(own, logdir),
        "compared": _compared(sections),
        **_HELPERS,
    }


_HELPERS = {
    "marks": MARKS,
    "level_column": LEVEL_COLUMN,
    "run_markdown": run_markdown,
    "rows_as_markdown": rows_as_markdown,
    "has_top5": has_top5,
    "table_as_markdown": table_as_markdown,
    "format_cell": format_cell,
}


def _topics(
    words: Mapping[str, tuple[str, str]], records: Sequence[SavedRecord]
) -> dict[str, tuple]:
    """Returns title, text and records of the topics that have records."""
    found = {
        topic: [record for record in records if record.experiment == topic]
        for topic in words
    }
    return {
        topic: (*words[topic], of_topic)
        for topic, of_topic in found.items()
        if of_topic
    }


def _by_name(sections: Sequence[Section], scale: str) -> dict[str, dict]:
    return {
        section.experiment: {row.row.name: row for row in section.measured}
        for section in sections
        if section.scale == scale
    }


def _grouped(sections: Sequence[Section]) -> dict[str, list[Section]]:
    """Returns the sections with finished runs, by experiment."""
    grouped = {
        experiment: [
            section
            for section in sections
            if section.experiment == experiment and section.started
        ]
        for experiment in SEE
    }
    return {experiment: found for experiment, found in grouped.items() if found}


def _environment(name: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rethink_keras.report"),
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "as_link": _as_link,
        "code_spans": _code_spans,
        "plainly": plainly,
        "rounded": rounded,
    }
    return environment


def _from(directory: str, path: str) -> str:
    """Returns a path as seen from a directory; in an object store, whole."""
    return path if "://" in path else os.path.relpath(path, directory)


def _as_link(path: str) -> str:
    return urllib.parse.quote(path, safe="/=,:")


def _code_spans(text: str) -> markupsafe.Markup:
    """Converts code spans of Markdown to HTML."""
    escaped = str(markupsafe.escape(text))
    return markupsafe.Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


def _compared(sections: Sequence[Section]) -> dict[str, int]:
    """Counts the rows compared with the paper's, and those that differ."""
    verdicts = [
        row.within_noise
        for section in sections
        for row in section.rows
        if row.within_noise not in ("", ONE_SEED, NO_SPREAD)
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
