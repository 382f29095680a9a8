"""Defines the flags of the commands that run rows of experiments."""

import functools
import shlex
import sys
from collections.abc import Sequence

from absl import flags

from rethink_keras.cli.choosing import matching, option_numbers
from rethink_keras.cli.option_names import with_flags
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import FASTEST, PRECISIONS, SCALES

_ROWS = flags.DEFINE_string("rows", "*", "rows to run, as a file name pattern")
_SEEDS = flags.DEFINE_list("seeds", "0", "random seeds, separated by commas")
_SCALE = flags.DEFINE_enum(
    "scale",
    "sample",
    SCALES,
    "the embedded 5,000 images, or the paper's full data set",
)
_DRY_RUN = flags.DEFINE_boolean(
    "dry_run", False, "print the commands without running them"
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "tensorboard_logs", "directory of all runs and comparisons"
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory for --scale=paper (default: TFDS's own)"
)
_PRECISION = flags.DEFINE_enum(
    "precision",
    "float32",
    [*PRECISIONS, FASTEST],
    "precision of new runs; fastest: the faster of both on this machine",
)
_JOBS = flags.DEFINE_integer(
    "jobs", 1, "number of parallel runs, which share devices", lower_bound=1
)


def launch(document: str | None, *experiments: str) -> None:
    """Runs a command that trains the rows that the flags select.

    Args:
      document: text before the flags in the help.
      *experiments: keys of `experiments.TITLES`; all of them if none is given.
    """
    run_command(functools.partial(_run, experiments), document, resumes=True)


def _run(experiments: Sequence[str]) -> int:
    """Trains the rows without a finished run; returns the exit code."""
    seeds = option_numbers(_SEEDS, "seed", int)
    with quiet_start():
        from etils import epath

        from rethink_keras import experiments as registry
        from rethink_keras.files import check_writable, writing
        from rethink_keras.report import page, tables
        from rethink_keras.report.comparison import comparison_directory
        from rethink_keras.results import find_diverged, find_runs
    experiments = experiments or tuple(registry.TITLES)
    loaded = {name: registry.load(name, _SCALE.value) for name in experiments}
    rows = [row for group in loaded.values() for row in group]
    names = matching(_ROWS.value, sorted({row.name for row in rows}))
    chosen = [row for row in rows if row.name in names]
    if not _DRY_RUN.value:
        check_writable(_WORKDIR.value)
    with quiet_start():  # hides the output of the process that times a step
        jobs = registry.plan(
            chosen, seeds, _WORKDIR.value, _DATA_DIR.value, _PRECISION.value
        )
    if _DRY_RUN.value:
        print(with_flags(registry.jobs_as_text(jobs)))
        return 0
    with writing(_WORKDIR.value):
        epath.Path(_WORKDIR.value).mkdir(parents=True, exist_ok=True)
    failed = registry.Runner(_JOBS.value).run(jobs)
    runs = find_runs(_WORKDIR.value)
    diverged = find_diverged(_WORKDIR.value)
    for name in experiments:
        section = page.compare(
            _WORKDIR.value, name, _SCALE.value, runs, diverged
        )
        print(f"\n{section.title}, {_SCALE.value} scale")
        print(tables.rows_as_text(section.rows))
    shown = _WORKDIR.value
    if len(experiments) == 1:
        (only,) = experiments
        shown = comparison_directory(epath.Path(shown), only, _SCALE.value)
    print(f"\nsee tensorboard --logdir {shlex.quote(str(shown))}")
    for job, code in failed.items():
        print(f"failed with exit code {code}: {job}", file=sys.stderr)
    return int(bool(failed))
