"""The devices that a run trains on, as a strategy of an existing engine.

A process makes a strategy once: a second one would wait for the first one's
collective operations.
"""

import contextlib
import dataclasses
import functools
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from rethink_keras.config import STRATEGIES, suggestion
from rethink_keras.errors import InputError, LostWorkerError

_OF_SEVERAL_PROCESSES = ("multi_worker", "parameter_server")
_SIMULATED = 2  # devices of a CPU under `mirrored`


@dataclasses.dataclass(frozen=True)
class Devices:
    """What trains.

    Attributes:
      strategy: its name: any of STRATEGIES but auto.
      replicas: of the network, each with a piece of every batch.
      chief: whether this process writes what the run leaves behind.
      scope: what the network, optimizer and metrics are made in.
    """

    strategy: str
    replicas: int
    chief: bool
    scope: Any

    def check_sizes(self, batch_size: int, examples: int) -> None:
        """Refuses batches that the replicas cannot share evenly.

        Raises:
          InputError: names both numbers.
        """
        if batch_size % self.replicas:
            raise InputError(
                f"batch_size={batch_size}: is not divisible by the"
                f" {self.replicas} replicas of strategy={self.strategy};"
                f" allowed are multiples of {self.replicas}"
            )
        if examples < self.replicas:
            raise InputError(
                f"train_examples={examples}: are fewer than the"
                f" {self.replicas} replicas of strategy={self.strategy};"
                " choose strategy=single"
            )

    @contextlib.contextmanager
    def heeding_others(self) -> Iterator[None]:
        """Ends with one line where another process of the run has ended.

        Raises:
          LostWorkerError: it has; the last checkpoint is intact.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if self.strategy not in _OF_SEVERAL_PROCESSES:
                raise
            reason = " ".join(error.message.split())[:200]
            raise LostWorkerError(
                f"another process of strategy={self.strategy} has ended"
                f" ({reason}); start all again with the same command: they go"
                " on from the last checkpoint"
            ) from error


def find_devices(strategy: str = "auto", tpu: str | None = None) -> Devices:
    """Makes the strategy: before any tensor is made.

    Args:
      strategy: one of STRATEGIES. `auto` follows the environment: `tpu` where
        one is named, `multi_worker` or `parameter_server` in a cluster that
        TF_CONFIG describes, `mirrored` with several accelerators, else
        `single`. On the JAX backend `mirrored` and `tpu` divide each batch
        among all its devices (`keras.distribution.DataParallel`).
      tpu: name or address of a TPU, or `local`.

    Raises:
      InputError: there are no such devices, or the backend has no such
        strategy.
    """
    if strategy not in STRATEGIES:
        raise InputError(
            f"strategy={strategy}: allowed are {', '.join(STRATEGIES)}"
            f"{suggestion(strategy, STRATEGIES)}"
        )
    if tpu is not None and strategy not in ("auto", "tpu"):
        raise InputError(
            f"tpu={tpu}: allowed with strategy=tpu alone; received"
            f" strategy={strategy}"
        )
    if keras.backend.backend() == "jax":
        return _jax_devices(strategy, tpu)
    if strategy == "auto":
        strategy = _follow_environment(tpu)
    return _tpu(tpu or "local") if strategy == "tpu" else _MAKERS[strategy]()


def _follow_environment(tpu: str | None) -> str:
    if tpu is not None:
        return "tpu"
    cluster = _cluster()
    if cluster:
        return "parameter_server" if "ps" in cluster else "multi_worker"
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return "mirrored" if several else "single"


def _cluster() -> dict[str, list[str]]:
    """The addresses of each kind of task, as TF_CONFIG tells."""
    return _environment().get("cluster", {})


def _environment() -> dict[str, Any]:
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        return dict(json.loads(text))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"TF_CONFIG={text[:80]!r}: is no JSON object ({error}); allowed is"
            ' {"cluster": {"worker": ["host:port", ...]}, "task": {"type":'
            ' "worker", "index": 0}}'
        ) from error


def _single() -> Devices:
    return Devices("single", 1, True, contextlib.nullcontext)


@functools.cache
def _mirrored() -> Devices:
    """All GPUs; without any, two logical devices of the CPU."""
    if not tf.config.list_physical_devices("GPU"):
        _divide_cpu(_SIMULATED)
    kind = tf.config.list_logical_devices("GPU") or (
        tf.config.list_logical_devices("CPU")
    )
    strategy = tf.distribute.MirroredStrategy([device.name for device in kind])
    return _of_strategy("mirrored", strategy)


def _divide_cpu(count: int) -> None:
    (cpu, *_) = tf.config.list_physical_devices("CPU")
    logical = [tf.config.LogicalDeviceConfiguration()] * count
    try:
        tf.config.set_logical_device_configuration(cpu, logical)
    except RuntimeError as error:
        raise InputError(
            "strategy=mirrored: TensorFlow has used the CPU as one device"
            " already; choose it before anything else in this process"
        ) from error


@functools.cache
def _multi_worker() -> Devices:
    _require_cluster("multi_worker", ("worker",))
    task = _environment()["task"]
    chief = task["type"] == "chief" or (
        "chief" not in _cluster() and task["index"] == 0
    )
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    return _of_strategy("multi_worker", strategy, chief)


@functools.cache
def _parameter_server() -> Devices:
    """Of the coordinator; a worker's or server's process serves, and ends
    with this call.
    """
    _require_cluster("parameter_server", ("chief", "worker", "ps"))
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if resolver.task_type in ("worker", "ps"):
        server = tf.distribute.Server(
            resolver.cluster_spec(),
            job_name=resolver.task_type,
            task_index=resolver.task_id,
            protocol="grpc",
        )
        print(f"serves as {resolver.task_type} {resolver.task_id}", flush=True)
        server.join()
    strategy = tf.distribute.ParameterServerStrategy(resolver)
    return Devices("parameter_server", 1, True, strategy.scope)


def _require_cluster(strategy: str, tasks: tuple[str, ...]) -> None:
    missing = [task for task in tasks if not _cluster().get(task)]
    if missing:
        raise InputError(
            f"strategy={strategy}: TF_CONFIG names no {', '.join(missing)};"
            f" allowed is a cluster of {', '.join(tasks)}, and in each process"
            " its own task"
        )


@functools.cache
def _tpu(name: str) -> Devices:
    """Resolves, connects and initializes."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (tf.errors.OpError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"tpu={name}: no TPU can be used ({reason}); allowed is local on"
            " a TPU's own machine, or the name of one"
        ) from error
    return _of_strategy("tpu", tf.distribute.TPUStrategy(resolver))


def _of_strategy(
    name: str, strategy: tf.distribute.Strategy, chief: bool = True
) -> Devices:
    return Devices(name, strategy.num_replicas_in_sync, chief, strategy.scope)


_MAKERS: dict[str, Callable[[], Devices]] = {
    "single": _single,
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "parameter_server": _parameter_server,
}


def _jax_devices(strategy: str, tpu: str | None) -> Devices:
    """All the devices of this process, or the first."""
    if strategy in ("multi_worker", "parameter_server"):
        raise InputError(
            f"strategy={strategy}: is of the TensorFlow backend; allowed with"
            " KERAS_BACKEND=jax are auto, single, mirrored, tpu"
        )
    devices = keras.distribution.list_devices()
    on_tpu = devices[0].startswith("tpu")
    if (strategy == "tpu" or tpu is not None) and not on_tpu:
        raise InputError(
            f"strategy=tpu: JAX sees {', '.join(devices)}; allowed is a"
            " machine with a TPU"
        )
    if strategy == "single" or len(devices) == 1:
        return _single()
    distribution = keras.distribution.DataParallel(devices=devices)
    name = "tpu" if on_tpu else "mirrored"
    return Devices(name, len(devices), True, distribution.scope)
