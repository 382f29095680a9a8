"""Callbacks and the learning rate; callbacks in a resumed run."""

import csv
import os
import pathlib
import sys

import keras
import numpy as np
import pytest

from rethink_keras import InputError, models, training
from rethink_keras.models.optimizer import SGD
from tests.support.processes import finish
from tests.support.tiny_fits import EPOCHS, RATE, Fit, plain

ROOT = pathlib.Path(__file__).parents[2]
VALIDATED = {"loss", "accuracy", "val_loss", "val_accuracy"}
Callback = keras.callbacks.Callback
LambdaCallback = keras.callbacks.LambdaCallback
LearningRateScheduler = keras.callbacks.LearningRateScheduler


def test_a_decay_of_1_gives_the_weights_of_a_constant_schedule():
    constant = keras.optimizers.schedules.ExponentialDecay(
        RATE, 3, 1.0, staircase=True
    )
    fit = Fit(optimizer=SGD(constant, momentum=0.9))
    assert Fit().weights == fit.weights


@pytest.mark.parametrize(
    "optimizer", [plain, keras.optimizers.AdamW], ids=["sgd", "adamw"]
)
def test_steps_use_the_learning_rate_that_a_callback_sets(optimizer):
    """One callback halves the rate after epochs 2 and 3; another sets it."""
    reduce = keras.callbacks.ReduceLROnPlateau(
        "accuracy", factor=0.5, patience=1, min_delta=1.0
    )
    reduced = Fit(reduce, optimizer=optimizer(RATE))
    rates = [RATE, RATE, RATE / 2, RATE / 4]
    assert reduced.history["learning_rate"] == rates
    scheduler = LearningRateScheduler(lambda epoch, _: rates[epoch])
    scheduled = Fit(scheduler, optimizer=optimizer(RATE))
    assert scheduled.weights == reduced.weights
    assert scheduled.weights != Fit(optimizer=optimizer(RATE)).weights


def test_optimizers_with_a_schedule_and_with_averaged_weights():
    cosine = keras.optimizers.schedules.CosineDecay(0.1, 3 * EPOCHS)
    optimizer = keras.optimizers.AdamW(cosine, use_ema=True, ema_momentum=0.5)
    fit = Fit([LambdaCallback()], optimizer=optimizer)
    expected = [float(cosine(3 * epoch)) for epoch in range(EPOCHS)]
    assert fit.history["learning_rate"] == expected
    averages = optimizer._model_variables_moving_average
    for weight, average in zip(
        fit.model.trainable_variables, averages, strict=True
    ):
        np.testing.assert_array_equal(weight.numpy(), average.numpy())


def test_scaling_the_loss_does_not_change_the_weights():
    scaled = keras.optimizers.LossScaleOptimizer(plain(), initial_scale=1024.0)
    wanted = Fit().weights
    assert Fit([Callback()], optimizer=scaled).weights == wanted
    factor = SGD(RATE, momentum=0.9, loss_scale_factor=1024.0)
    assert Fit(optimizer=factor).weights == wanted


class KilledError(Exception):
    """Ends a training as a crash does."""


def killer(step: tuple[int, int]) -> Callback:
    def begin_batch(batch, logs):
        if (callback.epoch, batch) == step:
            raise KilledError

    def begin_epoch(epoch, logs):
        callback.epoch = epoch

    callback = LambdaCallback(begin_epoch, on_train_batch_begin=begin_batch)
    return callback


@pytest.mark.parametrize(
    "step", [(2, 0), (2, 1)], ids=["after_an_epoch", "within_an_epoch"]
)
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, monkeypatch, step):
    """After an epoch and within one, where the rate is already set."""
    monkeypatch.setattr(training.Checkpoints, "affordable", lambda self: True)

    def rescale(*_):
        kernel = callbacks[0].model.trainable_variables[0]
        kernel.assign(kernel * 0.9)

    def fit(name, extra=()):
        (tmp_path / name).mkdir(exist_ok=True)
        callbacks[:] = [
            LambdaCallback(on_train_begin=rescale, on_epoch_begin=rescale),
            LearningRateScheduler(lambda epoch, rate: rate * 0.5),
            keras.callbacks.CSVLogger(tmp_path / name / "log", append=True),
        ]
        saved = training.Checkpoints(tmp_path / name, run={}, minutes=0)
        result = Fit([*callbacks, *extra], checkpoints=saved)
        with open(tmp_path / name / "log", newline="") as file:
            rows = list(csv.DictReader(file))
        return result, [{**row, "seconds": None} for row in rows]

    callbacks: list[Callback] = []
    whole, rows = fit("whole")
    with pytest.raises(KilledError):
        fit("parts", [killer(step)])
    resumed, resumed_rows = fit("parts")
    assert resumed.begun == step
    assert resumed.weights == whole.weights
    assert resumed.history["learning_rate"] == whole.history["learning_rate"]
    assert resumed_rows == rows
    assert {*rows[0]} > VALIDATED | {"epoch", "learning_rate"}
    assert [row["epoch"] for row in rows] == list("0123")


@pytest.mark.parametrize(
    "callback",
    [
        LearningRateScheduler(lambda epoch: 0.1),
        keras.callbacks.ReduceLROnPlateau("loss"),
    ],
)
def test_a_schedule_and_a_callback_that_sets_the_rate_are_refused(callback):
    scheduled = models.sgd(0.1, decay=0.9, momentum=0.9, steps_per_epoch=3)
    name = type(callback).__name__
    wanted = rf"^callbacks: {name} .* learning_rate_decay=1, .* optimizer="
    with pytest.raises(InputError, match=wanted):
        Fit([Callback(), callback], optimizer=scheduled)
    training.check_learning_rate([callback], plain())
    training.check_learning_rate([Callback()], scheduled)


def test_callbacks_whose_state_is_lost_on_resume(tmp_path):
    class Scheduler(LearningRateScheduler):
        """May remember something."""

    log = tmp_path / "log"
    assert training.stateful_callbacks(
        [
            LambdaCallback(),
            LearningRateScheduler(lambda epoch: 0.1),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.CSVLogger(log, append=True),
            keras.callbacks.CSVLogger(log),
            keras.callbacks.EarlyStopping(),
            Scheduler(lambda epoch: 0.1),
        ]
    ) == ["CSVLogger", "EarlyStopping", "Scheduler"]


MIRRORED = """
import keras
from rethink_keras import models, training
devices = training.find_devices("mirrored")
from tests.support.processes import finish
from tests.support.tiny_fits import RATE, Fit
assert devices.replicas == 2
reduce = keras.callbacks.ReduceLROnPlateau(
    "accuracy", factor=0.5, patience=1, min_delta=1.0
)
with devices.scope():
    same = [Fit(given).weights for given in (None, [])]
    fit = Fit([reduce])
assert same[0] == same[1]
assert fit.weights != same[0]
assert fit.history["learning_rate"] == [RATE, RATE, RATE / 2, RATE / 4]
"""


@pytest.mark.distributed
@pytest.mark.slow
def test_callbacks_set_the_learning_rate_on_two_devices():
    done = finish([sys.executable, "-c", MIRRORED], cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="runs this file on JAX"
)
def test_callbacks_set_the_learning_rate_on_jax():
    pytest.importorskip("jax", reason="the extra [jax] is not installed")
    chosen = "adamw or within_an_epoch or averaged"
    command = [sys.executable, "-m", "pytest", "-q", __file__, "-k", chosen]
    done = finish(command, env={**os.environ, "KERAS_BACKEND": "jax"})
    assert done.returncode == 0, done.stdout
