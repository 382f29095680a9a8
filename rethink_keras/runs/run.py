"""One run: trains a network on randomized data and writes the result."""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from rethink_keras import training
from rethink_keras.config import RunConfig
from rethink_keras.errors import DivergenceError, InputError
from rethink_keras.models.keras_settings import STANDARD, keras_settings
from rethink_keras.results import Predictions
from rethink_keras.runs import environment, summary
from rethink_keras.runs.directory import RunDirectory
from rethink_keras.runs.inputs import Inputs, make_inputs
from rethink_keras.runs.network import build_model, make_optimizer
from rethink_keras.runs.outcome import summarize
from rethink_keras.runs.tensorboard import TensorBoardWriter

RESUME = ("auto", "never", "must")


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

    Seeds Python, NumPy and Keras with `config.seed`. If the work directory
    already holds the finished run, returns its result. An interrupted run
    resumes from its last checkpoint; its weights and TensorBoard points are
    bitwise equal to those of an uninterrupted run.

    Args:
      config: config of the run.
      workdir: directory for all files of the run (default:
        `tensorboard_logs/<dataset>/<model>/<differences>/seed=N`).
      overwrite: whether to repeat a finished or interrupted run from the
        start.
      resume: `auto` resumes if there is a checkpoint, `must` requires a
        checkpoint, and `never` starts from the beginning.
      checkpoint_minutes: maximum time between checkpoints within an epoch. A
        checkpoint is also written after each epoch, unless this would take
        more than 2 % of the time.
      strategy: distribution strategy; see `training.find_devices`. The batches
        do not depend on the number of devices.
      tpu: name of a TPU, or `local`.
      verbose: whether to print the config, the progress and the result.

    Returns:
      The content of result.json.

    Raises:
      InputError: if the data, an option or the work directory cannot be used.
      DivergenceError: if the loss is infinite or NaN.
      LostWorkerError: if another process of a distributed run has ended. The
        last checkpoint is kept.
      InterruptedRunError: if SIGINT or SIGTERM stopped the run. A checkpoint
        is saved first.

    Example:
      >>> result = run(RunConfig(randomize="labels", epochs=10))
      >>> result["train_accuracy"], result["test_accuracy"]
    """
    _check_arguments(resume, checkpoint_minutes)
    say = print if verbose else _silent
    directory = RunDirectory(config, workdir)
    result = None if overwrite else directory.finished()
    if result is not None:
        say(
            f"{directory.path} already holds a finished run; use the option"
            " overwrite to repeat it"
        )
        say(summary.conclusion(result, directory.path))
        return result
    devices = training.find_devices(strategy, tpu)
    begun = time.monotonic()
    inputs = make_inputs(config, devices.strategy)
    devices.check_sizes(config.batch_size, inputs.num_train_examples)
    with (
        training.Interruption() as interruption,
        devices.worker_failures_as_errors(),
    ):
        checkpoints = training.Checkpoints(
            directory.checkpoints,
            run={"config": config.as_dict(), "fingerprint": inputs.fingerprint},
            minutes=checkpoint_minutes,
            begun=begun,
        )
        with devices.scope():
            trainer = _make_trainer(
                config,
                inputs,
                checkpoints if devices.chief else None,
                interruption,
            )
        resumed = False
        if resume != "never" and not overwrite:
            found = _find_checkpoint(directory, checkpoints, resume, inputs)
            if found is not None:
                trainer.restore(found)
                resumed = True
        if not devices.chief:
            return _train_and_evaluate(config, inputs, trainer, [])[0]
        with _opened(directory, checkpoints, resumed):
            result = _train_in(
                directory, config, inputs, trainer, checkpoints, devices, say
            )
    say(summary.conclusion(result, directory.path))
    return result


def _check_arguments(resume: str, checkpoint_minutes: float) -> None:
    if resume not in RESUME:
        raise InputError(f"resume={resume}: allowed are {', '.join(RESUME)}")
    if not 0 <= checkpoint_minutes < math.inf:
        raise InputError(
            f"checkpoint_minutes={checkpoint_minutes}: must be a finite number"
            " of at least 0"
        )


@contextlib.contextmanager
def _opened(
    directory: RunDirectory,
    checkpoints: training.Checkpoints,
    resumed: bool,
) -> Iterator[None]:
    """Locks the run directory; keeps checkpoints if the run can be resumed."""
    directory.open()
    try:
        if not resumed:
            checkpoints.clear()
        yield
        checkpoints.clear()
    except DivergenceError:
        checkpoints.clear()
        raise
    finally:
        directory.close()


def _find_checkpoint(
    directory: RunDirectory,
    checkpoints: training.Checkpoints,
    resume: str,
    inputs: Inputs,
) -> training.Checkpoint | None:
    """Returns the checkpoint to resume from, or None if there is none.

    Raises:
      InputError: if the checkpoint has other options or data, or if there is
        none and `resume` is `must`.
    """
    checkpoint = checkpoints.latest()
    if checkpoint is None:
        if resume == "must":
            raise InputError(
                f"resume=must: {directory.path} holds no checkpoint; choose"
                " another workdir, or resume=auto"
            )
        return None
    directory.check_config(checkpoint.run["config"])
    if checkpoint.run["fingerprint"] != inputs.fingerprint:
        raise InputError(
            f"workdir={directory.path}: its checkpoint was trained on other"
            f" data (fingerprint {checkpoint.run['fingerprint'][:16]}, now"
            f" {inputs.fingerprint[:16]}); choose another directory, or pass"
            " overwrite=True"
        )
    return checkpoint


def _make_trainer(
    config: RunConfig,
    inputs: Inputs,
    checkpoints: training.Checkpoints | None,
    interruption: training.Interruption,
) -> training.Trainer:
    """Seeds all generators; builds the network of a run and its trainer."""
    keras.utils.set_random_seed(config.seed)
    return training.Trainer(
        build_model(config, inputs.image_shape, inputs.num_classes),
        make_optimizer(config, inputs.steps_per_epoch),
        epochs=config.epochs,
        steps_per_epoch=inputs.steps_per_epoch,
        checkpoints=checkpoints,
        interruption=interruption,
    )


def _train_in(
    directory: RunDirectory,
    config: RunConfig,
    inputs: Inputs,
    trainer: training.Trainer,
    checkpoints: training.Checkpoints,
    devices: training.Devices,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Trains and evaluates, writes all files and returns the result."""
    writer = TensorBoardWriter(
        directory.path,
        config,
        inputs.num_train_examples,
        trainer.steps_per_epoch,
    )
    subjects = summary.describe(config, trainer.model, inputs, directory.path)
    say(summary.subjects_as_text(subjects))
    writer.write_text("run", summary.subjects_as_markdown(subjects))
    progress = trainer.progress
    if progress.epoch or progress.step:
        writer.write_history(progress.history)
        say(f"resuming after epoch {progress.epoch}, step {progress.step}")
    device, versions = environment.device(), environment.versions()
    callbacks: list[keras.callbacks.Callback] = [writer]
    if say is print:
        callbacks.append(training.ProgressLines())
    try:
        measured, predictions = _train_and_evaluate(
            config, inputs, trainer, callbacks
        )
        statistics = trainer.steps.statistics.variables
        result = {
            "config": config.as_dict(),
            "parameters": summary.parameters(trainer.model),
            "classes": inputs.num_classes,
            **measured,
            "batch_norm_statistics": "recomputed" if statistics else None,
            "wall_seconds": checkpoints.elapsed,
            "device": device,
            "strategy": devices.strategy,
            "replicas": devices.replicas,
            "versions": versions,
            "fingerprint": inputs.fingerprint,
            "weights": training.fingerprint_of(trainer.model),
        }
        directory.write_learned(trainer.model, predictions)
        _write(result, directory, writer)
    finally:
        writer.close()
    return result


def _write(
    result: dict[str, Any],
    directory: RunDirectory,
    writer: TensorBoardWriter,
) -> None:
    """Writes the final metrics; writes result.json even if that fails."""
    try:
        writer.write_result(result)
    finally:
        directory.write_result(result)


def _train_and_evaluate(
    config: RunConfig,
    inputs: Inputs,
    trainer: training.Trainer,
    callbacks: Sequence[keras.callbacks.Callback],
) -> tuple[dict[str, Any], dict[str, Predictions]]:
    """Trains for the remaining epochs and evaluates both splits.

    Returns:
      The measured part of the result and the predictions for each split.
    """
    if config.stop_at_loss is not None:
        callbacks = [*callbacks, training.StopAtLoss(config.stop_at_loss)]
    splits = {"train": inputs.train_set, "test": inputs.test_set}
    with inputs.reading():
        history = trainer.train(
            inputs.training_batches(trainer.progress),
            splits["test"],
            callbacks,
        )
        evaluated = {
            split: trainer.evaluate_examples(batches)
            for split, batches in splits.items()
        }
    measured = summarize(
        config,
        history,
        trainer.steps_per_epoch,
        inputs.num_train_examples,
        evaluated["train"][0],
    )
    return measured, {
        split: Predictions(inputs.positions[split], **rows)
        for split, (_, rows) in evaluated.items()
    }


def _silent(text: str) -> None:
    del text
