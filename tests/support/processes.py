"""Real runs in processes of their own, and a count of what was tried."""

import collections
import json
import subprocess
import sys
import time

import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

TRIED: collections.Counter[str] = collections.Counter()
"""Processes, kills and bad inputs of this session, for its summary."""


def command_of(path, *flags):
    main = (sys.executable, "-m", "rethink_keras.main", f"--workdir={path}")
    return (*main, "--checkpoint_minutes=0", *flags)


def finish(command, timeout: float = 300, **options):
    """Runs a command to its end."""
    TRIED["processes"] += 1
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, **options
    )


def execute(path, *flags, **options):
    return finish(command_of(path, *flags), **options)


def start(path, *flags):
    TRIED["processes"] += 1
    return subprocess.Popen(
        command_of(path, *flags),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill(process) -> bool:
    """Kills a run; whether it had not ended before."""
    process.kill()
    process.communicate()
    killed = process.returncode < 0
    TRIED["kills"] += killed
    return killed


def wait_for(condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def newest(path) -> str:
    """The name of a run's last checkpoint; empty where there is none."""
    names = (p.name for p in (path / "checkpoints").glob("step-*.npz"))
    return max(names, default="")


def result_of(path) -> dict:
    """The content of result.json, times aside."""
    result = json.loads((path / "result.json").read_text())
    for name in ("wall_seconds", "images_per_second"):
        del result[name]
    del result["history"]["seconds"]
    return result


def points_of(path) -> dict[str, list]:
    """All that TensorBoard shows of a run, speeds aside."""
    points = {}
    for split in ("train", "test", "."):
        events = EventAccumulator(str(path / split), {"tensors": 0}).Reload()
        for tag in events.Tags()["tensors"]:
            if tag != "images_per_second" and not tag.startswith("run"):
                points[split, tag] = [
                    (p.step, tf.make_ndarray(p.tensor_proto).tolist())
                    for p in events.Tensors(tag)
                ]
    return points
