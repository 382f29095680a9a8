"""Runs the rows of experiments, one process a run, and goes on at will."""

import concurrent.futures
import ctypes
import functools
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from rethink_keras.errors import InputError
from rethink_keras.experiments.planning import Job

_PR_SET_PDEATHSIG = 1
_VISIBLE = "CUDA_VISIBLE_DEVICES"


class Runner:
    """Runs jobs, skipping those that have finished.

    A failed run does not stop the others. An interrupted run goes on from its
    last checkpoint at the next start; a run ends with the process that
    started it, also if that is killed.

    Args:
      parallel: how many runs at a time; with more than one, each sees one of
        the accelerators that this process sees, and has its share of the
        CPU's cores.

    Raises:
      InputError: CUDA_VISIBLE_DEVICES lists fewer accelerators.
    """

    def __init__(self, parallel: int = 1):
        self._parallel = parallel
        self._accelerators = _accelerators(parallel)
        self._running: dict[int, subprocess.Popen] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, jobs: Sequence[Job]) -> dict[Job, int]:
        """Runs jobs; returns the exit codes of those that failed.

        Raises:
          KeyboardInterrupt: after the runs under way were interrupted too.
        """
        todo = [job for job in jobs if job.finished is None]
        print(f"{len(todo)} of {len(jobs)} runs to do", flush=True)
        slots = list(range(self._parallel))
        failed: dict[Job, int] = {}
        done, begun = 0.0, time.monotonic()
        pool = concurrent.futures.ThreadPoolExecutor(self._parallel)
        futures = {
            pool.submit(self._run_one, job, slots): (job, share)
            for job, share in zip(todo, _shares(todo), strict=True)
        }
        try:
            for count, future in enumerate(
                concurrent.futures.as_completed(futures), 1
            ):
                (job, share), code = futures[future], future.result()
                if code:
                    failed[job] = code
                done += share
                spent = (time.monotonic() - begun) / 60
                left = (1 / done - 1) * spent
                outcome = f"failed with exit code {code}" if code else "done"
                print(
                    f"[{count}/{len(todo)}] {job.title}: {outcome};"
                    f" about {left:.0f} min left",
                    flush=True,
                )
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return failed

    def _run_one(self, job: Job, slots: list[int]) -> int:
        """Runs a job in a process of its own; returns its exit code."""
        with self._lock:
            if self._stopped:
                return 130
            slot = slots.pop()
            print(f"{job.title}: {job}", flush=True)
            environment = dict(os.environ)
            if self._accelerators:
                environment[_VISIBLE] = self._accelerators[slot]
            process = subprocess.Popen(
                (sys.executable, *job.command),
                env=environment,
                # Ctrl-C reaches this process alone, which passes it on once.
                start_new_session=True,
                preexec_fn=functools.partial(
                    _prepare_child, slot, self._parallel
                ),
            )
            self._running[slot] = process
        code = process.wait()
        with self._lock:
            slots.append(slot)
            del self._running[slot]
        return code

    def _stop(self) -> None:
        """Interrupts the runs under way and starts no others."""
        with self._lock:
            self._stopped = True
            for process in self._running.values():
                process.send_signal(signal.SIGINT)


def _accelerators(parallel: int) -> list[str]:
    """One for each of several runs; empty where a run sees what this one sees.

    As CUDA reads the list, it ends before an entry that names no device, as -1.
    """
    if parallel == 1:
        return []
    given = os.environ.get(_VISIBLE)
    if given is None:
        return [str(number) for number in range(parallel)]
    names = [name.strip() for name in given.split(",")]
    visible = list(itertools.takewhile(re.compile(r"\w").match, names))
    if 0 < len(visible) < parallel:
        raise InputError(
            f"jobs={parallel}: allowed is at most {len(visible)}, one for each"
            f" device of {_VISIBLE}={given}"
        )
    return visible


def _prepare_child(slot: int, slots: int) -> None:
    """Gives this process its share of the cores, and its parent's life.

    Two runs of MLP 1x512 with a core each are together 1.2 times as fast as
    one after the other on both, and end with the same weights.
    """
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[slot::slots] or cores)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _shares(jobs: Sequence[Job]) -> list[float]:
    """Each job's share of the time of all; equal if any time is unknown."""
    minutes = [job.estimate.minutes for job in jobs]
    known = [m for m in minutes if m is not None]
    if len(known) < len(jobs):
        known = [1.0] * len(jobs)
    return [part / sum(known) for part in known]
