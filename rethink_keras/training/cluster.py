"""The cluster that the environment variable TF_CONFIG describes."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from rethink_keras.errors import InputError, one_line

_KINDS = ("chief", "worker", "ps")
_SHOWN = 80
_EXAMPLE = (
    '{"cluster": {"worker": ["host:port", ...]},'
    ' "task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster and the task of this process in it.

    Attributes:
      addresses: `host:port` of each process, by task type.
      kind: task type of this process: `chief`, `worker` or `ps`.
      index: task index of this process.
    """

    addresses: Mapping[str, list[str]]
    kind: str
    index: int

    @property
    def chief(self) -> bool:
        """Whether this process writes the results of the run."""
        first = "chief" if "chief" in self.addresses else "worker"
        return (self.kind, self.index) == (first, 0)

    @property
    def processes(self) -> int:
        """Number of processes of all types."""
        return sum(map(len, self.addresses.values()))

    def resolver(self) -> tf.distribute.cluster_resolver.ClusterResolver:
        """Returns a cluster resolver for TensorFlow's strategies."""
        return tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(dict(self.addresses)),
            task_type=self.kind,
            task_id=self.index,
            rpc_layer="grpc",
        )

    @contextlib.contextmanager
    def joining(self) -> Iterator[None]:
        """Returns a context manager in which TensorFlow starts its server.

        Raises:
          InputError: if the server cannot start at the process's address.
        """
        try:
            yield
        except (tf.errors.OpError, RuntimeError, ValueError) as error:
            address = self.addresses[self.kind][self.index]
            raise InputError(
                f"TF_CONFIG: {address} cannot be served as {self.kind}"
                f" {self.index} ({one_line(error)}); choose a free port of this"
                " machine, and start the run before anything else uses"
                " TensorFlow in this process"
            ) from error


def read_cluster() -> Cluster | None:
    """Reads TF_CONFIG.

    Returns:
      The cluster, or None if TF_CONFIG is unset or lists no processes.

    Raises:
      InputError: if TF_CONFIG is malformed.
    """
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"TF_CONFIG={text[:_SHOWN]!r}: must be JSON, such as {_EXAMPLE}"
            f" ({error})"
        ) from error
    _require(
        isinstance(content, dict), "content", content, f"such as {_EXAMPLE}"
    )
    addresses = content.get("cluster", {})
    _require(
        isinstance(addresses, dict), "cluster", addresses, f"such as {_EXAMPLE}"
    )
    if not addresses:
        return None
    for kind, of_kind in addresses.items():
        _check_kind(kind, of_kind)
    task = content.get("task")
    _require(isinstance(task, dict), "task", task, f"such as {_EXAMPLE}")
    kind = task.get("type")
    known = isinstance(kind, str) and kind in addresses
    _require(known, "task.type", kind, f"one of {', '.join(addresses)}")
    index = task.get("index")
    indices = range(len(addresses[kind]))
    _require(
        type(index) in (int, str) and str(index) in map(str, indices),
        "task.index",
        index,
        f"a whole number from 0 to {len(indices) - 1}, the index of an"
        f" address of type {kind}",
    )
    return Cluster(addresses, kind, int(index))


def _check_kind(kind: str, addresses: Any) -> None:
    """Checks a task type and the addresses of its processes."""
    _require(kind in _KINDS, "cluster", kind, f"one of {', '.join(_KINDS)}")
    good = isinstance(addresses, list) and all(map(_is_address, addresses))
    good = good and bool(addresses) and (kind != "chief" or len(addresses) == 1)
    count = "one" if kind == "chief" else "one or more"
    allowed = f'a list of {count}, such as ["host:2222"]'
    _require(good, f"cluster.{kind}", addresses, allowed)


def _is_address(value: Any) -> bool:
    """Returns whether a value is a `host:port`."""
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) < 2**16


def _require(good: bool, name: str, value: Any, allowed: str) -> None:
    if not good:
        given = json.dumps(value)[:_SHOWN]
        raise InputError(f"TF_CONFIG: {name}={given}: must be {allowed}")
