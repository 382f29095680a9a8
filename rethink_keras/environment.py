"""Hardware and package versions of a run."""

import contextlib
import os
import pathlib
import platform
from types import ModuleType

import keras
import numpy as np
import tensorboard
import tensorflow as tf
import tensorflow_datasets as tfds

import rethink_keras

# Versions come from modules, not from package metadata: a package may be
# installed under another name (tensorflow-cpu) or not at all (source tree).
_MODULES: dict[str, ModuleType] = {
    "rethink_keras": rethink_keras,
    "tensorflow": tf,
    "keras": keras,
    "tensorflow-datasets": tfds,
    "tensorboard": tensorboard,
    "numpy": np,
}


def device(count: int | None = None) -> str:
    """Describes the hardware that trains.

    Args:
      count: number of accelerators that train; None for all of this process.
    """
    kinds = _accelerators()
    if kinds:
        return f"{count or len(kinds)} x {kinds[0]}"
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )
    return f"CPU, {cores} core{'s' * (cores != 1)} ({_processor()})"


def kind_of(device: str) -> str:
    """Returns the kind of a device, such as `CPU` or `1 x NVIDIA H200`.

    Args:
      device: a return value of `device`, perhaps of another machine.
    """
    return device.partition(",")[0]


def _accelerators() -> list[str]:
    """Returns the kind of each accelerator that the backend may use.

    Takes no memory of GPUs: it lists TPUs, which initializes all devices, only
    where no GPU is visible or a TPU is in use.
    """
    if keras.backend.backend() == "jax":
        import jax

        found = jax.devices()
        return [d.device_kind for d in found if d.platform != "cpu"]
    gpus = tf.config.get_visible_devices("GPU")
    on_tpu = isinstance(tf.distribute.get_strategy(), tf.distribute.TPUStrategy)
    if gpus and not on_tpu:
        details = map(tf.config.experimental.get_device_details, gpus)
        return [detail.get("device_name", "GPU") for detail in details]
    # TPUs are there once `find_devices` has initialized them.
    return ["TPU"] * len(tf.config.list_logical_devices("TPU"))


def _processor() -> str:
    with contextlib.suppress(OSError):
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(errors="replace")
        for line in cpuinfo.splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Returns the Keras backend and the versions of Python and packages."""
    found = {"python": platform.python_version()}
    found["backend"] = keras.backend.backend()
    modules = dict(_MODULES)
    if found["backend"] == "jax":
        import jax

        modules["jax"] = jax
    for name, module in modules.items():
        found[name] = str(getattr(module, "__version__", "unknown"))
    return found
