"""One network in training: its inputs, trainer and work directory."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from rethink_keras import environment, training
from rethink_keras.errors import DivergenceError, InputError
from rethink_keras.results import Learning, Predictions
from rethink_keras.runs import summary
from rethink_keras.runs.arguments import Arguments
from rethink_keras.runs.directory import RunDirectory
from rethink_keras.runs.identity import as_known_to, same_outputs
from rethink_keras.runs.inputs import Inputs
from rethink_keras.runs.network import make_optimizer
from rethink_keras.runs.outcome import summarize
from rethink_keras.runs.result import RunResult, check_data, check_same_data
from rethink_keras.runs.tensorboard import TensorBoardWriter


@dataclasses.dataclass(frozen=True)
class Session:
    """A run in this process, from its inputs to its result.

    Attributes:
      directory: work directory.
      inputs: randomized data.
      devices: devices that train.
      trainer: trainer of the network.
      checkpoints: checkpoints of the run.
      given_callbacks: the user's callbacks; None without any.
      verbose: whether to print the config, the progress and the result.
    """

    directory: RunDirectory
    inputs: Inputs
    devices: training.Devices
    trainer: training.Trainer
    checkpoints: training.Checkpoints
    given_callbacks: training.GivenCallbacks | None
    verbose: bool

    @classmethod
    def create(
        cls,
        arguments: Arguments,
        network: keras.Model,
        *,
        directory: RunDirectory,
        inputs: Inputs,
        devices: training.Devices,
        checkpoints: training.Checkpoints,
        interruption: training.Interruption,
        verbose: bool,
    ) -> "Session":
        """Creates the trainer of a network and its session.

        Args:
          arguments: arguments of the run.
          network: the network, built in the scope of the devices.
          directory: see `Session`.
          inputs: see `Session`.
          devices: see `Session`.
          checkpoints: see `Session`.
          interruption: signals that stop the run.
          verbose: see `Session`.

        Raises:
          InputError: if a callback sets a learning rate that has a schedule.
        """
        given = None
        with devices.scope():
            optimizer = make_optimizer(
                arguments.config, inputs.steps_per_epoch, arguments.optimizer
            )
            trainer = training.Trainer(
                network,
                optimizer,
                epochs=arguments.config.epochs,
                steps_per_epoch=inputs.steps_per_epoch,
                checkpoints=checkpoints if devices.chief else None,
                interruption=interruption,
                resume_advice=directory.resume_advice,
            )
            if arguments.callbacks:
                given = training.GivenCallbacks(
                    arguments.callbacks,
                    held_out=arguments.config.validation_examples is not None,
                )
                given.attach(network, optimizer, inputs.num_classes)
        return cls(
            directory, inputs, devices, trainer, checkpoints, given, verbose
        )

    def _say(self, text: str) -> None:
        """Prints a text if `verbose`."""
        if self.verbose:
            print(text, flush=True)

    def restore(self, *, required: bool) -> bool:
        """Restores the last checkpoint; returns whether there is one.

        Args:
          required: whether there must be one.

        Raises:
          InputError: if the checkpoint is of another run or other data, or if
            there is none and one is required.
        """
        checkpoint = self.checkpoints.latest()
        path = self.directory.path
        if checkpoint is None:
            if required:
                raise InputError(
                    f"resume=must: {path} holds no checkpoint; choose another"
                    " workdir, or resume=auto"
                )
            return False
        self.directory.check_same(
            checkpoint.run["config"], checkpoint.run.get("given")
        )
        check_same_data(
            f"workdir={path}: holds a checkpoint of other data",
            checkpoint.run,
            self.inputs,
        )
        self.trainer.restore(checkpoint)
        self._warn(checkpoint.run.get("given"))
        return True

    def _warn(self, given: Mapping[str, Any] | None) -> None:
        """Warns of what no checkpoint holds.

        Args:
          given: what the interrupted run was given; see `given_record`.
        """
        names = training.stateful_callbacks(
            self.given_callbacks.callbacks if self.given_callbacks else ()
        )
        warnings = []
        if names:
            warnings.append(
                f"{', '.join(names)} start over: a checkpoint holds the weights"
                " and the optimizer, not the state of callbacks"
            )
        if not same_outputs(self.directory.given, given):
            warnings.append(
                "the network has other outputs before training than that of the"
                " interrupted run: if its code has changed, pass overwrite=True"
            )
        for text in warnings:
            _print_warning(text)
        _warn_of_layers(self.directory, given)

    @contextlib.contextmanager
    def _closing(self, resumed: bool) -> Iterator[None]:
        """Unlocks the work directory at the end.

        Keeps the checkpoints if the run ends early and can be resumed.

        Args:
          resumed: whether a checkpoint was restored; otherwise removes those
            that exist.
        """
        try:
            if not resumed:
                self.checkpoints.clear()
            yield
            self.checkpoints.clear()
        except DivergenceError as error:
            # No row of a table is a run with anything of one's own.
            if not self.directory.given:
                self.directory.write_diverged(str(error))
            self.checkpoints.clear()
            raise
        finally:
            self.directory.close()

    def run(
        self, *, resumed: bool, save_model: bool, overwrite: bool
    ) -> RunResult:
        """Trains and evaluates; the chief writes all files.

        Args:
          resumed: whether a checkpoint was restored.
          save_model: whether to write the trained network.
          overwrite: whether to repeat a finished run.

        Returns:
          The result; only its measured part in other processes than the
          chief. If another process has finished the run in the meantime, its
          result, and nothing is trained.
        """
        directory, network = self.directory, self.trainer.model
        if not self.devices.chief:
            measured, _ = self._train_and_evaluate([])
            return RunResult(measured, directory.path, network)
        found = directory.open(overwrite=overwrite)
        if found is not None:
            check_data(found, directory.path, self.inputs)
            return earlier_result(directory, found, self.verbose)
        with self._closing(resumed):
            result = self._train_and_write(save_model)
        self._say(summary.conclusion(result, directory.path))
        return RunResult(result, directory.path, network)

    def _train_and_write(self, save_model: bool) -> dict[str, Any]:
        directory, trainer = self.directory, self.trainer
        writer = TensorBoardWriter(
            directory, self.inputs.images_per_epoch, trainer.steps_per_epoch
        )
        with self.devices.scope():
            device = environment.device(self.devices.replicas)
        self._describe(writer, device)
        versions = environment.versions()
        progress = training.ProgressLines()
        try:
            measured, predictions = self._train_and_evaluate(
                [writer, progress] if self.verbose else [writer]
            )
            statistics = trainer.steps.statistics.variables
            result = {
                **directory.identity,
                "parameters": summary.parameters(trainer.model),
                "classes": self.inputs.num_classes,
                **measured,
                "batch_norm_statistics": "recomputed" if statistics else None,
                "wall_seconds": self.checkpoints.elapsed,
                "device": device,
                "strategy": self.devices.strategy,
                "replicas": self.devices.replicas,
                "versions": versions,
                "fingerprint": self.inputs.fingerprint,
                "weights": training.fingerprint_of(trainer.model),
            }
            learned = trainer.learning.learned()
            directory.write_learned(
                trainer.model if save_model else None,
                predictions,
                Learning(**learned) if learned else None,
            )
            # Last: a run whose result exists is not resumed.
            writer.write_result(result)
            directory.write_result(result)
        finally:
            progress.close()
            writer.close()
        return result

    def _describe(self, writer: TensorBoardWriter, device: str) -> None:
        """Prints and writes what is about to run."""
        subjects = summary.describe(
            self.directory, self.trainer.model, self.inputs, device
        )
        self._say(summary.subjects_as_text(subjects))
        writer.write_text("run", summary.subjects_as_markdown(subjects))
        writer.write_config()
        with self.inputs.reading():
            writer.write_picture("randomizations", self.inputs.picture())
        progress = self.trainer.progress
        if progress.epoch or progress.step:
            writer.write_history(progress.history)
            self._say(
                f"resuming after epoch {progress.epoch}, step {progress.step}"
            )

    def _train_and_evaluate(
        self, callbacks: Sequence[keras.callbacks.Callback]
    ) -> tuple[dict[str, Any], dict[str, Predictions]]:
        """Trains for the remaining epochs and evaluates both splits.

        Args:
          callbacks: callbacks of the package; the user's follow them.

        Returns:
          The measured part of the result and the predictions for each split.
        """
        inputs, trainer = self.inputs, self.trainer
        splits = {"train": inputs.train_set, "test": inputs.test_set}
        given = self.given_callbacks
        with inputs.reading():
            history = trainer.train(
                inputs.training_batches(trainer.progress),
                splits["test"],
                [*callbacks, *self._stopping(), *([given] if given else [])],
            )
            if given:
                given.detach()
            evaluated = {
                split: trainer.evaluate_examples(batches)
                for split, batches in splits.items()
            }
        measured = summarize(
            self.directory.config,
            history,
            trainer.steps_per_epoch,
            inputs.images_per_epoch,
            evaluated["train"][0],
            evaluated["test"][0],
        )
        return measured, {
            split: Predictions(inputs.positions[split], **rows)
            for split, (_, rows) in evaluated.items()
        }

    def _stopping(self) -> list[keras.callbacks.Callback]:
        loss = self.directory.config.stop_at_loss
        return [] if loss is None else [training.StopAtLoss(loss)]


def _print_warning(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr, flush=True)


def _warn_of_layers(
    directory: RunDirectory, there: Mapping[str, Any] | None
) -> None:
    """Warns if the record of the run in a directory lacks inner layers."""
    if as_known_to(there, directory.given) != directory.given:
        _print_warning(
            f"{directory.path} is a run of an earlier version, which did not"
            " record the layers within classes of your own: if their options"
            " have changed, pass overwrite=True"
        )


def earlier_result(
    directory: RunDirectory, result: dict[str, Any], verbose: bool
) -> RunResult:
    """Returns the result of a run that has finished already.

    Args:
      directory: work directory.
      result: content of result.json.
      verbose: whether to print it, and how to repeat the run.
    """
    _warn_of_layers(directory, result.get("given"))
    if verbose:
        print(
            f"{directory.path} already holds a finished run; pass"
            " overwrite=True to repeat it"
        )
        print(summary.conclusion(result, directory.path))
    return RunResult(result, directory.path)
