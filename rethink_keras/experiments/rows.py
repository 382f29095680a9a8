"""The paper's experiments as rows: a run's config and the paper's numbers.

A row is a flagfile, `flags/<experiment>/<row>.txt`; Figures 1b and 1c are a
grid of three flagfiles by eleven levels of label corruption.
"""

import dataclasses
import os
import pathlib

from rethink_keras import paper
from rethink_keras.config import SAMPLE, RunConfig, suggestion
from rethink_keras.errors import InputError

FLAGS_DIRECTORY = pathlib.Path(__file__).parents[2] / "flags"
SCALES = ("sample", "paper")
# The smallest images that Inception V3 takes, and what a CPU can do in minutes.
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
      experiment: as in TITLES.
      name: of its flagfile; in the grid with the level, as `alexnet_0.5`.
      scale: `sample` (5,000 images of CIFAR-10, also for ImageNet's rows) or
        `paper` (the full data set).
      config: the run, of seed 0.
      flags: the arguments of `python -m rethink_keras.main` that ask for it,
        in the directory that holds `flags/`.
    """

    experiment: str
    name: str
    scale: str
    config: RunConfig
    flags: tuple[str, ...]

    def seeded(self, seed: int) -> RunConfig:
        """The run of a seed."""
        return dataclasses.replace(self.config, seed=seed)

    def flags_here(self) -> tuple[str, ...]:
        """The flags that ask for the row in the current directory."""
        root = os.path.relpath(FLAGS_DIRECTORY.parent)
        return tuple(
            f"{name}={os.path.normpath(f'{root}/{value}')}"
            if name == "--flagfile"
            else flag
            for flag in self.flags
            for name, _, value in [flag.partition("=")]
        )


def load(experiment: str, scale: str) -> list[Row]:
    """The rows of an experiment, in the paper's order.

    Raises:
      InputError: there is no such experiment or scale, or a flagfile is
        wrong.
    """
    if experiment not in TITLES:
        raise InputError(
            f"experiment={experiment}: allowed are {', '.join(TITLES)}"
            f"{suggestion(experiment, TITLES)}"
        )
    if scale not in SCALES:
        raise InputError(
            f"scale={scale}: allowed are {', '.join(SCALES)}"
            f"{suggestion(scale, SCALES)}"
        )
    folder = FLAGS_DIRECTORY / _SAME_RUNS.get(experiment, experiment)
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise InputError(
            f"{folder}: holds no flagfiles; experiments run from a clone of"
            " the repository, installed with pip install -e"
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
    """The position of each row in the paper's table; empty for figures."""
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
    """The row of a flagfile and of flags that win over it."""
    text = path.read_text()
    if scale == "sample":
        of_sample = [f"--dataset={SAMPLE}"]
        if RunConfig.from_flags(text).streams:
            of_sample += STREAMED_SAMPLE
        extra = (*of_sample, *extra)
    relative = path.relative_to(FLAGS_DIRECTORY.parent)
    return Row(
        experiment=experiment,
        name=name,
        scale=scale,
        config=RunConfig.from_flags("\n".join([text, *extra])),
        flags=(f"--flagfile={relative}", *extra),
    )


def _grid(experiment: str, path: pathlib.Path, scale: str) -> list[Row]:
    """A model's rows over the levels of corruption.

    The ends are the true and the random labels of Table 1: the same runs.
    """
    rows = []
    for level in CORRUPTIONS:
        ends = {0.0: ["--randomize=none"], 1.0: []}
        extra = ends.get(level, [f"--label_corruption={level}"])
        name = f"{path.stem}_{level}"
        rows.append(_row(experiment, name, path, scale, *extra))
    return rows
