"""Measures the training speed of networks in each precision."""

import concurrent.futures
import dataclasses
import multiprocessing
import time
from collections.abc import Iterable, Mapping

import numpy as np
import psutil
import tensorflow as tf

from rethink_keras.config import PRECISIONS, RunConfig
from rethink_keras.errors import InputError, one_line

_BATCHES = 2  # of random images
_SECONDS = 2.0
_MIN_STEPS = 3
_BUSY_PERCENT = 15
_CLASSES = {True: 1000, False: 10}  # ImageNet (streamed) and CIFAR-10
_SIDE = 28  # height and width of CIFAR-10's crops


@dataclasses.dataclass(frozen=True)
class Network:
    """Options that determine a run's speed on a given machine.

    Attributes:
      model: name of the network.
      batch_norm: whether it has BatchNorm; None if this is not an option.
      image_size: height and width of streamed images; None for images in
        memory.
      batch_size: number of examples in a training step.
    """

    model: str
    batch_norm: bool | None
    image_size: int | None
    batch_size: int


Speeds = Mapping[Network, Mapping[str, float]]


def network_of(config: RunConfig) -> Network:
    """Returns the network of a run."""
    fields = (field.name for field in dataclasses.fields(Network))
    return Network(**{name: getattr(config, name) for name in fields})


def measure_speeds(networks: Iterable[Network]) -> Speeds:
    """Times a few training steps of each network in each precision.

    Runs in a new process, so that no device memory stays in use. Prints the
    speeds, and a warning if other programs use the CPU.

    Returns:
      Images per second, by network and precision.

    Raises:
      InputError: a network cannot be trained here.
    """
    busy = psutil.cpu_percent(interval=0.5)
    if busy > _BUSY_PERCENT:
        print(
            f"# warning: other programs use {busy:.0f} % of the CPU; the"
            " measured speeds are too low and their order may be wrong",
            flush=True,
        )
    speeds: dict[Network, dict[str, float]] = {}
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        for network in networks:
            found = {
                precision: pool.submit(images_per_second, network, precision)
                for precision in PRECISIONS
            }
            try:
                speeds[network] = {
                    precision: future.result()
                    for precision, future in found.items()
                }
            except (RuntimeError, tf.errors.OpError) as error:
                raise InputError(
                    f"precision=fastest: {network.model} could not be timed"
                    f" ({one_line(error)}), perhaps for want of memory; pass"
                    f" one of {', '.join(PRECISIONS)}"
                ) from error
            print(_line(network, speeds[network]), flush=True)
    return speeds


def fastest(speeds: Mapping[str, float]) -> str:
    """Returns the precision with the highest speed."""
    return max(speeds, key=lambda precision: speeds[precision])


def _line(network: Network, speeds: Mapping[str, float]) -> str:
    without = " without BatchNorm" if network.batch_norm is False else ""
    listed = ", ".join(f"{p} {speed:,.0f}" for p, speed in speeds.items())
    return (
        f"# {network.model}{without}: images/s: {listed};"
        f" {fastest(speeds)} is faster"
    )


def images_per_second(network: Network, precision: str) -> float:
    """Measures the speed of a network's training step on random images."""
    from rethink_keras import data, pipeline, runs, training

    config = RunConfig(**dataclasses.asdict(network), precision=precision)
    side = network.image_size or _SIDE
    num_classes = _CLASSES[config.streams]
    count = _BATCHES * network.batch_size
    random = np.random.default_rng(0)
    labels = random.integers(0, num_classes, count).astype("int32")
    examples = data.Examples(
        images=random.normal(size=(count, side, side, 3)).astype("float32"),
        labels=labels,
        true_labels=labels,
        ids=np.arange(count),
    )
    trainer = training.Trainer(
        runs.build_model(config, (side, side, 3), num_classes),
        runs.make_optimizer(config, _BATCHES),
        epochs=1,
        steps_per_epoch=_BATCHES,
    )
    steps = trainer.steps
    batches = steps.iterator(
        pipeline.TrainingBatches(
            examples,
            batch_size=network.batch_size,
            seed=0,
            epochs=range(10**6),
        )
    )
    steps.train(batches, 1)  # compiles
    done, begun = 0, time.perf_counter()
    while done < _MIN_STEPS or time.perf_counter() - begun < _SECONDS:
        num_steps = max(done, 1)
        steps.train(batches, num_steps)
        steps.metrics.result()  # waits for the device
        done += num_steps
    return done * network.batch_size / (time.perf_counter() - begun)
