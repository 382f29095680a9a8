"""Callbacks that a run cannot give what they use."""

import keras
import pytest

from rethink_keras import InputError, RunConfig
from tests.runs.test_own_runs import own_run

EarlyStopping = keras.callbacks.EarlyStopping
ModelCheckpoint = keras.callbacks.ModelCheckpoint


@pytest.mark.parametrize(
    ("callback", "named"),
    [
        (lambda path: EarlyStopping(), "EarlyStopping with monitor=val_loss"),
        (
            lambda path: ModelCheckpoint(
                path / "x.keras", "val_accuracy", save_best_only=True
            ),
            "ModelCheckpoint with monitor=val_accuracy",
        ),
        (
            lambda path: ModelCheckpoint(path / "{val_loss:.2f}.keras"),
            "ModelCheckpoint with filepath=.*val_loss",
        ),
    ],
)
def test_validation_needs_held_out_images(tmp_path, callback, named):
    callbacks = callback(tmp_path)
    with pytest.raises(InputError, match=f"{named}.* validation_examples"):
        own_run(tmp_path / "refused", callbacks=callbacks)
    assert not (tmp_path / "refused").exists()
    config = RunConfig(epochs=1, batch_size=20, validation_examples=9)
    own_run(tmp_path / "run", config, callbacks=callback(tmp_path))


def test_callbacks_that_use_no_validation_are_accepted(tmp_path):
    class Own(keras.callbacks.Callback):
        """Measures val_loss itself."""

        monitor = "val_loss"

    callbacks = [
        EarlyStopping("loss"),
        ModelCheckpoint(tmp_path / "{epoch}.keras"),
        Own(),
    ]
    own_run(tmp_path / "run", callbacks=callbacks)
    assert (tmp_path / "1.keras").exists()
