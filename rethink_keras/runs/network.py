"""The network and the optimizer of a run."""

import pathlib
import tempfile
import weakref
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rethink_keras import models
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError, one_line
from rethink_keras.models.keras_settings import STANDARD, keras_settings
from rethink_keras.runs.arguments import OwnNetwork
from rethink_keras.runs.optimizers import copy_of

_BUILT: weakref.WeakSet[keras.Model] = weakref.WeakSet()


def build_model(
    config: RunConfig,
    image_shape: tuple[int, int, int],
    num_classes: int,
    network: OwnNetwork | None = None,
) -> keras.Model:
    """Builds the network of a run.

    Args:
      config: config of the run.
      image_shape: (height, width, channels) of the images.
      num_classes: number of classes.
      network: a network of one's own; None for `config.model`.

    Returns:
      A model from images [n, *image_shape] to logits [n, num_classes].

    Raises:
      InputError: a network of one's own does not take the images or does not
        return logits.
    """
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    if config.batch_norm is not None:
        options["batch_norm"] = config.batch_norm
    with keras_settings(**{**STANDARD, "dtype_policy": config.precision}):
        if network is None:
            return models.BUILDERS[config.model](
                input_shape=image_shape, num_classes=num_classes, **options
            )
        taken = {k: v for k, v in options.items() if k in (network.takes or ())}
        model = _built(network, image_shape, num_classes, taken)
        _check_network(model, network.name, image_shape, num_classes)
        _BUILT.add(model)
        return model


def _built(
    network: OwnNetwork,
    image_shape: tuple[int, int, int],
    num_classes: int,
    options: dict[str, Any],
) -> keras.Model:
    """Calls the builder of a network."""
    try:
        return network.build(image_shape, num_classes, **options)
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(
            f"model={network.name}: cannot be built for images of shape"
            f" {image_shape} and {num_classes} classes ({one_line(error)});"
            " must be a function (input_shape, num_classes) that returns a"
            " keras.Model"
        ) from error


def _check_network(
    model: Any,
    name: str,
    image_shape: tuple[int, int, int],
    num_classes: int,
) -> None:
    """Calls a network once, which builds it, and checks its outputs."""
    if not isinstance(model, keras.Model):
        raise InputError(
            f"model={name}: must return a keras.Model; received a"
            f" {type(model).__name__}"
        )
    for method in ("train_step", "compute_loss"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise InputError(
                f"model={name}: overrides {method}, which a run does not call;"
                " train it by model.fit on the data of rethink_keras.randomize"
            )
    if model in _BUILT:
        raise InputError(
            f"model={name}: returned the network of an earlier run, which is"
            " trained; must build a new one in each call"
        )
    images = np.random.default_rng(0).random((2, *image_shape), "float32")
    try:
        outputs = model(images, training=False)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise InputError(
            f"model={name}: cannot be called on images of shape"
            f" {image_shape} ({one_line(error)}); see center_crop, which crops"
            " to 28/32"
        ) from error
    shape = tuple(getattr(outputs, "shape", ()))
    if shape != (2, num_classes):
        received = f"{list(shape)}" if shape else type(outputs).__name__
        raise InputError(
            f"model={name}: must return logits [n, {num_classes}]; received"
            f" {received} for n = 2"
        )
    values = keras.ops.convert_to_numpy(outputs).astype("float64")
    sums_to_one = np.allclose(values.sum(axis=1), 1, atol=1e-2)
    if sums_to_one and (values >= 0).all():
        raise InputError(
            f"model={name}: must return logits; received probabilities; drop"
            " the softmax at its end"
        )


def check_saving(model: keras.Model, name: str) -> None:
    """Checks that a network can be saved and loaded, before it is trained.

    Args:
      model: a network of one's own.
      name: its name.

    Raises:
      InputError: it cannot.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "model.keras")
        try:
            model.save(path)
            keras.saving.load_model(path)
        except Exception as error:  # Keras raises many types
            raise InputError(
                f"model={name}: cannot be saved and loaded ({one_line(error)});"
                " decorate its classes with"
                " keras.saving.register_keras_serializable(), or pass"
                " save_model=False"
            ) from error


def make_optimizer(
    config: RunConfig,
    steps_per_epoch: int,
    given: keras.optimizers.Optimizer | None = None,
) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a run, which is not built yet.

    Args:
      config: config of the run.
      steps_per_epoch: number of batches in an epoch.
      given: optimizer to copy; None for SGD as in the config.
    """
    if given is not None:
        return copy_of(given)
    return models.sgd(
        config.learning_rate,
        decay=config.learning_rate_decay,
        momentum=config.momentum,
        steps_per_epoch=steps_per_epoch,
    )
