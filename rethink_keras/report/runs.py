"""Lists finished runs with the commands that repeat them."""

import collections
import dataclasses
import os
import shlex
from collections.abc import Iterable, Sequence

from rethink_keras.config import text_of
from rethink_keras.experiments import Row
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.results import FinishedRun
from rethink_keras.results.markdown import markdown_table
from rethink_keras.results.names import names_of

STOPPED, MOVING_AVERAGES = "stopped", "moving averages"
_SOFTWARE = ("rethink_keras", "tensorflow", "keras", "backend")


@dataclasses.dataclass(frozen=True)
class RunLine:
    """A finished run that counts for one or more rows.

    Attributes:
      rows: names of the rows, such as `table1/alexnet`.
      scale: scale of the rows, `paper` or `sample`.
      seed: random seed.
      precision: precision of the arithmetic.
      epochs: number of epochs trained.
      notes: see `notes_of`.
      device: device that trained.
      minutes: duration in minutes.
      log: path of the run directory.
      command: command that repeats the run.
    """

    rows: str
    scale: str
    seed: str
    precision: str
    epochs: str
    notes: str
    device: str
    minutes: str
    log: str
    command: str


def own_rows(runs: Iterable[FinishedRun], logdir: str) -> list[dict]:
    """Returns the table of the runs that no row of the paper describes.

    Args:
      runs: runs with a network, data or an optimizer of one's own.
      logdir: directory that paths are relative to.

    Returns:
      A dictionary from column to cell for each run; accuracies in percent.
      That of held-out training images is marked.
    """
    return [
        {
            "network": (names := names_of(run.config, run.given))["model"],
            "data": names["dataset"],
            "optimizer": names.get("optimizer", "SGD"),
            "randomize": run.config.randomize,
            "seed": str(run.config.seed),
            "train": f"{run.result['train_accuracy']:.2%}",
            "test": f"{run.result['test_accuracy']:.2%}"
            + (" held out" if run.config.validation_examples else ""),
            "epochs": run.result["epochs"],
            "epochs to fit": run.result["epochs_to_fit"],
            "directory": os.path.relpath(run.path, logdir),
        }
        for run in runs
    ]


def command_of(row: Row, run: FinishedRun | None) -> str:
    """Returns the command that repeats a run.

    The command consists of the row's flagfile and the seed and precision that
    differ from it. No flag can remove the flagfile's `stop_at_loss`. If the run
    has another value, the command lists all options of the run instead. A run
    on the JAX backend names it.

    Args:
      row: the row that the run counts for.
      run: a finished run; None returns the command of the row.
    """
    config = run.config if run else row.config
    flags = row.flags
    if config.stop_at_loss != row.config.stop_at_loss:
        options = {
            **{
                n: getattr(config, n) for n in ("dataset", "model", "randomize")
            },
            **config.differences(),
        }
        flags = tuple(f"--{n}={text_of(v)}" for n, v in options.items())
    else:
        flags += tuple(
            f"--{name}={getattr(config, name)}"
            for name in ("seed", "precision")
            if getattr(config, name) != getattr(row.config, name)
        )
    command = shlex.join(("python", "-m", "rethink_keras.main", *flags))
    return f"KERAS_BACKEND=jax {command}" if run and _on_jax(run) else command


def _on_jax(run: FinishedRun) -> bool:
    """Whether a run used Keras's JAX backend."""
    return run.result.get("versions", {}).get("backend") == "jax"


def notes_of(runs: Iterable[FinishedRun]) -> str:
    """Returns notes on early stops and on BatchNorm's moving averages."""
    marks = []
    for run in runs:
        if run.stopped:
            marks.append(STOPPED)
        if run.moving_averages:
            marks.append(MOVING_AVERAGES)
    return ", ".join(sorted(set(marks), reverse=True))


def epochs_of(runs: Iterable[FinishedRun]) -> str:
    """Returns the number of epochs of the runs, as a number or a range."""
    epochs = [run.result["epochs"] for run in runs]
    ends = sorted({min(epochs), max(epochs)}) if epochs else []
    return " to ".join(map(str, ends))


def software_of(rows: Sequence[MeasuredRow]) -> str:
    """Returns the versions of packages in the runs of rows, and the backends.

    Where they differ, each is followed by its number of runs.
    """
    runs = {str(r.path): r for row in rows for r in row.runs.values()}
    used = [run.result.get("versions", {}) for run in runs.values()]
    parts = []
    for name in _SOFTWARE:
        counts = collections.Counter(
            versions.get(name, "unknown") for versions in used
        )
        several = len(counts) > 1
        each = (
            f"{version} ({counts[version]})" if several else version
            for version in sorted(counts)
        )
        parts.append(f"{name} {', '.join(each)}")
    return "; ".join(parts)


def run_lines(rows: Sequence[MeasuredRow], logdir: str) -> list[RunLine]:
    """Lists each run that counts for one or more rows once.

    Args:
      rows: rows of all experiments with their finished runs.
      logdir: directory that links are relative to.
    """
    counted: dict[str, list[tuple[Row, FinishedRun]]] = {}
    for measured in rows:
        for run in measured.runs.values():
            counted.setdefault(str(run.path), []).append((measured.row, run))
    return [_run_line(pairs, logdir) for pairs in counted.values()]


def _run_line(pairs: Sequence[tuple[Row, FinishedRun]], logdir: str) -> RunLine:
    row, run = pairs[0]
    return RunLine(
        rows=", ".join(f"{row.experiment}/{row.name}" for row, _ in pairs),
        scale=row.scale,
        seed=str(run.config.seed),
        precision=run.config.precision,
        epochs=epochs_of([run]),
        notes=notes_of([run]),
        device=run.result["device"],
        minutes=f"{run.result['wall_seconds'] / 60:.1f}",
        log=os.path.relpath(run.path, logdir),
        command=command_of(row, run),
    )


def run_markdown(lines: Sequence[RunLine]) -> str:
    """Returns runs as a Markdown table."""
    names = [field.name for field in dataclasses.fields(RunLine)]
    code = ("log", "command")
    return markdown_table(
        names,
        (
            [f"`{v}`" if n in code else v for n, v in cells]
            for cells in ([(n, getattr(x, n)) for n in names] for x in lines)
        ),
    )
