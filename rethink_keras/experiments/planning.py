"""Plans the runs of rows: commands, finished runs and estimated times."""

import dataclasses
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence

from etils import epath

from rethink_keras.config import FASTEST, PRECISIONS, RunConfig
from rethink_keras.environment import device
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
    counts_for,
    find_diverged,
    find_runs,
    has_begun,
    key_of,
    run_directory,
)


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of a row, with one seed.

    Attributes:
      row: the row.
      config: config of the run.
      command: arguments of `python` that start the run.
      finished: the finished run that counts for the row, or None.
      estimate: estimated time of the run.
      diverged: the file of a run of this config that diverged, or None. To
        repeat it, remove the file.
      others: precision of the row's finished runs if it is another one, or
        None. The report shows runs in one precision only.
    """

    row: Row
    config: RunConfig
    command: tuple[str, ...]
    finished: FinishedRun | None
    estimate: Estimate
    diverged: epath.Path | None = None
    others: str | None = None

    @property
    def to_do(self) -> bool:
        """Whether the run must be run, since it has not ended."""
        return self.finished is None and self.diverged is None

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
    """Plans one run for each row and seed, without duplicate configs.

    A job is finished if the report shows a run for it (see
    `results.counting_runs`), or if a run in the wanted precision counts for it,
    anywhere under the work directory. All rows of the first seed come first,
    then those of the second, and so on.

    Args:
      rows: rows of one or more experiments.
      seeds: seeds of each row.
      workdir: directory of all runs.
      data_dir: TFDS directory for rows of scale `paper`.
      precision: one of PRECISIONS, or `fastest`. With `fastest`, a run that
        has begun keeps its precision, and further seeds of a row have that of
        its finished runs; for all others the networks are timed in each
        precision on this machine.
    """
    runs = find_runs(workdir)
    all_diverged = find_diverged(workdir)
    wanted = [(row, row.seeded(seed)) for seed in seeds for row in rows]
    counting = {
        config: counting_runs(runs.values(), config) for _, config in wanted
    }
    finished = {
        config: counting[config].get(config.seed)
        or _in_precision(runs.values(), config, precision)
        for config in counting
    }
    shown = {
        config: _precision_of(of_row) for config, of_row in counting.items()
    }
    begun: dict[RunConfig, str | None] = {}
    speeds: Speeds = {}
    if precision == FASTEST:
        begun = {
            config: begun_precision(config, workdir) or shown[config]
            for config in finished
            if finished[config] is None
        }
        new = (network_of(c) for c in begun if begun[c] is None)
        speeds = measure_speeds(dict.fromkeys(new))
    known = [*runs.values(), *_reference_runs(workdir).values()]
    here = device()
    jobs: dict[RunConfig, Job] = {}
    for row, row_config in wanted:
        chosen = precision
        if row_config in begun:
            chosen = begun[row_config] or fastest(
                speeds[network_of(row_config)]
            )
        elif precision == FASTEST:
            chosen = row_config.precision
        config = key_of(dataclasses.replace(row_config, precision=chosen))
        others = shown[row_config]
        jobs.setdefault(
            config,
            Job(
                row=row,
                config=config,
                command=_command(row, config, workdir, data_dir),
                finished=finished[row_config],
                estimate=estimate_minutes(config, known, here, speeds),
                diverged=all_diverged.get(config),
                others=others if others != config.precision else None,
            ),
        )
    return list(jobs.values())


def _in_precision(
    runs: Iterable[FinishedRun], config: RunConfig, precision: str
) -> FinishedRun | None:
    """Returns a run in the wanted precision that counts for a row, or None."""
    wanted = (
        run
        for run in runs
        if counts_for(run.config, config)
        and precision in (FASTEST, run.config.precision)
    )
    return next(wanted, None)


def _precision_of(counting: Mapping[int, FinishedRun]) -> str | None:
    """Returns the precision of the runs that count for a row, or None."""
    return next((run.config.precision for run in counting.values()), None)


def begun_precision(config: RunConfig, workdir: str) -> str | None:
    """Returns the precision of a config's unfinished run, or None."""
    for precision in PRECISIONS:
        begun = dataclasses.replace(config, precision=precision)
        if has_begun(run_directory(workdir, begun)):
            return precision
    return None


def _reference_runs(workdir: str) -> Mapping[RunConfig, FinishedRun]:
    """Returns the repository's reference runs, whose speeds are known."""
    return find_runs(os.path.join(workdir, REFERENCE))


def _command(
    row: Row, config: RunConfig, workdir: str, data_dir: str | None
) -> tuple[str, ...]:
    options = [f"--seed={config.seed}"]
    if config.precision != row.config.precision:
        options.append(f"--precision={config.precision}")
    options.append(f"--workdir={run_directory(workdir, config)}")
    if data_dir is not None and row.scale == "paper":
        options.append(f"--data_dir={data_dir}")
    return ("-m", "rethink_keras.main", *row.flags_here(), *options)


def jobs_as_text(jobs: Sequence[Job]) -> str:
    """Lists each run's command, state and estimated time, for a dry run."""
    lines = []
    for job in jobs:
        state = str(job.estimate)
        if job.finished:
            state = "done"
        elif job.diverged:
            state = f"diverged; to repeat it, remove {job.diverged}"
        elif job.others:
            state += (
                f"; other seeds are in {job.others}, and the report shows one"
                " precision, float32 if there is any"
            )
        lines.append(f"# {job.title}: {state}\n{job}")
    minutes = [job.estimate.minutes for job in jobs if job.to_do]
    known = [m for m in minutes if m is not None]
    unknown = len(minutes) - len(known)
    done = sum(job.finished is not None for job in jobs)
    summary = [f"# {done} of {len(jobs)} done"]
    if known:
        total = f"at most {sum(known):.0f} min at these speeds"
        summary.append(f"{len(known)} to do in {total}")
    if unknown:
        summary.append(f"{unknown} to do in unknown time")
    lines.append("; ".join(summary))
    return "\n".join(lines)
