"""The network and the optimizer of a run."""

from typing import Any

import keras

from rethink_keras import models, training
from rethink_keras.config import RunConfig


def build_model(
    config: RunConfig, image_shape: tuple[int, int, int], num_classes: int
) -> keras.Model:
    """Builds the network of a run, for images [n, *image_shape]."""
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    if config.batch_norm is not None:
        options["batch_norm"] = config.batch_norm
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        return models.BUILDERS[config.model](
            input_shape=image_shape,
            classes=num_classes,
            **options,
        )
    finally:
        keras.config.set_dtype_policy(before)


def make_optimizer(
    config: RunConfig, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a run."""
    return training.sgd(
        config.learning_rate,
        decay=config.learning_rate_decay,
        momentum=config.momentum,
        epoch_steps=steps_per_epoch,
    )
