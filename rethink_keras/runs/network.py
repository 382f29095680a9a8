"""The network and the optimizer of a run."""

from typing import Any

import keras

from rethink_keras import models, training
from rethink_keras.config import RunConfig
from rethink_keras.models.keras_settings import STANDARD, keras_settings


def build_model(
    config: RunConfig, image_shape: tuple[int, int, int], num_classes: int
) -> keras.Model:
    """Builds the network of a run.

    Args:
      config: config of the run.
      image_shape: (height, width, channels) of the images.
      num_classes: number of classes.

    Returns:
      A model from images [n, *image_shape] to logits [n, num_classes].
    """
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    if config.batch_norm is not None:
        options["batch_norm"] = config.batch_norm
    with keras_settings(**{**STANDARD, "dtype_policy": config.precision}):
        return models.BUILDERS[config.model](
            input_shape=image_shape,
            num_classes=num_classes,
            **options,
        )


def make_optimizer(
    config: RunConfig, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a run."""
    return training.sgd(
        config.learning_rate,
        decay=config.learning_rate_decay,
        momentum=config.momentum,
        steps_per_epoch=steps_per_epoch,
    )
