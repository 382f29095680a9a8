"""The training loop: compiled steps under Keras's callbacks.

Not `Model.fit`: it refuses multi-worker and parameter-server strategies and
cannot start within an epoch, while one page of step for each backend serves
every strategy. Callbacks, optimizers, metrics and models are Keras's.
"""

import math
import time
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf

from rethink_keras.errors import DivergenceError
from rethink_keras.training.evaluation import evaluate
from rethink_keras.training.steps import Steps, make_steps

SECONDS_PER_CALL = 0.5


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: tf.data.Dataset,
    *,
    epochs: range,
    epoch_steps: int,
    test_batches: tf.data.Dataset,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> tuple[Steps, dict[str, list[float]]]:
    """Trains a model, evaluating the test set after each epoch.

    Callbacks see Keras's events. The logs of an epoch hold `loss` (mean
    cross-entropy, without the penalty), `accuracy` (online), `penalty`,
    `learning_rate`, `seconds` (of training), `test_loss`, `test_accuracy` and
    `test_accuracy_by_class` (against the true labels),
    `test_accuracy_corrupted` (against labels corrupted like the training
    set's), and `accuracy_clean`, `accuracy_corrupted` and `corrupted_as_true`
    (see `Meters`).

    Args:
      model: returns logits.
      optimizer: not built yet.
      batches: the training batches of all the epochs.
      epochs: which epochs.
      epoch_steps: batches in an epoch.
      test_batches: the test set.
      callbacks: may set `model.stop_training`.

    Returns:
      The compiled steps, to evaluate with, and the history: a list of the
      values of each epoch, by name.

    Raises:
      DivergenceError: a loss was infinite or not a number; names the step.
    """
    steps = make_steps(model, optimizer)
    history = keras.callbacks.History()
    events = keras.callbacks.CallbackList([history, *callbacks], model=model)
    events.set_params({"epochs": epochs.stop, "steps": epoch_steps})
    model.stop_training = False
    iterator = steps.iterator(batches)
    events.on_train_begin()
    for epoch in epochs:
        events.on_epoch_begin(epoch)
        learning_rate = float(optimizer.learning_rate)
        seconds = _train_epoch(steps, iterator, epoch, epoch_steps, events)
        test = evaluate(steps, test_batches)
        measured = steps.meters.result()
        del measured["finite_steps"]
        logs = {
            **measured,
            "penalty": float(sum(model.losses)),
            "learning_rate": learning_rate,
            "seconds": seconds,
            "test_loss": test.loss_true,
            "test_accuracy": test.accuracy_true,
            "test_accuracy_by_class": test.accuracy_by_class,
            "test_accuracy_corrupted": test.accuracy,
        }
        events.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    events.on_train_end()
    return steps, history.history


def _train_epoch(
    steps: Steps,
    iterator: Iterator,
    epoch: int,
    epoch_steps: int,
    events: keras.callbacks.CallbackList,
) -> float:
    """Trains for an epoch; returns its seconds.

    Steps go to the device many at a time, as many as take half a second: a
    call costs as much as several steps of a perceptron.
    """
    steps.meters.reset()
    done, together, begun = 0, 1, time.perf_counter()
    while done < epoch_steps:
        together = min(together, epoch_steps - done)
        call_begun = time.perf_counter()
        steps.train(iterator, together)
        done += together
        measured = steps.meters.result()
        if not math.isfinite(measured["loss"]):
            step = epoch * epoch_steps + int(measured["finite_steps"]) + 1
            raise DivergenceError(
                f"the training loss is {measured['loss']} at step {step}"
                f" (epoch {epoch + 1}); try a smaller --learning_rate"
            )
        events.on_train_batch_end(done - 1, measured)
        pace = (time.perf_counter() - call_begun) / together
        together = max(1, int(SECONDS_PER_CALL / pace))
    return time.perf_counter() - begun
