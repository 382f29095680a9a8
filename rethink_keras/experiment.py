"""One run, end to end: data, randomization, model, training, result."""

import contextlib
import math
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from rethink_keras import parts, results, tasks, training
from rethink_keras.config import RunConfig
from rethink_keras.errors import DivergenceError, InputError
from rethink_keras.keras_settings import STANDARD, keras_settings

RESUME = ("auto", "never", "must")
FIT_LOSS = 0.05
# Histories that tell clean from corrupted labels, or classes, apart.
MEMORIZATION = (
    "accuracy_clean",
    "accuracy_corrupted",
    "corrupted_as_true",
    "test_accuracy_by_class",
)


@keras_settings(**STANDARD)
def run(
    config: RunConfig,
    workdir: os.PathLike | str | None = None,
    *,
    overwrite: bool = False,
    resume: str = "auto",
    checkpoint_minutes: float = 10.0,
    strategy: str = "auto",
    tpu: str | None = None,
    verbose: bool = True,
) -> dict[str, Any]:
    """Trains one network on one randomization of one data set.

    Seeds Python, NumPy and Keras with `config.seed`. A run that has finished
    in the work directory is not run again. One that was cut off goes on from
    its last checkpoint and ends as if it had not been: with the same weights,
    to the bit, and the same points in TensorBoard.

    Args:
      config: the run.
      workdir: where everything is written; None for
        `tensorboard_logs/<dataset>/<model>/<differences>/seed=N`.
      overwrite: whether to run again what has finished or begun.
      resume: `auto` goes on where there is a checkpoint, `must` requires one,
        `never` starts anew.
      checkpoint_minutes: a checkpoint is written after each epoch, unless it
        would take 2 % of the time, and within an epoch after so many minutes.
      strategy: what trains, as in `training.find_devices`; the batches are
        the same whatever the number of devices.
      tpu: name of a TPU, or `local`.
      verbose: whether to print what runs and how it goes.

    Returns:
      The content of result.json.

    Raises:
      InputError: the data, the options or the work directory cannot be used.
      DivergenceError: the loss became infinite or not a number.
      LostWorkerError: another process of a run on several has ended; the last
        checkpoint is kept.
      InterruptedRunError: SIGINT or SIGTERM came; the run is saved.

    Example:
      >>> result = run(RunConfig(randomize="labels", epochs=10))
      >>> result["train_accuracy"], result["test_accuracy"]
    """
    if resume not in RESUME:
        raise InputError(f"resume={resume}: allowed are {', '.join(RESUME)}")
    if not 0 <= checkpoint_minutes < math.inf:
        raise InputError(
            f"checkpoint_minutes={checkpoint_minutes}: allowed is a number"
            " from 0"
        )
    directory = results.RunDirectory(config, workdir)
    say = print if verbose else _silent
    if not overwrite:
        result = directory.finished()
        if result is not None:
            say(f"finished already in {directory.path}; --overwrite repeats it")
            say(results.conclusion(result, directory.path))
            return result
    devices = training.find_devices(strategy, tpu)
    begun = time.monotonic()
    task = _find_task(config, devices)
    devices.check_sizes(config.batch_size, task.train_examples)
    with training.Interruption() as interruption, devices.heeding_others():
        checkpoints = training.Checkpoints(
            directory.checkpoints,
            run={"config": config.as_dict(), "fingerprint": task.fingerprint},
            minutes=checkpoint_minutes,
            begun=begun,
        )
        with devices.scope():
            trainer = _make_trainer(
                config,
                task,
                checkpoints if devices.chief else None,
                interruption,
            )
        anew = resume == "never" or overwrite
        if not anew:
            anew = not _restore(trainer, directory, checkpoints, resume, task)
        if not devices.chief:
            return _measure(config, task, trainer, [])[0]
        with _opened(directory, checkpoints, anew):
            result = _run_in(
                directory, config, task, trainer, checkpoints, devices, verbose
            )
    say(results.conclusion(result, directory.path))
    return result


def _find_task(
    config: RunConfig, devices: training.Devices
) -> tasks.Task | tasks.StreamedTask:
    """The data of a run: streamed with an image size, else in memory."""
    if not config.streams:
        return tasks.make_task(config)
    if devices.strategy == "parameter_server":
        raise InputError(
            "strategy=parameter_server: allowed with images in memory alone;"
            f" received image_size={config.image_size}, with which they stream"
        )
    return tasks.make_streamed_task(config)


@contextlib.contextmanager
def _opened(
    directory: results.RunDirectory,
    checkpoints: training.Checkpoints,
    anew: bool,
) -> Iterator[None]:
    """Keeps others out; leaves checkpoints where the run can go on alone."""
    directory.open()
    try:
        if anew:
            checkpoints.clear()
        yield
        checkpoints.clear()
    except DivergenceError:
        checkpoints.clear()
        raise
    finally:
        directory.close()


def _restore(
    trainer: training.Trainer,
    directory: results.RunDirectory,
    checkpoints: training.Checkpoints,
    resume: str,
    task: tasks.Task | tasks.StreamedTask,
) -> bool:
    """Goes on from a checkpoint; whether there is one."""
    checkpoint = _find_checkpoint(directory, checkpoints, resume, task)
    if checkpoint is None:
        return False
    trainer.restore(checkpoint)
    return True


def _find_checkpoint(
    directory: results.RunDirectory,
    checkpoints: training.Checkpoints,
    resume: str,
    task: tasks.Task | tasks.StreamedTask,
) -> training.Checkpoint | None:
    """The checkpoint to go on from, of the same options and data."""
    checkpoint = checkpoints.latest()
    if checkpoint is None:
        if resume == "must":
            raise InputError(
                f"resume=must: {directory.path} holds no checkpoint; choose"
                " another --workdir, or --resume=auto"
            )
        return None
    directory.check_config(checkpoint.run["config"])
    if checkpoint.run["fingerprint"] != task.fingerprint:
        raise InputError(
            f"workdir={directory.path}: its checkpoint saw other data"
            f" (fingerprint {checkpoint.run['fingerprint'][:16]}, now"
            f" {task.fingerprint[:16]}); choose another, or overwrite"
        )
    return checkpoint


def _make_trainer(
    config: RunConfig,
    task: tasks.Task | tasks.StreamedTask,
    checkpoints: training.Checkpoints | None,
    interruption: training.Interruption,
) -> training.Trainer:
    """The network of a run, with what trains it."""
    keras.utils.set_random_seed(config.seed)
    epoch_steps = task.epoch_steps(config.batch_size)
    return training.Trainer(
        parts.build_model(config, task.image_shape, task.randomization.classes),
        parts.make_optimizer(config, epoch_steps),
        epochs=config.epochs,
        epoch_steps=epoch_steps,
        checkpoints=checkpoints,
        interruption=interruption,
    )


def _run_in(
    directory: results.RunDirectory,
    config: RunConfig,
    task: tasks.Task | tasks.StreamedTask,
    trainer: training.Trainer,
    checkpoints: training.Checkpoints,
    devices: training.Devices,
    verbose: bool,
) -> dict[str, Any]:
    """Trains what is left, writing to an open directory; returns the result."""
    say = print if verbose else _silent
    writer = results.TensorBoardWriter(
        directory.path, config, task.train_examples, trainer.epoch_steps
    )
    subjects = results.describe(
        config,
        trainer.model,
        train_examples=task.train_examples,
        test_examples=task.test_examples,
        classes=task.randomization.classes,
        fingerprint=task.fingerprint,
        path=directory.path,
    )
    say(results.as_block(subjects))
    writer.write_text("run", results.as_markdown(subjects))
    progress = trainer.progress
    if progress.epoch or progress.step:
        writer.write_history(progress.history)
        say(f"goes on after epoch {progress.epoch}, step {progress.step}")
    device, versions = results.device(), results.versions()
    callbacks: list[keras.callbacks.Callback] = [writer]
    if verbose:
        callbacks.append(training.ProgressLines())
    try:
        measured, predictions = _measure(config, task, trainer, callbacks)
        result = {
            "config": config.as_dict(),
            "parameters": results.parameters(trainer.model),
            "classes": task.randomization.classes,
            **measured,
            "batch_norm_statistics": (
                "recomputed" if trainer.steps.statistics.variables else None
            ),
            "wall_seconds": checkpoints.elapsed,
            "device": device,
            "strategy": devices.strategy,
            "replicas": devices.replicas,
            "versions": versions,
            "fingerprint": task.fingerprint,
            "weights": training.fingerprint_of(trainer.model),
        }
        directory.write_learned(trainer.model, predictions)
        _write(result, directory, writer)
    finally:
        writer.close()
    return result


def _write(
    result: dict[str, Any],
    directory: results.RunDirectory,
    writer: results.TensorBoardWriter,
) -> None:
    """Writes result.json even if TensorBoard's final metrics cannot be."""
    try:
        writer.write_result(result)
    finally:
        directory.write_result(result)


def _measure(
    config: RunConfig,
    task: tasks.Task | tasks.StreamedTask,
    trainer: training.Trainer,
    callbacks: Sequence[keras.callbacks.Callback],
) -> tuple[dict[str, Any], dict[str, results.Predictions]]:
    """Trains what is left and evaluates.

    Returns:
      The measured part of the result, and the predictions for each split.
    """
    batches = parts.make_batches(config, task, trainer.progress)
    if config.stop_at_loss is not None:
        callbacks = [*callbacks, training.StopAtLoss(config.stop_at_loss)]
    with task.naming_damage():
        history = trainer.train(batches.to_train, batches.test_set, callbacks)
        final, on_train = trainer.evaluate_examples(batches.train_set)
        _, on_test = trainer.evaluate_examples(batches.test_set)
    examples = task.train_examples
    measured = summarize(config, history, trainer.epoch_steps, examples, final)
    return measured, {
        "train": results.Predictions(task.positions["train"], **on_train),
        "test": results.Predictions(task.positions["test"], **on_test),
    }


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
    top5 = history["test_top5_accuracy"]
    if top5[-1] is None:
        del history["test_top5_accuracy"]
    losses = np.array(history["loss"])
    fitted = np.flatnonzero(losses < FIT_LOSS)
    return {
        "epochs": len(losses),
        "steps": len(losses) * epoch_steps,
        "train_loss": final.loss,
        "train_accuracy": final.accuracy,
        "train_top5_accuracy": final.top5_accuracy,
        "train_accuracy_clean": final.accuracy_clean,
        "train_accuracy_corrupted": final.accuracy_corrupted,
        "test_loss": history["test_loss"][-1],
        "test_accuracy": history["test_accuracy"][-1],
        "test_accuracy_corrupted": (
            history["test_accuracy_corrupted"][-1] if corrupted else None
        ),
        "test_top5_accuracy": top5[-1],
        "best_test_accuracy": max(history["test_accuracy"]),
        "best_test_top5_accuracy": None if top5[-1] is None else max(top5),
        "epochs_to_fit": int(fitted[0]) + 1 if len(fitted) else None,
        "images_per_second": examples / statistics.median(history["seconds"]),
        "history": history,
    }


def _silent(text: str) -> None:
    del text
