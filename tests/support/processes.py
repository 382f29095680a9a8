"""Starts runs in separate processes and reads their results."""

import dataclasses
import json
import os
import subprocess
import sys
import time

import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from rethink_keras.results import read_learning
from tests.support.tried import TRIED
from tests.support.warm import Forked


def command_of(path, *flags):
    main = (sys.executable, "-m", "rethink_keras.main", f"--workdir={path}")
    return (*main, "--checkpoint_minutes=0", *flags)


def finish(command, timeout: float = 300, **options):
    """Runs a command and waits for it to end."""
    TRIED["processes"] += 1
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, **options
    )


def fork(*command, **options) -> Forked:
    """Forks a program: a module or script, and its arguments."""
    TRIED["processes"] += 1
    return Forked(*map(str, command), **options)


def finish_forked(*command, timeout: float = 300, **options):
    """Forks a program and waits for it to end, like `finish`."""
    process = fork(*command, **options)
    output, errors = process.communicate(timeout)
    return subprocess.CompletedProcess(
        process.args, process.returncode, output, errors
    )


def execute(path, *flags, **options):
    """Forks a run and waits for it to end."""
    return finish_forked(*command_of(path, *flags)[2:], **options)


def start(path, *flags, **options) -> Forked:
    """Forks a run."""
    return fork(*command_of(path, *flags)[2:], **options)


def kill(process) -> bool:
    """Kills a run; returns whether it was still running."""
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
    """Returns the name of a run's last checkpoint; empty if it has none."""
    names = (p.name for p in (path / "checkpoints").glob("step-*.npz"))
    return max(names, default="")


def result_of(path) -> dict:
    """Returns the content of result.json without times."""
    result = json.loads((path / "result.json").read_text())
    for name in ("wall_seconds", "images_per_second"):
        del result[name]
    del result["history"]["seconds"]
    return result


def learning_of(path) -> dict[str, list]:
    """Returns when a run learned and forgot each training example."""
    return dataclasses.asdict(
        read_learning(path),
        dict_factory=lambda fields: {k: v.tolist() for k, v in fields},
    )


def scalars(path, tag: str) -> list[tuple[int, float]]:
    """Returns the (step, value) of each point of a tag in a directory."""
    events = EventAccumulator(str(path), size_guidance={"tensors": 0}).Reload()
    return [
        (point.step, tf.make_ndarray(point.tensor_proto).item())
        for point in events.Tensors(tag)
    ]


def points_of(path) -> dict[str, list]:
    """Returns all points that TensorBoard shows of a run, except speeds."""
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


def die(*arguments) -> None:
    """Ends the process as the system does when memory runs out."""
    del arguments
    os._exit(9)
