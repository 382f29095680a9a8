"""Runs jobs, each in its own process."""

import concurrent.futures
import contextlib
import ctypes
import functools
import itertools
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from rethink_keras.errors import InterruptedRunError
from rethink_keras.experiments.planning import Job
from rethink_keras.files import RESUME_ADVICE

_PR_SET_PDEATHSIG = 1
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_GPUS = pathlib.Path("/proc/driver/nvidia/gpus")
# Otherwise the first run takes most of a device's memory.
_SHARING = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


class Runner:
    """Runs jobs and skips finished ones.

    If a run fails, the others continue. If this process ends, even by
    SIGKILL, its runs end too. They resume from their last checkpoints when
    they are run again.

    Args:
      parallel: number of simultaneous runs. With more than one, each run sees
        one of this process's accelerators and uses an equal part of its CPU
        cores. Runs share an accelerator if there are more of them; each then
        takes memory as it needs it.
    """

    def __init__(self, parallel: int = 1):
        self._parallel = parallel
        self._accelerators = _accelerators(parallel)
        self._running: dict[int, subprocess.Popen] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, jobs: Sequence[Job]) -> dict[Job, int]:
        """Runs jobs.

        Returns:
          The exit codes of the failed jobs: 1 for one that diverged, now or
          earlier.

        Raises:
          KeyboardInterrupt: on Ctrl-C, after all current runs have stopped.
          InterruptedRunError: on SIGTERM, after all current runs have stopped.
        """
        with _raising_on_sigterm():
            return self._run(jobs)

    def _run(self, jobs: Sequence[Job]) -> dict[Job, int]:
        todo = [job for job in jobs if job.to_do]
        print(f"{len(todo)} of {len(jobs)} runs to do", flush=True)
        slots = list(range(self._parallel))
        failed = {job: 1 for job in jobs if job.diverged and not job.finished}
        for job in failed:
            print(
                f"{job.title}: diverged earlier; to repeat it, remove"
                f" {job.diverged}",
                flush=True,
            )
        done, begun = 0.0, time.monotonic()
        pool = concurrent.futures.ThreadPoolExecutor(self._parallel)
        futures = {
            pool.submit(self._run_one, job, slots): (job, fraction)
            for job, fraction in zip(todo, _time_fractions(todo), strict=True)
        }
        try:
            for count, future in enumerate(
                concurrent.futures.as_completed(futures), 1
            ):
                (job, fraction), code = futures[future], future.result()
                if code:
                    failed[job] = code
                done += fraction
                spent = (time.monotonic() - begun) / 60
                left = max(0.0, 1 / done - 1) * spent
                outcome = f"failed with exit code {code}" if code else "done"
                print(
                    f"[{count}/{len(todo)}] {job.title}: {outcome};"
                    f" about {left:.0f} min left",
                    flush=True,
                )
        except (KeyboardInterrupt, InterruptedRunError):
            self._stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return failed

    def _run_one(self, job: Job, slots: list[int]) -> int:
        """Runs a job in a new process and returns its exit code."""
        with self._lock:
            if self._stopped:
                return 130
            slot = slots.pop()
            print(f"{job.title}: {job}", flush=True)
            environment = dict(os.environ)
            if self._accelerators:
                environment[_VISIBLE] = self._accelerators[slot]
            # Without a list, as under WSL2, all runs see all accelerators.
            if len(set(self._accelerators)) < self._parallel > 1:
                environment = _SHARING | environment
            process = subprocess.Popen(
                (sys.executable, *job.command),
                env=environment,
                # In a new session, Ctrl-C does not reach the run directly:
                # `_stop` sends it exactly one SIGINT.
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
        """Interrupts the current runs and prevents new ones."""
        with self._lock:
            self._stopped = True
            for process in self._running.values():
                process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def _raising_on_sigterm() -> Iterator[None]:
    """Context manager in which SIGTERM raises an InterruptedRunError.

    Outside the main thread, where Python does not allow signal handlers, it
    has no effect.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        raise InterruptedRunError(RESUME_ADVICE, signal.Signals(number))

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _accelerators(parallel: int) -> list[str]:
    """Returns a value of CUDA_VISIBLE_DEVICES for each simultaneous run.

    The result is empty if runs inherit the variable from this process. Like
    CUDA, ignores all entries from the first invalid one on, such as -1.
    """
    if parallel == 1:
        return []
    given = os.environ.get(_VISIBLE)
    if given is None:
        count = len(list(_GPUS.iterdir())) if _GPUS.is_dir() else 0
        visible = [str(number) for number in range(count)]
    else:
        names = [name.strip() for name in given.split(",")]
        visible = list(itertools.takewhile(re.compile(r"\w").match, names))
    if not visible:
        return []
    return [visible[slot % len(visible)] for slot in range(parallel)]


def _prepare_child(slot: int, slots: int) -> None:
    """Restricts a new process to its cores and ties it to its parent.

    On Linux, the process is killed when its parent ends. Two simultaneous runs
    of MLP 1x512 with one core each are 1.2 times as fast as two successive
    runs on both cores, and give the same weights.
    """
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[slot::slots] or cores)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _time_fractions(jobs: Sequence[Job]) -> list[float]:
    """Returns each job's fraction of the total estimated time.

    All fractions are equal if the time of any job is unknown.
    """
    minutes = [job.estimate.minutes for job in jobs]
    known = [m for m in minutes if m is not None]
    if len(known) < len(jobs):
        known = [1.0] * len(jobs)
    return [m / sum(known) for m in known]
