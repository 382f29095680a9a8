"""The training loop: compiled steps under Keras's callbacks.

Not `Model.fit`: it refuses multi-worker and parameter-server strategies and
cannot start within an epoch, while one page of step for each backend serves
every strategy. Callbacks, optimizers, metrics and models are Keras's.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
)
from rethink_keras.training.backends import make_steps
from rethink_keras.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
)
from rethink_keras.training.evaluation import (
    STATISTICS_BATCHES,
    Evaluation,
    evaluate,
    evaluate_examples,
    recompute_statistics,
)
from rethink_keras.training.interruption import Interruption
from rethink_keras.training.steps import Batches, TrainingBatches

SECONDS_PER_CALL = 0.5


class Trainer:
    """Trains one network, evaluating the test set after each epoch.

    BatchNorm's statistics are recomputed before each evaluation (see
    `recompute_statistics`), over the first batches of the epoch.

    Callbacks see Keras's events. The logs of an epoch hold `loss` (mean
    cross-entropy, without the penalty), `accuracy` (online), `penalty`,
    `learning_rate`, `seconds` (of training), `test_loss`, `test_accuracy`,
    `test_top5_accuracy` and `test_accuracy_by_class` (against the true labels),
    `test_accuracy_corrupted` (against labels corrupted like the training
    set's), and `accuracy_clean`, `accuracy_corrupted` and `corrupted_as_true`
    (see `Metrics`).

    Args:
      model: returns logits.
      optimizer: not built yet.
      epochs: how many.
      steps_per_epoch: batches in an epoch.
      checkpoints: where to save; None for nowhere.
      interruption: signals to heed.

    Attributes:
      model: as given.
      steps: compiled, to evaluate with.
      progress: how far training has come.
      steps_per_epoch: batches in an epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        *,
        epochs: int,
        steps_per_epoch: int,
        checkpoints: Checkpoints | None = None,
        interruption: Interruption | None = None,
    ):
        self.steps = make_steps(model, optimizer)
        self.progress = Progress()
        self.model = model
        self._optimizer = optimizer
        self._epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self._checkpoints = checkpoints
        self._interruption = interruption or Interruption()
        self._events = keras.callbacks.CallbackList(model=model)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restores the state of an earlier part of the same run.

        Raises:
          InputError: the checkpoint's variables differ from those of this
            network and optimizer in number, shape or dtype.
        """
        variables = self._variables()
        found = {
            name: (tuple(array.shape), str(array.dtype))
            for name, array in checkpoint.arrays.items()
        }
        expected = {
            name: (tuple(variable.shape), str(variable.dtype))
            for name, variable in variables.items()
        }
        for name in sorted(found | expected):
            if found.get(name) != expected.get(name):
                raise InputError(
                    f"checkpoint: {name} is {found.get(name, 'absent')} there"
                    f" and {expected.get(name, 'absent')} in this network;"
                    " pass overwrite=True, or choose another workdir"
                )
        for name, variable in variables.items():
            variable.assign(checkpoint.arrays[name])
        self.progress = checkpoint.progress

    def train(
        self,
        batches: TrainingBatches,
        test_batches: Batches | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, list]:
        """Trains what is left.

        Args:
          batches: the training batches from `progress` on.
          test_batches: the test set; None for none, which leaves `test_...`
            out of the logs.
          callbacks: may set `model.stop_training`.

        Returns:
          The history: a list of the values of each epoch, by name.

        Raises:
          DivergenceError: a loss was infinite or not a number; names the step.
          InterruptedRunError: a signal came; what can be saved is saved.
        """
        progress = self.progress
        self.model.stop_training = progress.stopped
        iterator = self.steps.iterator(batches)
        self._events = keras.callbacks.CallbackList(
            list(callbacks), model=self.model
        )
        self._events.set_params(
            {"epochs": self._epochs, "steps": self.steps_per_epoch}
        )
        self._events.on_train_begin()
        while progress.epoch < self._epochs and not progress.stopped:
            self._events.on_epoch_begin(progress.epoch)
            learning_rate = float(self._optimizer.learning_rate)
            seconds = self.train_epoch(iterator)
            recompute_statistics(
                self.steps,
                batches.beginning(progress.epoch, STATISTICS_BATCHES),
            )
            logs = self._logs(learning_rate, seconds, test_batches)
            self._check_after_step("penalty", logs["penalty"])
            self._events.on_epoch_end(progress.epoch, logs)
            for name, value in logs.items():
                progress.history.setdefault(name, []).append(value)
            progress.epoch += 1
            progress.step, progress.seconds = 0, 0.0
            progress.stopped = self.model.stop_training
            self.steps.metrics.reset_state()
            self._save_or_stop(Checkpoints.affordable)
        self._events.on_train_end()
        return progress.history

    def evaluate(self, batches: Batches) -> Evaluation:
        """Evaluates every example of a split once.

        Raises:
          DivergenceError: a loss is infinite or not a number, which the
            training loss shows one step later.
        """
        measured = evaluate(self.steps, batches)
        self._check_evaluation(measured)
        return measured

    def evaluate_examples(
        self, batches: Batches
    ) -> tuple[Evaluation, dict[str, np.ndarray]]:
        """Evaluates a split and keeps the prediction for each example.

        See `evaluation.evaluate_examples`.

        Raises:
          DivergenceError: as `evaluate`.
        """
        measured, rows = evaluate_examples(self.steps, batches)
        self._check_evaluation(measured)
        return measured, rows

    def _check_evaluation(self, measured: Evaluation) -> None:
        for loss in (measured.loss, measured.loss_true):
            self._check_after_step("evaluated loss", loss)

    def train_epoch(self, iterator: Iterator) -> float:
        """Trains to the end of the epoch; returns the epoch's seconds.

        Steps go to the device many at a time, as many as take half a second:
        a call costs as much as several steps of a perceptron.

        Args:
          iterator: of `steps`.
        """
        progress = self.progress
        given = self.steps.steps_per_execution
        together, begun = given or 1, time.perf_counter() - progress.seconds
        while progress.step < self.steps_per_epoch:
            together = min(together, self.steps_per_epoch - progress.step)
            call_begun = time.perf_counter()
            self.steps.train(iterator, together)
            measured = self.steps.metrics.result()
            self._check_finite(measured)
            progress.step += together
            progress.seconds = time.perf_counter() - begun
            self._events.on_train_batch_end(progress.step - 1, measured)
            pace = (time.perf_counter() - call_begun) / together
            together = given or max(1, int(SECONDS_PER_CALL / pace))
            if progress.step < self.steps_per_epoch:
                self._save_or_stop(Checkpoints.due)
        return progress.seconds

    def _check_finite(self, measured: Mapping[str, Any]) -> None:
        if math.isfinite(measured["loss"]):
            return
        epoch = self.progress.epoch
        step = epoch * self.steps_per_epoch + int(measured["finite_steps"]) + 1
        raise DivergenceError(
            f"the training loss is {measured['loss']} at step {step}"
            f" (epoch {epoch + 1}); try a smaller --learning_rate"
        )

    def _check_after_step(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        step = self.progress.epoch * self.steps_per_epoch + self.progress.step
        raise DivergenceError(
            f"the {name} is {value} after step {step}; try a smaller"
            " --learning_rate"
        )

    def _logs(
        self,
        learning_rate: float,
        seconds: float,
        test_batches: Batches | None,
    ) -> dict[str, Any]:
        """Evaluates the test set; returns what was measured in an epoch."""
        measured = self.steps.metrics.result()
        del measured["finite_steps"]
        logs = {
            **measured,
            "penalty": float(sum(self.model.losses)),
            "learning_rate": learning_rate,
            "seconds": seconds,
        }
        if test_batches is None:
            return logs
        test = self.evaluate(test_batches)
        return {
            **logs,
            "test_loss": test.loss_true,
            "test_accuracy": test.accuracy_true,
            "test_top5_accuracy": test.top5_accuracy_true,
            "test_accuracy_by_class": test.accuracy_by_class,
            "test_accuracy_corrupted": test.accuracy,
        }

    def _variables(self) -> dict[str, keras.Variable]:
        """All that training changes, by names that tell the position."""
        groups = {
            "model": self.model.variables,
            "optimizer": self._optimizer.variables,
            "meters": self.steps.metrics.variables,
        }
        return {
            f"{group}/{index}": variable
            for group, variables in groups.items()
            for index, variable in enumerate(variables)
        }

    def _save_or_stop(self, wanted: Callable[[Checkpoints], bool]) -> None:
        """Saves if wanted or if a signal came, which then ends the run."""
        received = self._interruption.signal
        if self._checkpoints and (received or wanted(self._checkpoints)):
            self._save(self._checkpoints)
        if received:
            saved = "; saved, the same command goes on"
            raise InterruptedRunError(
                f"{received.name} in epoch {self.progress.epoch + 1}"
                f"{saved if self._checkpoints else ''}",
                received,
            )

    def _save(self, checkpoints: Checkpoints) -> None:
        step = self.progress.epoch * self.steps_per_epoch + self.progress.step
        arrays = {
            name: keras.ops.convert_to_numpy(variable)
            for name, variable in self._variables().items()
        }
        checkpoints.save(step, self.progress, arrays)


def fingerprint_of(model: keras.Model) -> str:
    """SHA-256 of all weights and moving statistics of a model."""
    digest = hashlib.sha256()
    for weight in model.weights:
        array = keras.ops.convert_to_numpy(weight)
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
