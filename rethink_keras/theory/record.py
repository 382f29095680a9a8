"""What a demonstration of the theory leaves behind."""

import dataclasses
import io
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from etils import epath
from matplotlib.figure import Figure

from rethink_keras.results import THEORY, device, versions

Cell = str | int | float | None


@dataclasses.dataclass(frozen=True)
class Record:
    """The numbers of a demonstration.

    Attributes:
      experiment: its name, as of the launch script.
      title: what it shows, in a line.
      options: what was asked for: data set, seed.
      tables: rows by name of the table; all of a table have its columns.
      figures: by name.
      seconds: that it took.
    """

    experiment: str
    title: str
    options: Mapping[str, Any]
    tables: Mapping[str, Sequence[Mapping[str, Cell]]]
    figures: Mapping[str, Figure]
    seconds: float

    def as_markdown(self) -> str:
        """The tables."""
        return "\n\n".join(_markdown(rows) for rows in self.tables.values())


def _markdown(rows: Sequence[Mapping[str, Cell]]) -> str:
    columns = list(rows[0])
    lines = [
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
    ]
    for row in rows:
        cells = (_text(row[column]) for column in columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_record(record: Record, workdir: str) -> epath.Path:
    """Writes result.json, figures and TensorBoard's text and images.

    Into `<workdir>/theory/<experiment>/<data set>/seed=N`, in place of an
    earlier one.

    Returns:
      The directory.
    """
    options = record.options
    path = epath.Path(workdir) / THEORY / record.experiment
    path = path / str(options["dataset"]) / f"seed={options['seed']}"
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    writer = tf.summary.create_file_writer(str(path))
    with writer.as_default():
        tf.summary.text(record.experiment, record.as_markdown(), step=0)
        for name, figure in record.figures.items():
            image = _png(figure)
            (path / f"{name}.png").write_bytes(image)
            pixels = tf.io.decode_png(image, channels=3)
            tf.summary.image(name, pixels[None], step=0)
    writer.close()
    content = {
        "experiment": record.experiment,
        "title": record.title,
        "options": dict(options),
        "tables": {
            name: [dict(row) for row in rows]
            for name, rows in record.tables.items()
        },
        "figures": list(record.figures),
        "wall_seconds": record.seconds,
        "device": device(),
        "versions": versions(),
        "time": time.strftime("%Y-%m-%d"),
    }
    text = json.dumps(content, indent=2, allow_nan=False)
    (path / "result.json").write_text(text + "\n")
    return path


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value
