"""Starts the processes of a distributed run on this machine."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from rethink_keras.training.local_cluster import environments
from tests.support.processes import TRIED

Processes = Mapping[tuple[str, int], subprocess.Popen]


@contextlib.contextmanager
def started(tasks: Mapping[str, int], *flags: str) -> Iterator[Processes]:
    """Starts a run's processes, and kills those still running at the end.

    Args:
      tasks: number of processes of each type in TF_CONFIG.
      *flags: flags of `rethink_keras.main`.
    """
    with contextlib.ExitStack() as stack:
        processes = {}
        for task, environment in environments(tasks).items():
            process = subprocess.Popen(
                [sys.executable, "-m", "rethink_keras.main", *flags],
                env={**os.environ, **environment},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)  # waits for the process at exit
            stack.callback(process.kill)
            TRIED["processes"] += 1
            processes[task] = process
        yield processes
