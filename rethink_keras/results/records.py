"""Records of tables and figures of one command: writing and reading."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from etils import epath

from rethink_keras.environment import device, versions
from rethink_keras.errors import InputError
from rethink_keras.files import (
    reading,
    summaries_to,
    visible,
    write_whole,
    writing,
)
from rethink_keras.results import RESULT, THEORY
from rethink_keras.results.markdown import markdown_table

Cell = str | int | float | None
Table = Sequence[Mapping[str, Cell]]
_LONGEST = 120  # characters of settings in the name of a directory


@dataclasses.dataclass(frozen=True)
class Record:
    """Tables and figures of one command, such as `theorem1`.

    Attributes:
      experiment: name of the command, with underscores.
      name: name of the row; also the name of a directory.
      title: one-line title.
      seed: random seed.
      tables: rows by name of the table. All rows of a table have the same
        columns.
      figures: PNG files by name.
      seconds: duration.
      files: other files, by file name.
    """

    experiment: str
    name: str
    title: str
    seed: int
    tables: Mapping[str, Table]
    figures: Mapping[str, bytes]
    seconds: float
    files: Mapping[str, bytes] = dataclasses.field(
        default_factory=dict, kw_only=True
    )

    def as_markdown(self) -> str:
        """Returns the tables in Markdown."""
        return "\n\n".join(map(table_as_markdown, self.tables.values()))

    def under(self, settings: Mapping[str, str]) -> "Record":
        """Returns the record with its settings in the name and the title.

        Records under different settings are then in different directories.

        Args:
          settings: options that differ from their defaults, by name.
        """
        if not settings:
            return self
        text = ",".join(f"{name}={value}" for name, value in settings.items())
        told = ", ".join(f"{name} {value}" for name, value in settings.items())
        if len(text) > _LONGEST:
            text = hashlib.sha256(text.encode()).hexdigest()[:16]
        return dataclasses.replace(
            self,
            name=f"{self.name},{text}",
            title=f"{self.title} ({told.replace('_', ' ')})",
        )


@dataclasses.dataclass(frozen=True)
class SavedRecord(Record):
    """A record read from disk, without other files.

    Attributes:
      command: command that wrote the record.
      device: device that computed it.
    """

    command: str
    device: str

    def file_of(self, figure: str) -> str:
        """Returns a file name for a figure that is unique among records."""
        name = _folder(self.name)
        return f"{self.experiment}_{name}_seed={self.seed}_{figure}.png"


def _folder(name: str) -> str:
    """Returns the folder of a name such as `emnist/digits`."""
    return name.replace("/", "_")


def table_as_markdown(rows: Table) -> str:
    """Returns a table in Markdown."""
    columns = list(rows[0])
    return markdown_table(
        columns,
        ([format_cell(row[column]) for column in columns] for row in rows),
    )


def format_cell(value: Cell) -> str:
    """Formats a cell: floats with four significant digits, None as empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value


def write_record(record: Record, workdir: str, command: str) -> epath.Path:
    """Writes a record: result.json, figures and TensorBoard events.

    The directory is `<workdir>/theory/<experiment>/<name>/seed=N`, with
    underscores for slashes in the name. It replaces an earlier record as a
    whole, once all files are written.

    Returns:
      The directory.

    Raises:
      InputError: the directory cannot be written.
    """
    path = epath.Path(workdir) / THEORY / record.experiment
    path = path / _folder(record.name) / f"seed={record.seed}"
    content = {
        "experiment": record.experiment,
        "name": record.name,
        "title": record.title,
        "seed": record.seed,
        "tables": {
            name: [dict(row) for row in rows]
            for name, rows in record.tables.items()
        },
        "figures": list(record.figures),
        "seconds": record.seconds,
        "command": command,
        "device": device(),
        "versions": versions(),
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    new = path.parent / f".{path.name}.partial"
    with writing(workdir):
        _remove(new)
        new.mkdir(parents=True)
        _write_events(record, new)
        for name, image in record.figures.items():
            (new / f"{name}.png").write_bytes(image)
        for file_name, data in record.files.items():
            (new / file_name).write_bytes(data)
        (new / RESULT).write_bytes(text.encode())
        _remove(path)
        new.rename(path)
    return path


def check_workdir(workdir: str) -> None:
    """Checks, before hours are spent, that records can be written.

    Args:
      workdir: as for `write_record`.

    Raises:
      InputError: the directory cannot be written.
    """
    with writing(workdir):
        path = epath.Path(workdir) / THEORY
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".probe"
        write_whole(probe, b"")
        probe.unlink()


def _remove(directory: epath.Path) -> None:
    if directory.exists():
        directory.rmtree()


def _write_events(record: Record, path: epath.Path) -> None:
    writer = tf.summary.create_file_writer(str(path))
    with summaries_to(writer):
        tf.summary.text(record.experiment, record.as_markdown(), step=0)
        for name, image in record.figures.items():
            pixels = tf.io.decode_png(image, channels=3)
            tag = f"{record.experiment}/{name}"
            tf.summary.image(tag, pixels[None], step=0)
    writer.close()


def find_records(logdir: os.PathLike | str) -> list[SavedRecord]:
    """Reads the records under `<logdir>/theory`, sorted by path.

    Raises:
      InputError: a result.json is corrupt, or a directory cannot be read.
    """
    folders = [epath.Path(logdir) / THEORY]
    with reading(logdir):
        for _ in ("experiment", "name", "seed"):
            folders = [path for folder in folders for path in visible(folder)]
    paths = [folder / RESULT for folder in folders]
    return [_read(path) for path in paths if path.exists()]


def _read(path: epath.Path) -> SavedRecord:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        del content["versions"]
        content["figures"] = {
            name: (path.parent / f"{name}.png").read_bytes()
            for name in content["figures"]
        }
        return SavedRecord(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: corrupt record ({error}); remove the file"
        ) from error
