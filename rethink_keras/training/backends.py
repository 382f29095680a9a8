"""Factory of `Steps`, with one implementation per Keras backend."""

import keras

from rethink_keras.config import BACKENDS
from rethink_keras.errors import InputError
from rethink_keras.training.steps import Steps


def make_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Steps:
    """Returns compiled steps for the current backend and strategy.

    Args:
      model: model that returns logits.
      optimizer: optimizer that is not built yet.

    Raises:
      InputError: if the backend is neither TensorFlow nor JAX.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from rethink_keras.training import tensorflow_steps

        return tensorflow_steps.make(model, optimizer)
    if backend == "jax":
        from rethink_keras.training.jax_steps import JaxSteps

        return JaxSteps(model, optimizer)
    raise InputError(
        f"KERAS_BACKEND={backend}: must be one of {', '.join(BACKENDS)}"
    )
