"""The user's Keras callbacks: events, logs and Keras's own callbacks."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError, training
from tests.support.tiny_fits import (
    EPOCHS,
    RATE,
    Fit,
    make_examples,
    make_model,
    plain,
)

Callback = keras.callbacks.Callback
LambdaCallback = keras.callbacks.LambdaCallback


class Recorder(Callback):
    """Records the events, in order, and the weights after each epoch."""

    def __init__(self):
        super().__init__()
        self.events = []
        self.logs = []
        self.weights = []
        for name in dir(keras.callbacks.Callback):
            ours = name.startswith("on_") and "_test_batch_" not in name
            if ours and name not in ("on_batch_begin", "on_batch_end"):
                setattr(self, name, self._recording(name))

    def _recording(self, name):
        def record(*args, logs=None):
            *numbers, logs = args if logs is None else (*args, logs)
            self.events.append((name, *numbers))
            self.logs.append((name, logs))
            if name == "on_epoch_end":
                self.weights.append(self.model.get_weights())

        return record

    def keys(self, name: str) -> list[set[str]]:
        return [set(logs) for event, logs in self.logs if event == name]


def assert_equal_weights(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_stops_at_the_end_of_the_epoch():
    def stop(batch, logs):
        callback.model.stop_training = True

    callback = LambdaCallback(on_train_batch_end=stop)
    fit = Fit(callback)
    assert (fit.epochs, int(fit.optimizer.iterations)) == (1, 3)


def test_events_and_parameters_are_those_of_fit():
    """With one batch per epoch; batches of evaluations have no events."""
    ours, theirs = Recorder(), Recorder()
    Fit(ours, batch_size=30)
    examples, held_out = make_examples(30), make_examples(20)
    model = make_model()
    model.compile(
        "sgd",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        examples.images,
        examples.labels,
        batch_size=30,
        epochs=EPOCHS,
        verbose=0,
        validation_data=(held_out.images, held_out.labels),
        callbacks=[theirs],
    )
    assert ours.events == theirs.events
    assert ours.params == theirs.params
    for (name, logs), (_, of_fit) in zip(ours.logs, theirs.logs, strict=True):
        assert set(logs) >= set(of_fit), name
        assert all(type(value) is float for value in logs.values())


@pytest.mark.parametrize("held_out", [True, False])
@pytest.mark.parametrize("num_classes", [3, 11])
def test_logs_hold_validation_only_if_held_out(held_out, num_classes):
    recorder = Recorder()
    fit = Fit(recorder, held_out=held_out, num_classes=num_classes)
    names = {"val_loss", "val_accuracy"}
    names |= {"val_top5_accuracy"} if num_classes > 10 else set()
    for keys in [
        *recorder.keys("on_epoch_end"),
        *recorder.keys("on_train_end"),
    ]:
        found = {name for name in keys if name.startswith("val_")}
        assert found == (names if held_out else set())
        assert {"loss", "accuracy", "learning_rate", "penalty"} <= keys
    assert not any("test" in name for _, logs in recorder.logs for name in logs)
    tested = [name for name, *_ in recorder.events if "_test_" in name]
    assert len(tested) == (2 * EPOCHS if held_out else 0)
    if held_out:
        last = recorder.logs[-1][1]
        assert last["val_loss"] == fit.history["test_loss"][-1]
        assert last["val_accuracy"] == fit.history["test_accuracy"][-1]


def test_callbacks_that_change_nothing_leave_the_weights_unchanged(tmp_path):
    without = Fit(batch_norm=True)
    fit = Fit([LambdaCallback(), Recorder()], batch_norm=True)
    assert fit.weights == without.weights
    for name, values in without.history.items():
        assert name == "seconds" or fit.history[name] == values
    sizes = []
    for each in (without, fit):
        each.model.save(tmp_path / "model.keras")
        sizes.append((tmp_path / "model.keras").stat().st_size)
    assert sizes[1] == pytest.approx(sizes[0], abs=64)
    assert not keras.models.load_model(tmp_path / "model.keras").compiled


@pytest.mark.parametrize("monitor", ["loss", "val_loss", "accuracy"])
def test_early_stopping_in_mode_auto(monitor):
    """Training stops once nothing improves, here with a learning rate of 0."""
    freeze = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate * (epoch < 1)
    )
    stop = keras.callbacks.EarlyStopping(monitor, patience=1, min_delta=1e-6)
    fit = Fit([freeze, stop])
    assert fit.history["learning_rate"] == [RATE, *(fit.epochs - 1) * [0.0]]
    assert fit.epochs < EPOCHS


def test_early_stopping_restores_and_model_checkpoint_saves_the_best(tmp_path):
    recorder = Recorder()
    path = str(tmp_path / "best.keras")
    fit = Fit(
        [
            recorder,
            keras.callbacks.EarlyStopping(
                "val_accuracy", patience=EPOCHS, restore_best_weights=True
            ),
            keras.callbacks.ModelCheckpoint(
                path, "val_accuracy", save_best_only=True
            ),
        ],
        optimizer=plain(2.0),
        batch_norm=True,
    )
    best = int(np.argmax(fit.history["test_accuracy"]))
    assert best < EPOCHS - 1, "the last epoch must not be the best"
    assert_equal_weights(fit.model.get_weights(), recorder.weights[best])
    saved = keras.models.load_model(path)
    assert_equal_weights(saved.get_weights(), recorder.weights[best])
    assert int(saved.optimizer.iterations) == 3 * (best + 1)


@pytest.mark.parametrize("update_freq", ["epoch", 1])
def test_keras_tensorboard(tmp_path, update_freq):
    board = keras.callbacks.TensorBoard(
        tmp_path, histogram_freq=1, update_freq=update_freq
    )
    Fit([board])
    tags = set()
    for path in tmp_path.glob("*/events*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {v.tag for v in event.summary.value}
    assert {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"} <= tags
    assert "evaluation_accuracy_vs_iterations" in tags


class MetricsLogger(Callback):
    """Reads what Weights & Biases's `WandbMetricsLogger` reads."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def _row(self, logs):
        rate = self.model.optimizer.learning_rate
        assert rate.shape == ()
        row = {name: float(value) for name, value in logs.items()}
        self.rows.append(row | {"rate": float(rate.numpy().item())})

    def on_batch_end(self, batch, logs=None):
        self._row(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._row(logs)


class ArtifactCheckpoint(keras.callbacks.ModelCheckpoint):
    """Extends the methods that `WandbModelCheckpoint` extends."""

    paths: list[str]

    def on_train_batch_end(self, batch, logs=None):
        if self._should_save_on_batch(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
            path = self._get_file_path(self._current_epoch, batch, logs)
            self.paths = [*getattr(self, "paths", []), path]

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)


def test_callbacks_like_those_of_weights_and_biases(tmp_path):
    logger = MetricsLogger()
    saver = ArtifactCheckpoint(
        str(tmp_path / "{epoch}-{batch}.keras"), "loss", save_freq=1
    )
    Fit([logger, saver])
    assert len(logger.rows) >= 2 * EPOCHS
    assert all(row["rate"] == RATE for row in logger.rows)
    assert saver.paths
    assert all(map(os.path.exists, saver.paths))


@pytest.mark.parametrize(
    "given",
    [
        keras.callbacks.CallbackList(),
        [None],
        [LambdaCallback(), keras.callbacks.CallbackList()],
        keras.callbacks.EarlyStopping,
        "EarlyStopping",
        {"stop": LambdaCallback()},
        3,
    ],
)
def test_only_callbacks_are_allowed(given):
    with pytest.raises(
        InputError, match=r"^callbacks: .* allowed are"
    ) as error:
        training.GivenCallbacks(given)
    assert "\n" not in str(error.value)


def test_one_callback_or_none_is_a_list():
    callback = LambdaCallback()
    assert training.as_callbacks(callback) == [callback]
    assert training.as_callbacks((callback,)) == [callback]
    assert training.as_callbacks(None) == []
