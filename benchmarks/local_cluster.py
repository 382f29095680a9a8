"""TF_CONFIG for the processes of a cluster on one machine."""

import contextlib
import json
import socket
from collections.abc import Mapping


def environments(
    tasks: Mapping[str, int],
) -> dict[tuple[str, int], dict[str, str]]:
    """Returns the environment variables of each process of a local cluster.

    Args:
      tasks: number of processes of each task type.

    Returns:
      The variables to add to each process's environment, by task type and
      index. Types keep their order; within a type, index 0 comes last.
    """
    with contextlib.ExitStack() as listeners:
        cluster = {
            kind: [_address(listeners) for _ in range(count)]
            for kind, count in tasks.items()
        }
    return {
        (kind, index): {
            "TF_CONFIG": json.dumps(
                {"cluster": cluster, "task": {"type": kind, "index": index}}
            )
        }
        for kind, count in tasks.items()
        for index in reversed(range(count))
    }


def _address(listeners: contextlib.ExitStack) -> str:
    """Returns a free loopback address, reserved until the stack closes."""
    listener = listeners.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    return f"127.0.0.1:{listener.getsockname()[1]}"
