"""Which runs the rows of an experiment need, and what each will take."""

import dataclasses
import os
import shlex
from collections.abc import Mapping, Sequence

from etils import epath

from rethink_keras.config import PRECISIONS, RunConfig
from rethink_keras.experiments.cost import Estimate, estimate_minutes
from rethink_keras.experiments.rows import Row
from rethink_keras.experiments.speed import (
    Speeds,
    fastest,
    measure_speeds,
    network_of,
)
from rethink_keras.results import (
    REFERENCE,
    FinishedRun,
    counting_runs,
    find_runs,
    has_begun,
    key_of,
)
from rethink_keras.runs import device

FASTEST = "fastest"


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of a row: a seed, and where it goes.

    Attributes:
      row: of an experiment.
      config: the run.
      command: of the run, ready for a shell.
      finished: the finished run that counts for the row, if there is one.
      estimate: of its time.
    """

    row: Row
    config: RunConfig
    command: tuple[str, ...]
    finished: FinishedRun | None
    estimate: Estimate

    @property
    def title(self) -> str:
        return f"{self.row.experiment}/{self.row.name} seed {self.config.seed}"

    def __str__(self) -> str:
        return shlex.join(("python", *self.command))


def plan(
    rows: Sequence[Row],
    seeds: Sequence[int],
    workdir: str,
    data_dir: str | None = None,
    precision: str = "float32",
) -> list[Job]:
    """The runs of rows and seeds, each config once.

    A run is finished if one that counts for it (see `results.counts_for`) lies
    anywhere under the work directory. Seeds vary slowest: all rows have one
    result first.

    Args:
      rows: of one or more experiments.
      seeds: of each row.
      workdir: where all runs lie.
      data_dir: TFDS directory of the rows at full scale.
      precision: one of PRECISIONS, or `fastest`: a run that has begun keeps
        its precision; for others the network is timed in each precision.
    """
    runs = find_runs(workdir)
    asked = [(row, row.seeded(seed)) for seed in seeds for row in rows]
    finished = {
        config: counting_runs(runs.values(), config).get(config.seed)
        for _, config in asked
    }
    todo = [config for config in finished if finished[config] is None]
    speeds: Speeds = {}
    if precision == FASTEST:
        new = [c for c in todo if begun_precision(c, workdir) is None]
        speeds = measure_speeds(dict.fromkeys(map(network_of, new)))
    known = [*runs.values(), *_reference_runs(workdir).values()]
    here = device()
    jobs: dict[RunConfig, Job] = {}
    for row, of_row in asked:
        chosen = precision
        if precision == FASTEST and of_row in todo:
            chosen = begun_precision(of_row, workdir) or fastest(
                speeds[network_of(of_row)]
            )
        elif precision == FASTEST:
            chosen = of_row.precision
        config = key_of(dataclasses.replace(of_row, precision=chosen))
        jobs.setdefault(
            config,
            Job(
                row=row,
                config=config,
                command=_command(row, config, workdir, data_dir),
                finished=finished[of_row],
                estimate=estimate_minutes(config, known, here, speeds),
            ),
        )
    return list(jobs.values())


def begun_precision(config: RunConfig, workdir: str) -> str | None:
    """The precision of a run of a config that has begun; None without one."""
    for precision in PRECISIONS:
        name = dataclasses.replace(config, precision=precision).name()
        if has_begun(os.path.join(workdir, name)):
            return precision
    return None


def _reference_runs(workdir: str) -> Mapping[RunConfig, FinishedRun]:
    """The runs that the repository keeps, whose speeds are known too."""
    return find_runs(os.path.join(workdir, REFERENCE))


def _command(
    row: Row, config: RunConfig, workdir: str, data_dir: str | None
) -> tuple[str, ...]:
    options = [f"--seed={config.seed}"]
    if config.precision != row.config.precision:
        options.append(f"--precision={config.precision}")
    options.append(f"--workdir={epath.Path(workdir) / config.name()}")
    if data_dir is not None and row.scale == "paper":
        options.append(f"--data_dir={data_dir}")
    return ("-m", "rethink_keras.main", *row.flags_here(), *options)


def jobs_as_text(jobs: Sequence[Job]) -> str:
    """Each run's command, its state and estimated time, for --dry_run."""
    lines = []
    for job in jobs:
        state = "done" if job.finished else str(job.estimate)
        lines.append(f"# {job.title}: {state}\n{job}")
    minutes = [job.estimate.minutes for job in jobs if not job.finished]
    known = [m for m in minutes if m is not None]
    unknown = len(minutes) - len(known)
    lines.append(
        f"# {len(jobs) - len(minutes)} of {len(jobs)} done; at most"
        f" {sum(known):.0f} min to do"
        + (f", and {unknown} of unknown time" if unknown else "")
    )
    return "\n".join(lines)
