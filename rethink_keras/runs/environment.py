"""Where a run took place."""

import importlib.metadata
import os
import pathlib
import platform

import keras
import tensorflow as tf

_PACKAGES = (
    "rethink_keras",
    "tensorflow",
    "keras",
    "tensorflow-datasets",
    "tensorboard",
    "numpy",
)


def device() -> str:
    """The hardware that trains, in words."""
    if keras.backend.backend() == "jax":
        import jax

        first = jax.devices()[0]
        if first.platform != "cpu":
            return f"{jax.device_count()} x {first.device_kind}"
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return f"{len(gpus)} x {details.get('device_name', 'GPU')}"
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )
    return f"CPU, {cores} core{'s' * (cores != 1)} ({_processor()})"


def _processor() -> str:
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter."""
    found = {"python": platform.python_version()}
    found["backend"] = keras.backend.backend()
    for package in _PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found
