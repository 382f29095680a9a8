"""Training loop that runs compiled steps and Keras callbacks.

The package does not use `Model.fit`, which rejects multi-worker and
parameter-server strategies and cannot resume within an epoch. Models,
optimizers, metrics and callbacks are Keras's own.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from rethink_keras.errors import (
    DivergenceError,
    InterruptedRunError,
)
from rethink_keras.files import RESUME_ADVICE
from rethink_keras.training.backends import make_steps
from rethink_keras.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
)
from rethink_keras.training.evaluation import (
    Evaluation,
    evaluate,
    evaluate_examples,
    recompute_statistics,
)
from rethink_keras.training.interruption import Interruption
from rethink_keras.training.learning import LearningRecorder
from rethink_keras.training.state import TrainingState
from rethink_keras.training.steps import EvaluationBatches, TrainingBatches

SECONDS_PER_CALL = 0.5


class Trainer:
    """Trains one model and evaluates the test set after each epoch.

    Before each evaluation, BatchNorm's statistics are recomputed over the
    first batches of the epoch (see `recompute_statistics`).

    Callbacks receive Keras's events. The logs of an epoch hold:

    - `loss` (mean cross-entropy without the penalty), `accuracy`,
      `accuracy_clean`, `accuracy_corrupted` and `corrupted_as_true`: see
      `Metrics`;
    - `penalty`, `learning_rate` and `seconds` (training time);
    - `test_loss`, `test_accuracy`, `test_top5_accuracy` and
      `test_accuracy_by_class`: against the true labels;
    - `test_accuracy_corrupted`: against labels that are corrupted like those
      of the training set.

    Args:
      model: model that returns logits.
      optimizer: optimizer that is not built yet.
      epochs: number of epochs.
      steps_per_epoch: number of batches in an epoch.
      checkpoints: where to save checkpoints; None to save none.
      interruption: signals that stop training.
      resume_advice: how to resume, for the message after a signal.

    Attributes:
      model: the model.
      steps: compiled steps of the model.
      progress: progress of the run.
      learning: when each training example was learned and forgotten.
      steps_per_epoch: number of batches in an epoch.
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
        resume_advice: str = RESUME_ADVICE,
    ):
        self.steps = make_steps(model, optimizer)
        self._state = TrainingState(model, optimizer, self.steps.metrics)
        self.progress = Progress()
        self.learning = LearningRecorder()
        self.model = model
        self._optimizer = optimizer
        self._epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self._checkpoints = checkpoints
        self._interruption = interruption or Interruption()
        self._resume_advice = resume_advice
        self._events = keras.callbacks.CallbackList(model=model)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restores the state of an earlier part of the same run.

        Raises:
          InputError: the checkpoint's variables differ from those of this
            network and optimizer in number, shape or dtype.
        """
        arrays = self.learning.restore(checkpoint.arrays)
        self._state.check(arrays)
        self._state.assign(arrays)
        self.progress = checkpoint.progress

    def train(
        self,
        batches: TrainingBatches,
        test_batches: EvaluationBatches | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, list]:
        """Trains for the remaining epochs.

        Args:
          batches: the training batches that follow `progress`.
          test_batches: batches of the test set. None skips the evaluation,
            and the logs have no `test_...` entries.
          callbacks: Keras callbacks; they may set `model.stop_training`.

        Returns:
          The history: for each logged name, a list with one value per epoch.

        Raises:
          DivergenceError: if a loss is infinite or NaN. The message names the
            step.
          InterruptedRunError: if a signal stopped training. With
            `checkpoints`, one is saved first.
        """
        progress = self.progress
        self.model.stop_training = progress.stopped
        iterator = self.steps.iterator(batches)
        self._events = keras.callbacks.CallbackList(
            list(callbacks), model=self.model
        )
        self._events.set_params(
            {
                "verbose": 0,
                "epochs": self._epochs,
                "steps": self.steps_per_epoch,
            }
        )
        with self._keeping_variables(bool(progress.epoch or progress.step)):
            self._events.on_train_begin()
        logs = None
        while progress.epoch < self._epochs and not progress.stopped:
            self._begin_epoch()
            seconds = self.train_epoch(iterator)
            self.learning.end_epoch(
                progress.epoch,
                batches.order(progress.epoch, self.steps.whole_batch),
            )
            recompute_statistics(self.steps, batches, progress.epoch)
            logs = self._logs(seconds, test_batches)
            self._check_after_step("penalty", logs["penalty"])
            self._events.on_epoch_end(progress.epoch, logs)
            for name, value in logs.items():
                progress.history.setdefault(name, []).append(value)
            progress.epoch += 1
            progress.step, progress.seconds = 0, 0.0
            progress.stopped = self.model.stop_training
            self.steps.metrics.reset_state()
            self._save_or_stop(Checkpoints.affordable)
        self._finalize(batches)
        self._events.on_train_end(logs)
        return progress.history

    @contextlib.contextmanager
    def _keeping_variables(self, resumed: bool) -> Iterator[None]:
        """Undoes what callbacks change if the run is resumed.

        The checkpoint already holds these changes, such as the learning rate
        that a callback set at the beginning of the epoch.
        """
        arrays = self._state.arrays() if resumed else None
        yield
        if arrays is not None:
            self._state.assign(arrays)

    def _begin_epoch(self) -> None:
        progress = self.progress
        resumed = progress.step > 0
        with self._keeping_variables(resumed):
            self._events.on_epoch_begin(progress.epoch)
        if not resumed or progress.learning_rate is None:
            rate = keras.ops.convert_to_numpy(self._optimizer.learning_rate)
            progress.learning_rate = float(rate)

    def _finalize(self, batches: TrainingBatches) -> None:
        """Sets the final weights of an optimizer that averages weights."""
        self._optimizer.finalize_variable_values(self.model.trainable_variables)
        optimizer = self._optimizer
        if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
            last = max(self.progress.epoch - 1, 0)
            recompute_statistics(self.steps, batches, last)

    def evaluate(self, batches: EvaluationBatches) -> Evaluation:
        """Evaluates every example of a split once.

        Raises:
          DivergenceError: if a loss is infinite or NaN. After the last step,
            only an evaluation shows this: the training loss would show it one
            step later.
        """
        measured = evaluate(self.steps, batches)
        self._check_evaluation(measured)
        return measured

    def evaluate_examples(
        self, batches: EvaluationBatches
    ) -> tuple[Evaluation, dict[str, np.ndarray]]:
        """Evaluates a split and returns the prediction for each example.

        See `evaluation.evaluate_examples`.

        Raises:
          DivergenceError: if a loss is infinite or NaN.
        """
        measured, rows = evaluate_examples(self.steps, batches)
        self._check_evaluation(measured)
        return measured, rows

    def _check_evaluation(self, measured: Evaluation) -> None:
        for loss in (measured.loss, measured.loss_true):
            self._check_after_step("evaluated loss", loss)

    def train_epoch(self, iterator: Iterator) -> float:
        """Trains to the end of the current epoch.

        Each call runs as many steps as take about half a second, because the
        overhead of one call equals several steps of a small MLP.

        Args:
          iterator: iterator from `steps.iterator`.

        Returns:
          The training time of the epoch in seconds.
        """
        progress = self.progress
        fixed = self.steps.steps_per_execution
        num_steps, begun = fixed or 1, time.perf_counter() - progress.seconds
        while progress.step < self.steps_per_epoch:
            num_steps = min(num_steps, self.steps_per_epoch - progress.step)
            call_begun = time.perf_counter()
            self._events.on_train_batch_begin(progress.step)
            hits = self.steps.train(iterator, num_steps)
            measured = self.steps.metrics.result()
            self._check_finite(measured)
            self.learning.add(hits)
            progress.step += num_steps
            progress.seconds = time.perf_counter() - begun
            self._events.on_train_batch_end(progress.step - 1, measured)
            seconds = (time.perf_counter() - call_begun) / num_steps
            num_steps = fixed or max(1, int(SECONDS_PER_CALL / seconds))
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
            f" (epoch {epoch + 1}); try a smaller learning_rate"
        )

    def _check_after_step(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        step = self.progress.epoch * self.steps_per_epoch + self.progress.step
        raise DivergenceError(
            f"the {name} is {value} after step {step}; try a smaller"
            " learning_rate"
        )

    def _penalty(self) -> float:
        """Returns the penalty of the weights, without that of activations."""
        ops = keras.ops
        penalties = [
            ops.cast(ops.sum(variable.regularizer(variable)), "float32")
            for variable in self.model.trainable_variables
            if variable.regularizer is not None
        ]
        return float(sum(penalties))

    def _logs(
        self, seconds: float, test_batches: EvaluationBatches | None
    ) -> dict[str, Any]:
        """Evaluates the test set and returns the logs of the epoch."""
        measured = self.steps.metrics.result()
        del measured["finite_steps"]
        logs = {
            **measured,
            "penalty": self._penalty(),
            "learning_rate": self.progress.learning_rate,
            "seconds": seconds,
        }
        if test_batches is None:
            return logs
        self._events.on_test_begin()
        test = self.evaluate(test_batches)
        common = {
            "loss": test.loss_true,
            "accuracy": test.accuracy_true,
            "top5_accuracy": test.top5_accuracy_true,
        }
        self._events.on_test_end(common)
        return {
            **logs,
            **{f"test_{name}": value for name, value in common.items()},
            "test_accuracy_by_class": test.accuracy_by_class,
            "test_accuracy_corrupted": test.accuracy,
        }

    def _save_or_stop(self, should_save: Callable[[Checkpoints], bool]) -> None:
        """Saves a checkpoint if it is time; saves and stops after a signal."""
        received = self._interruption.signal
        if self._checkpoints and (received or should_save(self._checkpoints)):
            self._save(self._checkpoints)
        if received:
            saved = f"; checkpoint saved; {self._resume_advice}"
            raise InterruptedRunError(
                f"{received.name} {self.progress.place}"
                f"{saved if self._checkpoints else ''}",
                received,
            )

    def _save(self, checkpoints: Checkpoints) -> None:
        step = self.progress.epoch * self.steps_per_epoch + self.progress.step
        arrays = {**self._state.arrays(), **self.learning.arrays()}
        checkpoints.save(step, self.progress, arrays)
