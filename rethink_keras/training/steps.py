"""Compiled training and prediction steps, for each Keras backend."""

from collections.abc import Iterator
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from rethink_keras.training.meters import Meters


class Steps(Protocol):
    """Compiled steps of one model: the only code that knows the backend."""

    meters: Meters

    def iterator(self, dataset: tf.data.Dataset) -> Iterator:
        """What `train` takes batches from.

        Args:
          dataset: of (images, targets, labels, true_labels).
        """

    def train(self, batches: Iterator, steps: int) -> None:
        """Takes `steps` batches and updates weights and meters."""

    def examine(
        self, images: tf.Tensor, labels: tf.Tensor, true_labels: tf.Tensor
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Predicts a batch in inference mode.

        Returns:
          For each example the predicted class, the cross-entropy against its
          label and against its true label.
        """


def make_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Steps:
    """Compiled steps for Keras's backend and the device at hand.

    XLA compiles a step into one program, which is right on accelerators; on
    CPUs it would replace the faster convolutions of oneDNN.

    Args:
      model: returns logits.
      optimizer: not built yet.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from rethink_keras.training.tensorflow_steps import TensorFlowSteps

        return TensorFlowSteps(
            model, optimizer, compile_with_xla=_has_accelerator()
        )
    if backend == "jax":
        from rethink_keras.training.jax_steps import JaxSteps

        return JaxSteps(model, optimizer)
    raise NotImplementedError(
        f"KERAS_BACKEND={backend}: allowed are tensorflow and jax"
    )


def _has_accelerator() -> bool:
    devices = tf.config.list_logical_devices()
    return any(device.device_type != "CPU" for device in devices)
