"""Starts the processes of a distributed run on this machine."""

import contextlib
import os
from collections.abc import Iterator, Mapping

from benchmarks.local_cluster import environments
from tests.support.processes import fork
from tests.support.warm import Forked

Processes = Mapping[tuple[str, int], Forked]


@contextlib.contextmanager
def started(tasks: Mapping[str, int], *flags: str) -> Iterator[Processes]:
    """Starts a run's processes, and kills those still running at the end.

    Args:
      tasks: number of processes of each type in TF_CONFIG.
      *flags: flags of `rethink_keras.main`; `{index}` stands for the number
        of the process among those of its type.
    """
    with contextlib.ExitStack() as stack:
        processes = {}
        for task, environment in environments(tasks).items():
            process = fork(
                "rethink_keras.main",
                *(flag.format(index=task[1]) for flag in flags),
                env={**os.environ, **environment},
            )
            stack.enter_context(process)  # waits for the process at exit
            stack.callback(process.kill)
            processes[task] = process
        yield processes
