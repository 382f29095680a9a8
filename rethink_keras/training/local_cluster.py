"""The processes of a cluster on the loopback interface, as TF_CONFIG tells."""

import contextlib
import json
import socket
from collections.abc import Mapping


def environments(
    tasks: Mapping[str, int],
) -> dict[tuple[str, int], dict[str, str]]:
    """What each process adds to its environment, by its type and index.

    Args:
      tasks: how many processes of each type.

    Returns:
      In the order of types; of a type, index 0 comes last.
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
    """One that nothing listens on, another than those of the same stack."""
    listener = listeners.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    return f"127.0.0.1:{listener.getsockname()[1]}"
