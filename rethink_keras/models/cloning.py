"""Copies of networks with new weights."""

import keras


def clone(model: keras.Model) -> keras.Model:
    """Returns a network of the same architecture with new weights.

    The copy is not compiled, so that a loss or metric of one's own, which
    Keras could not find again, does not matter.

    Args:
      model: a functional or sequential network, or another that
        `keras.models.clone_model` takes.
    """
    compiled, model.compiled = model.compiled, False
    try:
        return keras.models.clone_model(model)
    finally:
        model.compiled = compiled
