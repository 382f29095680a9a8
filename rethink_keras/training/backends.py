"""The factory of steps: one implementation for each Keras backend."""

import keras

from rethink_keras.errors import InputError
from rethink_keras.training.steps import Steps


def make_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Steps:
    """Compiled steps for Keras's backend and the devices at hand.

    XLA compiles a step into one program, which is right on accelerators; on
    CPUs it would replace the faster convolutions of oneDNN.

    Args:
      model: returns logits.
      optimizer: not built yet.

    Raises:
      InputError: Keras runs on another backend.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from rethink_keras.training import tensorflow_steps

        return tensorflow_steps.make(model, optimizer)
    if backend == "jax":
        from rethink_keras.training.jax_steps import JaxSteps

        return JaxSteps(model, optimizer)
    raise InputError(
        f"the backend {backend} cannot train: allowed for KERAS_BACKEND are"
        " tensorflow and jax"
    )
