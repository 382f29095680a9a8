"""What a run is and what it showed, for the person at the terminal."""

import os
import shlex
from typing import Any

import keras

from rethink_keras.config import RunConfig
from rethink_keras.results.markdown import markdown_table
from rethink_keras.results.metrics import FITTED_ACCURACY
from rethink_keras.runs.directory import DEFAULT_ROOT
from rethink_keras.runs.environment import device
from rethink_keras.runs.inputs import Inputs

_RANDOMIZATIONS = {
    "none": "none: true images, true labels",
    "labels": "labels: each random with probability {p:g}",
    "shuffled_pixels": "shuffled pixels: one permutation for all images",
    "random_pixels": "random pixels: a permutation for each image",
    "gaussian": "gaussian: noise for images, true labels",
}
_MEANINGS = {
    "none": "it fits the training set, and generalizes",
    "labels": "it memorized the random labels",
    "shuffled_pixels": "it fits images whose pixels are out of place",
    "random_pixels": "it memorized images without structure",
    "gaussian": "it memorized noise",
}


def parameters(model: keras.Model) -> int:
    """Trainable parameters: what the paper's tables call "# params"."""
    return sum(int(keras.ops.size(v)) for v in model.trainable_variables)


def describe(
    config: RunConfig,
    model: keras.Model,
    inputs: Inputs,
    path: os.PathLike | str,
) -> dict[str, str]:
    """Returns what will run, as texts by subject."""
    height, width, channels = model.input_shape[1:]
    randomization = _RANDOMIZATIONS[config.randomize]
    return {
        "data": (
            f"{config.dataset}: {inputs.num_train_examples:,} training and"
            f" {inputs.num_test_examples:,} test images,"
            f" {inputs.num_classes} classes"
        ),
        "randomize": randomization.format(p=config.label_corruption),
        "fingerprint": f"SHA-256 {inputs.fingerprint[:16]}",
        "model": (
            f"{model.name}: {parameters(model):,} parameters, input"
            f" {height} x {width} x {channels}"
        ),
        "training": (
            f"{config.epochs} epochs, batches of {config.batch_size}, SGD at"
            f" {config.learning_rate:g} times {config.learning_rate_decay:g}"
            f" an epoch, {config.precision}"
        ),
        "device": device(),
        "logs": str(path),
    }


def subjects_as_text(subjects: dict[str, str]) -> str:
    """Subjects and texts, for a terminal."""
    width = max(map(len, subjects))
    return "\n".join(f"{k:{width}}  {text}" for k, text in subjects.items())


def subjects_as_markdown(subjects: dict[str, str]) -> str:
    """Subjects and texts as a table, for TensorBoard."""
    return markdown_table(("", ""), subjects.items())


def conclusion(result: dict[str, Any], path: os.PathLike | str) -> str:
    """The accuracies of a run, what they show, and how to see more."""
    kind = result["config"]["randomize"]
    meaning = _MEANINGS[kind]
    if result["train_accuracy"] < FITTED_ACCURACY:
        meaning = "the training set is not fitted; try more --epochs"
    inside = str(path).startswith(f"{DEFAULT_ROOT}/")
    logdir = DEFAULT_ROOT if inside else path
    return (
        f"training accuracy {result['train_accuracy']:.2%}, test accuracy"
        f" {result['test_accuracy']:.2%} (chance {1 / result['classes']:.2%}):"
        f" {meaning}; see tensorboard --logdir {shlex.quote(str(logdir))}"
    )
