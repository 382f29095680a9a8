"""Processes of a run on several, on the loopback interface."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping

from processes import TRIED

Processes = Mapping[tuple[str, int], subprocess.Popen]


@contextlib.contextmanager
def started(tasks: Mapping[str, int], *flags: str) -> Iterator[Processes]:
    """Starts a run's processes, each with its TF_CONFIG; kills what is left.

    Args:
      tasks: how many processes of each type.
      *flags: of `rethink_keras.main`.
    """
    cluster = {
        kind: [f"127.0.0.1:{free_port()}" for _ in range(count)]
        for kind, count in tasks.items()
    }
    with contextlib.ExitStack() as stack:
        processes = {}
        for kind, count in tasks.items():
            for index in range(count):
                task = {"type": kind, "index": index}
                config = {"cluster": cluster, "task": task}
                process = subprocess.Popen(
                    [sys.executable, "-m", "rethink_keras.main", *flags],
                    env={**os.environ, "TF_CONFIG": json.dumps(config)},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                stack.enter_context(process)  # waits for it at the end
                stack.callback(process.kill)
                TRIED["processes"] += 1
                processes[kind, index] = process
        yield processes


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
