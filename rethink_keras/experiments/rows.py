"""Rows of the paper's tables and figures, read from flagfiles.

Each row has a flagfile, `flags/<experiment>/<row>.txt`. Figures 1b and 1c are
the exception: each of their three flagfiles gives eleven rows, one per level
of label corruption.
"""

import dataclasses
import os
import pathlib

from rethink_keras import paper
from rethink_keras.config import (
    FLAGS_DIRECTORY,
    SAMPLE,
    SCALES,
    RunConfig,
    check_choice,
)
from rethink_keras.errors import InputError

# Inception V3's smallest image size, and epochs that take minutes on a CPU.
STREAMED_SAMPLE = ("--image_size=75", "--epochs=3")
CORRUPTIONS = tuple(level / 10 for level in range(11))

TITLES = {
    "table1": "Table 1: true and random labels on CIFAR-10",
    "table2": "Table 2: Inception V3 on ImageNet",
    "table4": "Table 4: random labels with explicit regularizers",
    "figure1a": "Figure 1a: training loss of the small Inception",
    "figure1b": "Figure 1b: slow-down of fitting by label corruption",
    "figure1c": "Figure 1c: test error by label corruption",
    "figure2a": "Figure 2a: Inception V3 on ImageNet over time",
    "figure2b": "Figure 2b: the small Inception with and without BatchNorm",
    "today": "Today (not in the paper): other networks and regularizers",
    "memorization": "Memorization (not in the paper) over time",
}
_SAME_RUNS = {"figure1c": "figure1b", "memorization": "today"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a table, or one curve or point of a figure.

    Attributes:
      experiment: a key of TITLES.
      name: name of the flagfile; in Figures 1b and 1c with the level of label
        corruption, as in `alexnet_0.5`.
      scale: `sample` (5,000 images of CIFAR-10, also for rows on ImageNet) or
        `paper` (the full data set).
      config: config of the run with seed 0.
      flags: arguments of `python -m rethink_keras.main` that start the run.
        The flagfile is named as in a clone; see `config.find_flagfile`.
    """

    experiment: str
    name: str
    scale: str
    config: RunConfig
    flags: tuple[str, ...]

    def seeded(self, seed: int) -> RunConfig:
        """Returns the config with another seed."""
        return dataclasses.replace(self.config, seed=seed)

    def flags_here(self) -> tuple[str, ...]:
        """Returns the flags with the path of the flagfile on this machine.

        The path is relative to the current directory if that is shorter.
        """
        name, _, flagfile = self.flags[0].partition("=")
        if name != "--flagfile":
            return self.flags
        path = str(FLAGS_DIRECTORY.parent / flagfile)
        path = min(os.path.relpath(path), path, key=len)
        return (f"{name}={path}", *self.flags[1:])


def load(experiment: str, scale: str) -> list[Row]:
    """Loads the rows of an experiment in the paper's order.

    Args:
      experiment: a key of TITLES.
      scale: one of SCALES.

    Raises:
      InputError: if the experiment or scale does not exist, or a flagfile is
        invalid.
    """
    check_choice("experiment", experiment, TITLES)
    check_choice("scale", scale, SCALES)
    folder = FLAGS_DIRECTORY / _SAME_RUNS.get(experiment, experiment)
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise InputError(
            f"{folder}: holds no flagfiles; install rethink_keras again"
        )
    rows = [
        row
        for path in files
        for row in (
            _grid(experiment, path, scale)
            if experiment in ("figure1b", "figure1c")
            else [_row(experiment, path.stem, path, scale)]
        )
    ]
    if experiment == "memorization":
        rows = [row for row in rows if row.config.partly_corrupted]
    order = paper_order(experiment)
    return sorted(rows, key=lambda row: order.get(row.name, len(order)))


def paper_order(experiment: str) -> dict[str, int]:
    """Returns the position of each row in the paper's table.

    The result is empty for figures.
    """
    if not experiment.startswith("table"):
        return {}
    rows = paper.read(experiment)
    return {str(row["row"]): index for index, row in enumerate(rows)}


def _row(
    experiment: str,
    name: str,
    path: pathlib.Path,
    scale: str,
    *extra: str,
) -> Row:
    """Returns the row of a flagfile and of extra flags, which override it."""
    text = path.read_text()
    if scale == "sample":
        sample_flags = [f"--dataset={SAMPLE}"]
        if RunConfig.from_flags(text).streams:
            sample_flags += STREAMED_SAMPLE
        extra = (*sample_flags, *extra)
    relative = path.relative_to(FLAGS_DIRECTORY.parent)
    return Row(
        experiment=experiment,
        name=name,
        scale=scale,
        config=RunConfig.from_flags("\n".join([text, *extra])),
        flags=(f"--flagfile={relative}", *extra),
    )


def _grid(experiment: str, path: pathlib.Path, scale: str) -> list[Row]:
    """Returns a network's rows, one per level of label corruption."""
    rows = []
    # Levels 0 and 1 have the configs of Table 1's rows, which run only once.
    for level in CORRUPTIONS:
        ends = {0.0: ["--randomize=none"], 1.0: []}
        extra = ends.get(level, [f"--label_corruption={level}"])
        name = f"{path.stem}_{level}"
        rows.append(_row(experiment, name, path, scale, *extra))
    return rows
