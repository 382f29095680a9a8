"""Runs the user's Keras callbacks as `Model.fit` runs them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from rethink_keras.errors import InputError
from rethink_keras.training.evaluation import FEW_CLASSES

_TEST = "test_"
_HELD_OUT = "val_"
_VALIDATION = ("loss", "accuracy", "top5_accuracy")
_INTERNAL = ("finite_steps",)
_SETS_LEARNING_RATE = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)
_MONITORS = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.ReduceLROnPlateau,
)
_STATELESS = (
    keras.callbacks.LambdaCallback,
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.TerminateOnNaN,
)
_SHOWN = 80


class GivenCallbacks(keras.callbacks.Callback):
    """Forwards the events of a `Trainer` to the user's callbacks.

    The callbacks receive the events, parameters and log types of `Model.fit`,
    with three differences:

    - `stop_training` takes effect at the end of the epoch;
    - there are no events for batches of an evaluation;
    - `loss` is without the penalty, and `penalty` is logged separately.

    Logs never hold results on the test set, so that nothing can be selected
    on it. If held-out training images are evaluated instead, the logs hold
    `val_loss`, `val_accuracy` and, above 10 classes, `val_top5_accuracy`.

    Use it in this order, `attach` in the strategy's scope:

    >>> given = GivenCallbacks(callbacks, held_out=False)
    >>> trainer = Trainer(model, optimizer, epochs=2, steps_per_epoch=10)
    >>> given.attach(model, optimizer, num_classes=10)
    >>> trainer.train(batches, test_batches, [given])
    >>> given.detach()

    Args:
      callbacks: see `as_callbacks`.
      held_out: whether the evaluated split consists of held-out training
        images; False for the test set.

    Raises:
      InputError: if `callbacks` holds anything but callbacks.
    """

    def __init__(self, callbacks: Any, *, held_out: bool = False):
        super().__init__()
        self.callbacks = as_callbacks(callbacks)
        self._held_out = held_out
        self._events = keras.callbacks.CallbackList(
            self.callbacks, add_history=True
        )

    def attach(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        num_classes: int,
    ) -> None:
        """Compiles the model, because callbacks use what `compile` sets.

        They read `model.optimizer`, and the mode `auto` finds the direction of
        a metric in the compiled metrics. The weights do not change.

        Args:
          model: model that returns logits.
          optimizer: optimizer of the trainer, already built.
          num_classes: number of classes.

        Raises:
          InputError: if a callback sets the learning rate and the optimizer
            has a schedule (see `check_learning_rate`), or a callback uses
            `val_loss` or the like and no images are held out.
        """
        check_learning_rate(self.callbacks, optimizer)
        if not self._held_out:
            _check_no_validation(self.callbacks)
        metrics: list[Any] = ["accuracy"]
        if num_classes > FEW_CLASSES:
            metrics.append(
                keras.metrics.SparseTopKCategoricalAccuracy(
                    5, name="top5_accuracy"
                )
            )
        model.compile(
            optimizer=optimizer,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=metrics,
            auto_scale_loss=False,  # would wrap the optimizer
        )
        # Keras creates the compiled metrics when they are first updated.
        labels = np.zeros(1, "int32")
        logits = np.zeros((1, num_classes), "float32")
        model.compute_metrics(None, labels, logits, None)
        model.reset_metrics()
        self.set_model(model)

    def detach(self) -> None:
        """Removes the optimizer, so that saved models hold no state of it."""
        self.model.optimizer = None
        self.model.compiled = False

    def set_model(self, model):
        super().set_model(model)
        self._events.set_model(model)

    def set_params(self, params):
        super().set_params(params)
        self._events.set_params(params)

    def on_train_begin(self, logs=None):
        self._events.on_train_begin(self._visible(logs))

    def on_train_end(self, logs=None):
        self._events.on_train_end(self._visible(logs))

    def on_epoch_begin(self, epoch, logs=None):
        self._events.on_epoch_begin(epoch, self._visible(logs))

    def on_epoch_end(self, epoch, logs=None):
        self._events.on_epoch_end(epoch, self._visible(logs))

    def on_train_batch_begin(self, batch, logs=None):
        self._events.on_train_batch_begin(batch, self._visible(logs))

    def on_train_batch_end(self, batch, logs=None):
        self._events.on_train_batch_end(batch, self._visible(logs))

    def on_test_begin(self, logs=None):
        if self._held_out:
            self._events.on_test_begin(self._visible(logs))

    def on_test_end(self, logs=None):
        if self._held_out:
            self._events.on_test_end(self._visible(logs))

    def _visible(self, logs: Mapping[str, Any] | None) -> dict[str, float]:
        """Returns the scalars of the logs that the callbacks may see."""
        visible = {}
        for name, value in (logs or {}).items():
            if not isinstance(value, float) or name in _INTERNAL:
                continue
            base = name.removeprefix(_TEST)
            if base == name:
                visible[name] = value
            elif self._held_out and base in _VALIDATION:
                visible[f"{_HELD_OUT}{base}"] = value
        return visible


def as_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Returns the user's callbacks as a list.

    Args:
      callbacks: a Keras callback, an iterable of Keras callbacks, or None.

    Raises:
      InputError: if anything else is given, such as a `CallbackList`.
    """
    if callbacks is None:
        return []
    if _is_callback(callbacks):
        return [callbacks]
    iterable = isinstance(callbacks, Iterable)
    if not iterable or isinstance(callbacks, str | bytes | Mapping):
        raise _not_a_callback(callbacks)
    found = list(callbacks)
    for callback in found:
        if not _is_callback(callback):
            raise _not_a_callback(callback)
    return found


def _is_callback(value: Any) -> bool:
    return isinstance(value, keras.callbacks.Callback) and not isinstance(
        value, keras.callbacks.CallbackList
    )


def _not_a_callback(value: Any) -> InputError:
    shown = " ".join(repr(value).split())[:_SHOWN]
    return InputError(
        f"callbacks: {shown} is not a Keras callback; allowed are instances of"
        " keras.callbacks.Callback, one or a list of them"
    )


def check_learning_rate(
    callbacks: Sequence[keras.callbacks.Callback],
    optimizer: keras.optimizers.Optimizer,
) -> None:
    """Checks that callbacks can set the learning rate.

    Args:
      callbacks: the user's callbacks.
      optimizer: optimizer of the run.

    Raises:
      InputError: if one is a `LearningRateScheduler` or `ReduceLROnPlateau`
        and the optimizer's learning rate is a schedule.
    """
    if isinstance(optimizer.learning_rate, keras.Variable):
        return
    for callback in callbacks:
        if isinstance(callback, _SETS_LEARNING_RATE):
            raise InputError(
                f"callbacks: {type(callback).__name__} sets the learning rate,"
                " but the learning rate of the optimizer is a schedule; choose"
                " learning_rate_decay=1, or pass an optimizer with a plain"
                " learning rate, as in optimizer=keras.optimizers.SGD(0.1)"
            )


def _check_no_validation(
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Refuses Keras callbacks that would miss results on held-out images."""
    for callback in callbacks:
        if not isinstance(callback, _MONITORS):
            continue
        name = type(callback).__name__
        path = str(getattr(callback, "filepath", ""))
        # The default monitor of a checkpoint is val_loss, also without use.
        used = getattr(callback, "save_best_only", True)
        if used and callback.monitor.startswith(_HELD_OUT):
            missing = f"monitor={callback.monitor}"
        elif f"{{{_HELD_OUT}" in path:
            missing = f"filepath={path}"
        else:
            continue
        raise InputError(
            f"callbacks: {name} with {missing} needs held-out images; set"
            " validation_examples in the config, or use loss or accuracy"
        )


def stateful_callbacks(
    callbacks: Iterable[keras.callbacks.Callback],
) -> list[str]:
    """Returns the class names of callbacks whose state is lost on resume.

    Checkpoints hold the weights and the optimizer, including its learning
    rate, but not what a callback remembers, such as the best loss so far.

    Args:
      callbacks: the user's callbacks.
    """
    return [
        type(callback).__name__
        for callback in callbacks
        if not _is_stateless(callback)
    ]


def _is_stateless(callback: keras.callbacks.Callback) -> bool:
    """Returns whether it acts alike after a resume; subclasses may not."""
    if type(callback) is keras.callbacks.CSVLogger:
        return callback.append
    return type(callback) in _STATELESS
