"""The network and the optimizer of a run."""

import itertools
import sys
import traceback
import weakref
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rethink_keras import models
from rethink_keras.config import MODELS, UNNAMED, RunConfig
from rethink_keras.errors import InputError, one_line
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.logits import check_logits
from rethink_keras.runs.arguments import OwnNetwork, check_overrides
from rethink_keras.runs.optimizers import copy_of

_TRAINED: weakref.WeakValueDictionary[int, keras.Variable] = (
    weakref.WeakValueDictionary()
)
"""Variables of the networks that were trained, by identity."""
_LIBRARIES = sys.stdlib_module_names | {
    "jax",
    "keras",
    "numpy",
    "rethink_keras",
    "tensorflow",
}
_DTYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}
_BUILDER = (
    "must be a function (input_shape, num_classes) that returns a keras.Model"
)
_FROM_BYTES = 0.1
"""Smaller factors than this are meant for pixels from 0 to 255."""


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
            return MODELS[config.model].load()(
                input_shape=image_shape, num_classes=num_classes, **options
            )
        takes = network.takes or {}
        taken = {
            name: value
            for name, value in options.items()
            if name in takes
            and (
                takes[name] is not UNNAMED or value != getattr(RunConfig, name)
            )
        }
        model = _built(network, image_shape, num_classes, taken)
        _check_network(
            model, network.name, image_shape, num_classes, config.center_crop
        )
        _check_inputs(model, network.name, config)
        _check_precision(model, network.name, config.precision)
        return model


def mark_trained(model: keras.Model) -> None:
    """Notes that a network is about to be trained, so that no run reuses it."""
    _TRAINED.update((id(v), v) for v in model.trainable_variables)


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
        place = _place_of(error)
        fix = f"fix {place}" if place else _BUILDER
        raise InputError(
            f"model={network.name}: cannot be built for images of shape"
            f" {image_shape} and {num_classes} classes ({one_line(error)});"
            f" {fix}"
        ) from error


def _place_of(error: Exception) -> str:
    """Returns the innermost file:line of the user's code in a traceback.

    It is empty if the error was raised when the user's code was called, or by
    a library that no code of the user's called.
    """
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in _LIBRARIES:
            place = f"{frame.f_code.co_filename}:{line}"
    return place


def _check_network(
    model: Any,
    name: str,
    image_shape: tuple[int, int, int],
    num_classes: int,
    center_crop: bool,
) -> None:
    """Calls a network once, which builds it, and checks its outputs."""
    if not isinstance(model, keras.Model):
        raise InputError(
            f"model={name}: must return a keras.Model; received a"
            f" {type(model).__name__}"
        )
    check_overrides(model, name)
    images = np.random.default_rng(0).random((2, *image_shape), "float32")
    try:
        outputs = model(images, training=False)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        crop = "; see center_crop, which crops to 28/32" if center_crop else ""
        raise InputError(
            f"model={name}: cannot be called on images of shape"
            f" {image_shape} ({one_line(error)}); must take images of the"
            f" input_shape that it is built for{crop}"
        ) from error
    shape = tuple(getattr(outputs, "shape", ()))
    if shape != (2, num_classes):
        received = f"{list(shape)}" if shape else type(outputs).__name__
        raise InputError(
            f"model={name}: must return logits [n, {num_classes}], one for each"
            f" of the {num_classes} labels in the data; received {received} for"
            " n = 2"
        )
    if not model.trainable_variables:
        raise InputError(
            f"model={name}: has no weights to train; set trainable=True for"
            " some of its layers"
        )
    if any(_TRAINED.get(id(v)) is v for v in model.trainable_variables):
        raise InputError(
            f"model={name}: has layers of an earlier run's network, which are"
            " trained; must build new ones in each call, or freeze them"
        )
    check_logits(model, name, outputs, keras.ops.convert_to_numpy(outputs))


def _check_inputs(model: keras.Model, name: str, config: RunConfig) -> None:
    """Checks that a network is meant for the images that a run gives it."""
    for tensor in getattr(model, "inputs", None) or ():
        if "int" in str(tensor.dtype):
            raise InputError(
                f"model={name}: its input is {tensor.dtype}, but a run gives it"
                " floats; drop dtype from keras.Input or, for texts and other"
                " integers, train it by model.fit on the data of"
                " rethink_keras.corrupt_labels"
            )
    for layer in itertools.takewhile(
        lambda each: not each.weights, _layers(model)
    ):
        if not isinstance(layer, keras.layers.Rescaling):
            continue
        standard = "standardized" if config.standardize else ""
        if standard or np.max(np.abs(layer.scale)) < _FROM_BYTES:
            raise InputError(
                f"model={name}: rescales its images by {layer.scale}, but they"
                f" are {standard or 'scaled to 0 to 1'} already; drop the"
                " Rescaling"
            )


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a network and of networks in it, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _check_precision(model: keras.Model, name: str, precision: str) -> None:
    """Checks that a network computes in the precision of its run."""
    layers = [
        layer
        for layer in model._flatten_layers()
        if layer.weights and not layer._layers
    ]
    dtypes = {str(layer.compute_dtype) for layer in layers or [model]}
    expected = _DTYPES[precision]
    if expected not in dtypes or dtypes - {expected, "float32"}:
        raise InputError(
            f"precision={precision}: model={name} computes in"
            f" {' and '.join(sorted(dtypes))}; pass a function (input_shape,"
            " num_classes) that builds it, whose layers have no dtype"
        )


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
