"""Images and labels as a finished run gave them to its network."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rethink_keras import pipeline, randomization
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.runs.arguments import resolve
from rethink_keras.runs.in_memory import InMemoryInputs, check_scale


def prepare(result: Mapping[str, Any], images: Any) -> np.ndarray:
    """Prepares images as a run prepared them; see `RunResult.inputs`.

    Args:
      result: content of result.json.
      images: see `RunResult.inputs`.
    """
    config = _in_memory(result)
    if config.randomize in ("random_pixels", "gaussian"):
        raise InputError(
            f"randomize={config.randomize}: the run changed the pixels of"
            " each image depending on its position in the data set; new"
            " images have none"
        )
    images = np.asarray(images)
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise InputError(
            "images: must be uint8, or floats from 0 to 1; received"
            f" {images.dtype}"
        )
    if images.ndim not in (3, 4):
        raise InputError(
            "images: must be [n, height, width, channels] or [n, height,"
            f" width]; received {list(images.shape)}"
        )
    if images.ndim == 3:
        images = images[..., None]
    _check_size(images, result)
    check_scale("images", images, config)
    if config.center_crop:
        images = pipeline.centre_crop(images)
    if config.randomize == "shuffled_pixels":
        images = randomization.shuffle_pixels(images, seed=config.seed)
    return pipeline.converter(config.standardize)(images).numpy()


def load_inputs(result: Mapping[str, Any], data: Any) -> InMemoryInputs:
    """Loads and randomizes the data of a run again.

    Args:
      result: content of result.json.
      data: see `RunResult.dataset`.

    Raises:
      InputError: the run streamed its images, or had data of one's own, which
        are missing.
    """
    config = _in_memory(result)
    if data is None and "data" in (result.get("given") or {}):
        raise InputError(
            "data: the run had data of your own; pass data=((x, y), (x_test,"
            " y_test))"
        )
    arguments = resolve(
        config, model=None, data=data, optimizer=None, callbacks=()
    )
    own = arguments.data
    examples = None if own is None else own.examples
    return InMemoryInputs.load(arguments.config, examples)


def _in_memory(result: Mapping[str, Any]) -> RunConfig:
    config = RunConfig.from_dict(result["config"])
    if config.streams:
        raise InputError(
            f"image_size={config.image_size}: the run read and resized"
            " images from disk; see rethink_keras.pipeline.Preprocessing"
        )
    return config


def _check_size(images: np.ndarray, result: Mapping[str, Any]) -> None:
    """Checks the size of images, for a run with data of one's own."""
    given = (result.get("given") or {}).get("data", {})
    trained = given.get("train_shape", images.shape)
    if list(images.shape[1:]) != list(trained[1:]):
        raise InputError(
            f"images: must be of the run's size, {trained[1:]}; received"
            f" {list(images.shape[1:])}"
        )
