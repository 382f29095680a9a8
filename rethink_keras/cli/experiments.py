"""What the launch scripts share: flags, and running an experiment's rows."""

import functools
import shlex
import sys
from collections.abc import Sequence

from absl import flags

from rethink_keras.cli.choosing import matching
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError

_ROWS = flags.DEFINE_string("rows", "*", "which rows, as a file name pattern")
_SEEDS = flags.DEFINE_list("seeds", "0", "seeds, as in 0,1,2")
_SCALE = flags.DEFINE_enum(
    "scale", "sample", ["sample", "paper"], "5,000 images, or the paper's"
)
_DRY_RUN = flags.DEFINE_boolean("dry_run", False, "print commands, run nothing")
_WORKDIR = flags.DEFINE_string(
    "workdir", "tensorboard_logs", "where all runs and comparisons go"
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory for --scale=paper; default: TFDS's own"
)
_PRECISION = flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "mixed_bfloat16", "fastest"],
    "arithmetic of runs that have not begun; fastest: as timed on this machine",
)
_JOBS = flags.DEFINE_integer(
    "jobs", 1, "runs at a time, one a device", lower_bound=1
)


def launch(*experiments: str) -> None:
    """Runs the experiments' rows as the flags say: a script's whole body.

    Args:
      *experiments: as in `experiments.TITLES`; none means all of them.
    """
    run_command(functools.partial(_run, experiments))


def _seeds() -> list[int]:
    try:
        seeds = [RunConfig(seed=int(seed)).seed for seed in _SEEDS.value]
    except ValueError:
        seeds = []
    if not seeds:
        raise InputError(
            f"seeds={','.join(_SEEDS.value)}: allowed are whole numbers from 0"
            " to 2147483647, separated by commas"
        )
    return seeds


def _run(experiments: Sequence[str]) -> int:
    """Runs what has not finished; returns the exit code."""
    seeds = _seeds()
    with quiet_start():
        from etils import epath

        from rethink_keras import experiments as rows_of
        from rethink_keras.files import writing
        from rethink_keras.report import page, tables
        from rethink_keras.results import find_runs
    experiments = experiments or tuple(rows_of.TITLES)
    loaded = {name: rows_of.load(name, _SCALE.value) for name in experiments}
    rows = [row for of_one in loaded.values() for row in of_one]
    names = matching(_ROWS.value, sorted({row.name for row in rows}))
    chosen = [row for row in rows if row.name in names]
    with quiet_start():  # of the process that measures speeds
        jobs = rows_of.plan(
            chosen, seeds, _WORKDIR.value, _DATA_DIR.value, _PRECISION.value
        )
    if _DRY_RUN.value:
        print(rows_of.jobs_as_text(jobs))
        return 0
    with writing(_WORKDIR.value):
        epath.Path(_WORKDIR.value).mkdir(parents=True, exist_ok=True)
    failed = {}
    try:
        failed = rows_of.Runner(_JOBS.value).run(jobs)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130
    runs = find_runs(_WORKDIR.value)
    for name in experiments:
        section = page.compare(_WORKDIR.value, name, _SCALE.value, runs)
        print(f"\n{section.title}, {_SCALE.value} scale")
        print(tables.rows_as_text(section.rows))
    print(f"\nsee tensorboard --logdir {shlex.quote(_WORKDIR.value)}")
    for job, code in failed.items():
        print(f"failed with exit code {code}: {job}", file=sys.stderr)
    return int(bool(failed))
