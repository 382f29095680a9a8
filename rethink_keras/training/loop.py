"""The training loop: compiled steps under Keras's callbacks.

Not `Model.fit`: it refuses multi-worker and parameter-server strategies and
cannot start within an epoch, while a step of a page serves every strategy and
both backends alike. Callbacks, optimizers, metrics and models are Keras's.
"""

import math
import time
from collections.abc import Sequence

import keras
import tensorflow as tf

from rethink_keras.errors import DivergenceError
from rethink_keras.training.evaluation import evaluate

_SECONDS_PER_CALL = 0.5


def make_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
):
    """Compiled steps for Keras's backend and the device at hand."""
    if keras.backend.backend() == "tensorflow":
        from rethink_keras.training.tensorflow_steps import Steps
    elif keras.backend.backend() == "jax":
        from rethink_keras.training.jax_steps import Steps
    else:
        raise NotImplementedError(
            f"KERAS_BACKEND={keras.backend.backend()}: allowed are"
            " tensorflow and jax"
        )
    return Steps(model, optimizer, compile_with_xla=has_accelerator())


def has_accelerator() -> bool:
    """Whether TensorFlow sees another device than CPUs.

    XLA fuses a step into one program, which is right on accelerators; on CPUs
    it replaces the faster convolutions of oneDNN.
    """
    return any(
        device.device_type != "CPU"
        for device in tf.config.list_logical_devices()
    )


def sgd(
    learning_rate: float, *, decay: float, momentum: float, epoch_steps: int
) -> keras.optimizers.Optimizer:
    """SGD with momentum, the learning rate times `decay` after each epoch."""
    schedule = keras.optimizers.schedules.ExponentialDecay(
        learning_rate, epoch_steps, decay, staircase=True
    )
    return keras.optimizers.SGD(schedule, momentum=momentum)


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: tf.data.Dataset,
    *,
    epochs: range,
    epoch_steps: int,
    test_batches: tf.data.Dataset,
    callbacks: Sequence[keras.callbacks.Callback] = (),
):
    """Trains a model, evaluating the test set after each epoch.

    Callbacks see Keras's events. The logs of an epoch hold `loss` (mean
    cross-entropy, without the penalty), `accuracy` (online), `penalty`,
    `learning_rate`, `seconds` (of training), `test_loss` and `test_accuracy`
    (against the true labels) and `test_accuracy_corrupted` (against labels
    corrupted like the training set's).

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
        logs = {
            "loss": measured["loss"],
            "accuracy": measured["accuracy"],
            "penalty": float(sum(model.losses)),
            "learning_rate": learning_rate,
            "seconds": seconds,
            "test_loss": test.loss_true,
            "test_accuracy": test.accuracy_true,
            "test_accuracy_corrupted": test.accuracy,
        }
        events.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    events.on_train_end()
    return steps, history.history


def _train_epoch(
    steps, iterator, epoch: int, epoch_steps: int, events
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
        together = max(1, int(_SECONDS_PER_CALL / pace))
    return time.perf_counter() - begun
