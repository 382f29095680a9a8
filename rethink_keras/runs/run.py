"""One run: trains a network on randomized data and writes the result."""

import dataclasses
import math
import numbers
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from rethink_keras import training
from rethink_keras.config import PRECISIONS, RESUME, RunConfig, check_choice
from rethink_keras.data.folders import find_folder
from rethink_keras.errors import InputError
from rethink_keras.files import RESUME_ADVICE
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.runs.arguments import (
    Arguments,
    check_compilation,
    resolve,
)
from rethink_keras.runs.directory import RunDirectory
from rethink_keras.runs.identity import given_record
from rethink_keras.runs.inputs import Inputs, counts_of, make_inputs
from rethink_keras.runs.network import build_model, mark_trained
from rethink_keras.runs.optimizers import check_replicas
from rethink_keras.runs.result import RunResult, check_data
from rethink_keras.runs.saving import check_saving
from rethink_keras.runs.session import Session, earlier_result


def run(
    config: RunConfig,
    workdir: os.PathLike | str | None = None,
    *,
    model: keras.Model | Callable[..., keras.Model] | str | None = None,
    data: Any = None,
    optimizer: keras.optimizers.Optimizer | str | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    save_model: bool = True,
    overwrite: bool = False,
    resume: str = "auto",
    checkpoint_minutes: float = 10.0,
    strategy: str = "auto",
    tpu: str | None = None,
    verbose: bool = True,
) -> RunResult:
    """Trains one network on one randomization of one data set.

    Seeds Python, NumPy and Keras with `config.seed`. If the work directory
    already holds the finished run, returns its result; for an image folder,
    only if the folder still holds the same data. An interrupted run
    resumes from its last checkpoint; its weights and TensorBoard points are
    bitwise equal to those of an uninterrupted run, if random layers of one's
    own draw from a `keras.random.SeedGenerator` that is their attribute.

    Args:
      config: config of the run.
      workdir: directory for all files of the run (default:
        `tensorboard_logs/runs/<name>`; see `results.run_name`).
      model: a function (input_shape, num_classes) that builds the network; a
        `keras.Model`, whose copy gets new weights, except for frozen layers,
        adapted Normalization and layers without trainable weights; or the
        name of a registered network, whose defaults replace options that
        `config` leaves at those of its own network. The network takes images
        and returns logits. None for `config.model`. The function may take the
        options `weight_decay` and `dropout`; to take `batch_norm`, register it
        with `register_model(..., batch_norm=True)`. Weights depend on
        `config.seed`.
      data: `((x, y), (x_test, y_test))`, arrays or a pair of
        `tf.data.Dataset`s of (image, label); see `data.from_arrays`. Or the
        name of a data set or the path of an image folder. None for
        `config.dataset`.
      optimizer: an optimizer or its Keras name, which replaces
        `learning_rate`, `learning_rate_decay` and `momentum`. None for SGD.
      callbacks: Keras callbacks, as for `fit`. They see the training set and,
        as `val_loss` and `val_accuracy`, held-out training images
        (`config.validation_examples`), but never the test set. They do not
        tell a run from others.
      save_model: whether to write `model.keras`.
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
      The content of result.json, with the trained network and its predictions.

    Raises:
      InputError: if the network, the data, an option, Keras's global dtype
        policy or the work directory cannot be used.
      DivergenceError: if the loss is infinite or NaN.
      LostWorkerError: if another process of a distributed run has ended. The
        last checkpoint is kept.
      InterruptedRunError: if SIGINT or SIGTERM stopped the run. A checkpoint
        is saved first.

    Example:
      >>> result = run(RunConfig(randomize="labels", epochs=10))
      >>> result["train_accuracy"], result["test_accuracy"]
      >>> run(RunConfig(epochs=10), model=build, data=((x, y), (x2, y2)))
    """
    _check_arguments(resume, checkpoint_minutes, overwrite)
    if model is not None and not isinstance(model, str):
        _check_dtype_policy(config)
    with keras_settings(**STANDARD):
        if optimizer is not None:  # its variables would fix the devices
            training.find_devices(strategy, tpu)
        arguments = resolve(
            config,
            model=model,
            data=data,
            optimizer=optimizer,
            callbacks=callbacks,
        )
        options = _Options(
            workdir, save_model, overwrite, resume, checkpoint_minutes, verbose
        )
        return _run(arguments, options, strategy, tpu)


@dataclasses.dataclass(frozen=True)
class _Options:
    """Arguments of `run` that do not change its result."""

    workdir: os.PathLike | str | None
    save_model: bool
    overwrite: bool
    resume: str
    checkpoint_minutes: float
    verbose: bool

    @property
    def resume_advice(self) -> str:
        """How to resume the run after an interruption."""
        changes = [
            *(["with resume=auto"] if self.resume == "never" else []),
            *(["without overwrite=True"] if self.overwrite else []),
        ]
        if not changes:
            return RESUME_ADVICE
        return f"re-run {' and '.join(changes)} to resume"


def _run(
    arguments: Arguments, options: _Options, strategy: str, tpu: str | None
) -> RunResult:
    """Returns the result of a finished run, or trains; see `run`."""
    directory = RunDirectory(arguments.config, options.workdir)
    if not (arguments.own or options.overwrite):
        finished = _finished(directory, options.verbose)
        if finished is not None:
            return finished
    if options.workdir is not None:
        directory.check_free()
    devices = training.find_devices(strategy, tpu)
    check_replicas(arguments.optimizer, devices.replicas)
    begun = time.monotonic()
    inputs = make_inputs(arguments.config, devices.strategy, arguments.data)
    devices.check_sizes(arguments.config.batch_size, inputs.num_train_examples)
    with (
        training.Interruption() as interruption,
        devices.worker_failures_as_errors(options.resume_advice),
    ):
        network, given = _build_network(arguments, inputs, devices)
        directory = RunDirectory(
            arguments.config, options.workdir, given, options.resume_advice
        )
        if not options.overwrite:
            finished = _finished(directory, options.verbose, inputs)
            if finished is not None:
                return finished
        saves = options.save_model and devices.chief
        if arguments.network is not None and saves:
            check_saving(network, arguments.network.name)
        session = Session.create(
            arguments,
            network,
            directory=directory,
            inputs=inputs,
            devices=devices,
            checkpoints=_checkpoints(directory, inputs, options, begun),
            interruption=interruption,
            verbose=options.verbose,
        )
        return _train(session, options)


def _checkpoints(
    directory: RunDirectory, inputs: Inputs, options: _Options, begun: float
) -> training.Checkpoints:
    return training.Checkpoints(
        directory.checkpoints,
        run={
            **directory.identity,
            "fingerprint": inputs.fingerprint,
            "examples": counts_of(inputs),
        },
        minutes=options.checkpoint_minutes,
        begun=begun,
        resume_advice=options.resume_advice,
    )


def _train(session: Session, options: _Options) -> RunResult:
    """Resumes from a checkpoint, if there is one, and trains to the end."""
    resumed = False
    if options.resume != "never" and not options.overwrite:
        resumed = session.restore(required=options.resume == "must")
    progress = session.trainer.progress
    session.devices.check_progress(progress.epoch, progress.step)
    mark_trained(session.trainer.model)
    return session.run(
        resumed=resumed,
        save_model=options.save_model,
        overwrite=options.overwrite,
    )


def _check_arguments(
    resume: str, checkpoint_minutes: float, overwrite: bool
) -> None:
    check_choice("resume", resume, RESUME)
    if resume == "must" and overwrite:
        raise InputError(
            "resume=must: cannot be combined with overwrite=True, which starts"
            " from the beginning; drop one"
        )
    if (
        not isinstance(checkpoint_minutes, numbers.Real)
        or not 0 <= checkpoint_minutes < math.inf
    ):
        raise InputError(
            f"checkpoint_minutes={checkpoint_minutes}: must be a finite number"
            " from 0"
        )


def _check_dtype_policy(config: RunConfig) -> None:
    """Refuses a global dtype policy that a given network would not follow."""
    policy = keras.config.dtype_policy().name
    precision = getattr(config, "precision", None)
    if policy not in ("float32", precision):
        allowed = policy in PRECISIONS
        fix = f"pass precision={policy}" if allowed else "set it to float32"
        raise InputError(
            f"dtype policy {policy}: has no effect on a run; {fix}"
        )


def _finished(
    directory: RunDirectory, verbose: bool, inputs: Inputs | None = None
) -> RunResult | None:
    """Returns the result of a run that has finished, else None.

    Args:
      directory: work directory of the run.
      verbose: whether to print the result.
      inputs: the data, to compare with those of the finished run. None returns
        None for runs on image folders, whose config does not identify them.

    Raises:
      InputError: if the finished run has other options or other data.
    """
    result = directory.finished()
    if result is None:
        return None
    if inputs is not None:
        check_data(result, directory.path, inputs)
    elif _on_folder(directory.config.as_dict()) or _on_folder(result["config"]):
        return None
    return earlier_result(directory, result, verbose)


def _on_folder(options: Mapping[str, Any]) -> bool:
    """Returns whether the data set of a config is an image folder."""
    return bool(find_folder(options["dataset"], options.get("data_dir")))


def _build_network(
    arguments: Arguments, inputs: Inputs, devices: training.Devices
) -> tuple[keras.Model, dict[str, Any] | None]:
    """Seeds all generators and builds the network of a run.

    Returns:
      The network, and what the run was given; see `given_record`.
    """
    keras.utils.set_random_seed(arguments.config.seed)
    with devices.scope():
        network = build_model(
            arguments.config,
            inputs.image_shape,
            inputs.num_classes,
            arguments.network,
        )
        if arguments.network is not None:
            check_compilation(
                network, arguments.network.name, arguments.optimizer
            )
            # A run has its own loss, which Keras need not find again.
            network.compiled, network.optimizer = False, None
        return network, given_record(arguments, network, inputs.image_shape)
