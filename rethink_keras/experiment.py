"""One run, end to end: data, randomization, model, training, result."""

import dataclasses
import math
import os
import statistics
import time
from typing import Any

import keras
import numpy as np

from rethink_keras import (
    data,
    models,
    pipeline,
    randomization,
    results,
    training,
)
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError

FIT_LOSS = 0.05
# Histories that tell clean from corrupted labels, or classes, apart.
MEMORIZATION = (
    "accuracy_clean",
    "accuracy_corrupted",
    "corrupted_as_true",
    "test_accuracy_by_class",
)


@dataclasses.dataclass(frozen=True)
class Task:
    """The data of a run, randomized.

    Attributes:
      train: training examples as loaded: labels randomized, images not.
      train_crops: with the centre crops, randomized.
      test_crops: the test examples, likewise; or, of a run that chooses
        hyperparameters, the held-out training examples.
      randomization: what was applied.
      fingerprint: SHA-256 of the randomized labels and pixels.
    """

    train: data.Examples
    train_crops: data.Examples
    test_crops: data.Examples
    randomization: randomization.Randomization
    fingerprint: str


def run(
    config: RunConfig,
    workdir: os.PathLike | str | None = None,
    *,
    overwrite: bool = False,
    verbose: bool = True,
) -> dict[str, Any]:
    """Trains one network on one randomization of one data set.

    Seeds Python, NumPy and Keras with `config.seed`. A run that has finished
    in the work directory is not run again.

    Args:
      config: the run.
      workdir: where everything is written; None for
        `tensorboard_logs/<dataset>/<model>/<differences>/seed=N`.
      overwrite: whether to run again what has finished.
      verbose: whether to print what runs and how it goes.

    Returns:
      The content of result.json.

    Raises:
      InputError: the data, the options or the work directory cannot be used.
      DivergenceError: the loss became infinite or not a number.

    Example:
      >>> result = run(RunConfig(randomize="labels", epochs=10))
      >>> result["train_accuracy"], result["test_accuracy"]
    """
    directory = results.RunDirectory(config, workdir)
    say = print if verbose else _silent
    if not overwrite:
        result = directory.finished()
        if result is not None:
            say(f"finished already in {directory.path}; --overwrite repeats it")
            say(results.conclusion(result, directory.path))
            return result
    begun = time.perf_counter()
    task = make_task(config)
    keras.utils.set_random_seed(config.seed)
    model = build_model(config, task)
    directory.open()
    writer = results.TensorBoardWriter(directory.path, config, len(task.train))
    subjects = results.describe(
        config,
        model,
        train_examples=len(task.train),
        test_examples=len(task.test_crops),
        classes=task.randomization.classes,
        fingerprint=task.fingerprint,
        path=directory.path,
    )
    say(results.as_block(subjects))
    writer.write_text("run", results.as_markdown(subjects))
    try:
        measured = _train(config, task, model, writer, verbose)
        result = {
            "config": config.as_dict(),
            "parameters": results.parameters(model),
            "classes": task.randomization.classes,
            **measured,
            "wall_seconds": time.perf_counter() - begun,
            "device": results.device(),
            "versions": results.versions(),
            "fingerprint": task.fingerprint,
        }
        writer.write_result(result)
    finally:
        writer.close()
    directory.write_result(result)
    say(results.conclusion(result, directory.path))
    return result


def make_task(config: RunConfig) -> Task:
    """Loads the data of a run and randomizes them.

    Raises:
      InputError: the data cannot be read, or do not suit the options.
    """
    loaded = data.load(config.dataset, config.data_dir, config.image_size)
    height, width = loaded.train.images.shape[1:3]
    if config.random_crop and min(height, width) < 28:
        raise InputError(
            f"random_crop=true: needs images of 28 x 28 or more; those of"
            f" {config.dataset} are {height} x {width}"
        )
    random = make_randomization(config, loaded)
    train, test = loaded.train, loaded.test
    if config.validation_examples is not None:
        train, test = randomization.hold_out(
            train,
            config.validation_examples,
            classes=loaded.classes,
            seed=config.seed,
        )
    if config.train_examples is not None:
        train = randomization.balanced_subset(
            train,
            config.train_examples,
            classes=loaded.classes,
            seed=config.seed,
        )
    train_crops = pipeline.randomize(train, random)
    test_crops = pipeline.randomize(test, random)
    return Task(
        train=dataclasses.replace(train, labels=train_crops.labels),
        train_crops=train_crops,
        test_crops=test_crops,
        randomization=random,
        fingerprint=randomization.fingerprint(train_crops, test_crops),
    )


def make_randomization(
    config: RunConfig, loaded: data.ImageClassification
) -> randomization.Randomization:
    """The randomization of a run.

    Gaussian noise matches the whole training set's mean and deviation of each
    channel, over the pixels of the centre crops.
    """
    mean: tuple[float, ...] = ()
    stddev: tuple[float, ...] = ()
    if config.randomize == "gaussian":
        mean, stddev = pipeline.channel_moments(loaded.train.images)
    return randomization.Randomization(
        config.randomize,
        classes=loaded.classes,
        seed=config.seed,
        label_corruption=config.label_corruption,
        mean=mean,
        stddev=stddev,
    )


def build_model(config: RunConfig, task: Task) -> keras.Model:
    """The network of a run, for the images of its task."""
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    for name in ("batch_norm", "batch_norm_momentum"):
        if getattr(config, name) is not None:
            options[name] = getattr(config, name)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        return models.BUILDERS[config.model](
            input_shape=task.train_crops.images.shape[1:],
            classes=task.randomization.classes,
            **options,
        )
    finally:
        keras.config.set_dtype_policy(before)


def _train(
    config: RunConfig,
    task: Task,
    model: keras.Model,
    writer: results.TensorBoardWriter,
    verbose: bool,
) -> dict[str, Any]:
    """Trains and evaluates; returns what result.json says of it."""
    train = pipeline.whitened(task.train_crops)
    test_batches = pipeline.evaluation_batches(
        pipeline.whitened(task.test_crops)
    )
    epoch_steps = math.ceil(len(train) / config.batch_size)
    callbacks: list[keras.callbacks.Callback] = [writer]
    if verbose:
        callbacks.append(training.Progress())
    if config.stop_at_loss is not None:
        callbacks.append(training.StopAtLoss(config.stop_at_loss))
    steps, history = training.train(
        model,
        training.sgd(
            config.learning_rate,
            decay=config.learning_rate_decay,
            momentum=config.momentum,
            epoch_steps=epoch_steps,
        ),
        training_batches(config, task, train),
        epochs=range(config.epochs),
        epoch_steps=epoch_steps,
        test_batches=test_batches,
        callbacks=callbacks,
    )
    final = training.evaluate(steps, pipeline.evaluation_batches(train))
    return summarize(config, history, epoch_steps, len(train), final)


def training_batches(config: RunConfig, task: Task, whitened: data.Examples):
    """The training batches of a whole run; see `pipeline.training_batches`."""
    examples, augment = whitened, None
    if config.random_crop or config.augment:
        examples = task.train if config.random_crop else task.train_crops
        augment = pipeline.augmentation(
            task.randomization,
            crop=config.random_crop,
            flip_and_rotate=config.augment,
            seed=config.seed,
        )
    regularize = pipeline.regularization(
        classes=task.randomization.classes,
        cutout=config.cutout,
        mixup=config.mixup,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )
    return pipeline.training_batches(
        examples,
        batch_size=config.batch_size,
        seed=config.seed,
        epochs=range(config.epochs),
        augment=augment,
        regularize=regularize,
    )


def summarize(
    config: RunConfig,
    history: dict[str, list[float]],
    epoch_steps: int,
    examples: int,
    final: training.Evaluation,
) -> dict[str, Any]:
    """The measured part of result.json; accuracies are fractions of 1."""
    corrupted = config.randomize == "labels"
    history = dict(history)
    if not corrupted:
        del history["test_accuracy_corrupted"]
    if not config.partly_corrupted:
        for name in MEMORIZATION:
            del history[name]
    losses = np.array(history["loss"])
    fitted = np.flatnonzero(losses < FIT_LOSS)
    return {
        "epochs": len(losses),
        "steps": len(losses) * epoch_steps,
        "train_loss": final.loss,
        "train_accuracy": final.accuracy,
        "train_accuracy_clean": final.accuracy_clean,
        "train_accuracy_corrupted": final.accuracy_corrupted,
        "test_loss": history["test_loss"][-1],
        "test_accuracy": history["test_accuracy"][-1],
        "test_accuracy_corrupted": (
            history["test_accuracy_corrupted"][-1] if corrupted else None
        ),
        "best_test_accuracy": max(history["test_accuracy"]),
        "epochs_to_fit": int(fitted[0]) + 1 if len(fitted) else None,
        "images_per_second": examples / statistics.median(history["seconds"]),
        "history": history,
    }


def _silent(text: str) -> None:
    del text
