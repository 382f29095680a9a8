"""Text that describes a run and its result."""

import os
import shlex
from typing import Any

import keras

from rethink_keras.config import RunConfig
from rethink_keras.results.markdown import markdown_table
from rethink_keras.results.metrics import (
    FITTED_ACCURACY,
    chance_of,
    clearly_above,
)
from rethink_keras.results.names import RUNS, names_of
from rethink_keras.runs.directory import DEFAULT_ROOT, RunDirectory
from rethink_keras.runs.inputs import Inputs

_RANDOMIZATIONS = {
    "none": "none: true images, true labels",
    "labels": "labels: each label is random with probability {p:g}",
    "shuffled_pixels": "shuffled pixels: one permutation for all images",
    "random_pixels": "random pixels: a different permutation for each image",
    "gaussian": "gaussian: images of Gaussian noise, true labels",
}
_CONCLUSIONS = {
    "none": "the network fits the training set",
    "labels": "the network memorized the random labels",
    "shuffled_pixels": "the network fits images with shuffled pixels",
    "random_pixels": "the network memorized images without structure",
    "gaussian": "the network memorized noise",
}


def parameters(model: keras.Model) -> int:
    """Counts trainable parameters ("# params" in the paper's tables)."""
    return sum(int(keras.ops.size(v)) for v in model.trainable_variables)


def describe(
    directory: RunDirectory,
    model: keras.Model,
    inputs: Inputs,
    device: str,
) -> dict[str, str]:
    """Describes a run before it starts.

    Args:
      directory: work directory of the run.
      model: the network.
      inputs: inputs of the run.
      device: the hardware that trains.

    Returns:
      A text for each subject, such as `data`, `model` and `device`.
    """
    config = directory.config
    names = names_of(config, directory.given)
    name = names["model"] if names["model"] != config.model else model.name
    height, width, channels = inputs.image_shape
    randomization = _RANDOMIZATIONS[config.randomize]
    return {
        "data": (
            f"{names['dataset']}: {inputs.num_train_examples:,} training and"
            f" {inputs.num_test_examples:,} test images,"
            f" {inputs.num_classes} classes"
        ),
        "randomize": randomization.format(p=config.label_corruption),
        "fingerprint": f"SHA-256 {inputs.fingerprint[:16]}",
        "model": (
            f"{name}: {parameters(model):,} parameters, input"
            f" {height} x {width} x {channels}"
        ),
        "training": (
            f"{config.epochs} epochs, batches of {config.batch_size},"
            f" {_optimizer_in_words(config, names)}, {config.precision}"
        ),
        "device": device,
        "logs": str(directory.path),
    }


def _optimizer_in_words(config: RunConfig, names: dict[str, str]) -> str:
    return names.get("optimizer") or (
        f"SGD at {config.learning_rate:g} times {config.learning_rate_decay:g}"
        " per epoch"
    )


def subjects_as_text(subjects: dict[str, str]) -> str:
    """Formats the texts of `describe` for a terminal."""
    width = max(map(len, subjects))
    return "\n".join(f"{k:{width}}  {text}" for k, text in subjects.items())


def subjects_as_markdown(subjects: dict[str, str]) -> str:
    """Formats the texts of `describe` as a table for TensorBoard."""
    return markdown_table(("", ""), subjects.items())


def conclusion(result: dict[str, Any], path: os.PathLike | str) -> str:
    """Returns one line: a run's accuracies, what they show, where to look.

    Args:
      result: content of result.json.
      path: work directory of the run.
    """
    kind, chance = result["config"]["randomize"], chance_of(result)
    held_out = result["config"].get("validation_examples")
    split = "held-out" if held_out else "test"
    # With few random labels, others can hide that none of them is fitted.
    key = "train_accuracy_corrupted"
    if kind == "labels" and result.get(key) is None:
        kind = "none"
    shown = _CONCLUSIONS[kind]
    unfitted = ""
    if result["train_accuracy"] < FITTED_ACCURACY:
        unfitted = "the training set"
    elif kind == "labels" and result[key] < FITTED_ACCURACY:
        unfitted = "the random labels"
    if unfitted:
        shown = (
            f"the network does not fit {unfitted}; try more epochs and a"
            " slower decay of the learning rate"
        )
    elif kind == "none" and result["test_accuracy"] > clearly_above(chance):
        shown += " and generalizes"
    runs = f"{DEFAULT_ROOT}/{RUNS}"
    logdir = runs if str(path).startswith(f"{runs}/") else path
    return (
        f"training accuracy {result['train_accuracy']:.2%}, {split} accuracy"
        f" {result['test_accuracy']:.2%} (chance {chance:.2%}):"
        f" {shown}; see tensorboard --logdir {shlex.quote(str(logdir))}"
    )
