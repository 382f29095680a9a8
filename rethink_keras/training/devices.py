"""Devices that a run trains on, chosen by a distribution strategy."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from rethink_keras.config import STRATEGIES, check_choice
from rethink_keras.errors import InputError, LostWorkerError, one_line
from rethink_keras.files import RESUME_ADVICE
from rethink_keras.training.cluster import Cluster, read_cluster

_MULTI_PROCESS = ("multi_worker", "parameter_server")
_LOGICAL_CPUS = 2  # devices of `mirrored` on a machine without GPUs


@dataclasses.dataclass(frozen=True)
class Devices:
    """Devices of a run.

    Attributes:
      strategy: name of the strategy: one of STRATEGIES except `auto`.
      replicas: number of replicas; each receives a shard of every batch.
      chief: whether this process writes the results of the run.
      scope: returns a context manager in which to create the model, optimizer
        and metrics.
    """

    strategy: str
    replicas: int
    chief: bool
    scope: Any

    def check_sizes(self, batch_size: int, examples: int) -> None:
        """Checks that batches divide evenly among the replicas.

        Args:
          batch_size: number of examples in a batch.
          examples: number of training examples.

        Raises:
          InputError: if they do not, or if there are fewer training examples
            than replicas.
        """
        if batch_size % self.replicas:
            raise InputError(
                f"batch_size={batch_size}: must be a multiple of"
                f" {self.replicas}, the replicas of strategy={self.strategy}"
            )
        if examples < self.replicas:
            raise InputError(
                f"train_examples={examples}: must be at least"
                f" {self.replicas}, the replicas of strategy={self.strategy};"
                " choose strategy=single"
            )

    def check_progress(self, epoch: int, step: int) -> None:
        """Checks that all processes of `multi_worker` begin at one step.

        Args:
          epoch: number of epochs that this process has completed.
          step: number of steps completed in the current epoch.

        Raises:
          InputError: if some have restored another checkpoint than others.
        """
        if self.strategy != "multi_worker":
            return
        with self.scope():
            strategy = tf.distribute.get_strategy()

            @tf.function(autograph=False)
            def gathered():
                here = strategy.run(lambda: tf.constant([[epoch, step]]))
                return strategy.gather(here, axis=0)

            found = {tuple(row) for row in gathered().numpy().tolist()}
        if len(found) > 1:
            steps = ", ".join(f"epoch {e} step {s}" for e, s in sorted(found))
            raise InputError(
                f"strategy=multi_worker: the processes would begin after"
                f" {steps}; workdir must be a directory that all machines share"
            )

    @contextlib.contextmanager
    def worker_failures_as_errors(
        self, resume_advice: str = RESUME_ADVICE
    ) -> Iterator[None]:
        """Converts TensorFlow's errors about lost processes.

        Args:
          resume_advice: how to resume the run, for the error message.

        Raises:
          LostWorkerError: if another process of the run has ended. The last
            checkpoint is intact.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if self.strategy not in _MULTI_PROCESS or _is_own(error):
                raise
            raise LostWorkerError(
                f"another process of strategy={self.strategy} has ended"
                f" ({one_line(error)}); on all machines, {resume_advice} from"
                " the last checkpoint"
            ) from error


def _is_own(error: tf.errors.OpError) -> bool:
    """Returns whether an error is that of a step, not of a lost process.

    Errors of other processes abort the collective operations of this one.
    """
    kinds = tf.errors.ResourceExhaustedError, tf.errors.InvalidArgumentError
    aborted = "Collective ops is aborted" in error.message
    return isinstance(error, kinds) and not aborted


def find_devices(strategy: str = "auto", tpu: str | None = None) -> Devices:
    """Returns the devices of a strategy, and initializes them.

    Call it before anything else creates a tensor.

    Args:
      strategy: one of STRATEGIES. `auto` selects `tpu` if `tpu` is given;
        `multi_worker` or `parameter_server` if TF_CONFIG describes a cluster;
        `mirrored` if several GPUs are visible; otherwise `single`. On the JAX
        backend, `mirrored` and `tpu` divide each batch among all devices
        (`keras.distribution.DataParallel`).
      tpu: name or address of a TPU, or `local`; only `local` on JAX.

    Raises:
      InputError: if the devices do not exist, or the backend does not support
        the strategy.
    """
    check_choice("strategy", strategy, STRATEGIES)
    if tpu is not None and strategy not in ("auto", "tpu"):
        raise InputError(
            f"tpu={tpu}: requires strategy=tpu; received strategy={strategy}"
        )
    if keras.backend.backend() == "jax":
        return _jax_devices(strategy, tpu)
    if strategy == "auto":
        strategy = _follow_environment(tpu)
    return _tpu(tpu or "local") if strategy == "tpu" else _MAKERS[strategy]()


def _follow_environment(tpu: str | None) -> str:
    if tpu is not None:
        return "tpu"
    cluster = read_cluster()
    if cluster:
        servers = "ps" in cluster.addresses
        return "parameter_server" if servers else "multi_worker"
    several = len(tf.config.get_visible_devices("GPU")) > 1
    return "mirrored" if several else "single"


def _single() -> Devices:
    return Devices("single", 1, True, contextlib.nullcontext)


# The functions below are cached so that a process creates each strategy once:
# a second one would wait for the first one's collective operations.


@functools.cache
def _mirrored() -> Devices:
    """Returns all visible GPUs or, without any, two logical CPU devices."""
    if not tf.config.get_visible_devices("GPU"):
        _divide_cpu(_LOGICAL_CPUS)
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
            "strategy=mirrored: TensorFlow has already used the CPU as one"
            " device; start the run, or call"
            " rethink_keras.training.find_devices('mirrored'), before anything"
            " else uses TensorFlow in this process, such as an optimizer"
        ) from error


@functools.cache
def _multi_worker() -> Devices:
    cluster = _require_cluster("multi_worker", ("chief", "worker"))
    with cluster.joining():
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster.resolver())
    return _of_strategy("multi_worker", strategy, cluster.chief)


@functools.cache
def _parameter_server() -> Devices:
    """Returns the coordinator's devices; other processes never return.

    A worker or parameter server serves until the process ends.
    """
    cluster = _require_cluster(
        "parameter_server", ("chief",), ("worker",), ("ps",)
    )
    resolver = cluster.resolver()
    if cluster.kind != "chief":
        with cluster.joining():
            server = tf.distribute.Server(
                resolver.cluster_spec(),
                job_name=cluster.kind,
                task_index=cluster.index,
                protocol="grpc",
            )
        print(f"serving as {cluster.kind} {cluster.index}", flush=True)
        server.join()
    with cluster.joining():
        strategy = tf.distribute.ParameterServerStrategy(resolver)
    return Devices("parameter_server", 1, True, strategy.scope)


def _require_cluster(strategy: str, *kinds: tuple[str, ...]) -> Cluster:
    """Reads TF_CONFIG, which must have a task type of each tuple."""
    cluster = read_cluster()
    there = set(cluster.addresses) if cluster else set()
    missing = [" or ".join(any_of) for any_of in kinds if not there & {*any_of}]
    if cluster is None or missing:
        raise InputError(
            f"strategy={strategy}: TF_CONFIG names no {', '.join(missing)};"
            f" list the addresses of {', '.join(map(' or '.join, kinds))}, and"
            " give each process its own task"
        )
    return cluster


@functools.cache
def _tpu(name: str) -> Devices:
    """Connects to a TPU and initializes it."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (tf.errors.OpError, ValueError, OSError) as error:
        raise InputError(
            f"tpu={name}: must be the name of a TPU, or local on a machine"
            f" with a TPU; no TPU can be used ({one_line(error)})"
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
    """Returns all devices of this process or, for `single`, the first."""
    if strategy in ("multi_worker", "parameter_server"):
        raise InputError(
            f"strategy={strategy}: must be one of auto, single, mirrored, tpu"
            " with KERAS_BACKEND=jax; or set KERAS_BACKEND=tensorflow"
        )
    cluster = read_cluster()
    if strategy == "auto" and cluster and cluster.processes > 1:
        raise InputError(
            f"strategy=auto: TF_CONFIG lists {cluster.processes} processes,"
            " which JAX does not join; unset it, choose strategy=single, or"
            " set KERAS_BACKEND=tensorflow"
        )
    if tpu not in (None, "local"):
        raise InputError(
            f"tpu={tpu}: must be local with KERAS_BACKEND=jax; run on the"
            " machine of the TPU, or set KERAS_BACKEND=tensorflow"
        )
    devices = keras.distribution.list_devices()
    on_tpu = devices[0].startswith("tpu")
    if (strategy == "tpu" or tpu is not None) and not on_tpu:
        raise InputError(
            f"strategy=tpu: JAX finds no TPU, only {', '.join(devices)}; run"
            " on a machine with a TPU, or choose another strategy"
        )
    if strategy == "single" or len(devices) == 1:
        return _single()
    distribution = keras.distribution.DataParallel(devices=devices)
    name = "tpu" if on_tpu else "mirrored"
    return Devices(name, len(devices), True, distribution.scope)
