"""Runs and networks do not depend on Keras's global settings."""

import keras
import numpy as np
import pytest

from rethink_keras import DivergenceError, RunConfig, run
from rethink_keras.config import MODELS
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.runs import parameters
from rethink_keras.theory.least_squares import RECORDED, Descent, descend

SETTINGS = {
    "image_data_format": "channels_first",
    "floatx": "float16",
    "epsilon": 0.1,
    "dtype_policy": "mixed_bfloat16",
}
SMALL = [name for name in MODELS if name != "inception_v3"]


def current() -> dict:
    return {name: getattr(keras.config, name)() for name in SETTINGS}


def named(settings: dict) -> dict:
    """Replaces the dtype policy by its name."""
    return {k: getattr(v, "name", v) for k, v in settings.items()}


def test_standard_settings_are_the_defaults_of_keras():
    assert named(current()) == STANDARD


def test_settings_are_restored_after_an_error():
    before = current()

    @keras_settings(**SETTINGS)
    def fail():
        assert named(current()) == SETTINGS
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current() == before


@pytest.mark.parametrize(
    "model",
    [
        "mlp_3x512",
        pytest.param("small_alexnet", marks=pytest.mark.slow),
        pytest.param("small_vit", marks=pytest.mark.slow),
    ],
)
def test_a_run_does_not_depend_on_the_settings(tmp_path, model):
    config = RunConfig(
        model=model,
        train_examples=20,
        epochs=2,
        batch_size=10,
        weight_decay=1e-3,
        dropout=0.2,
    )
    plain = run(config, tmp_path / "plain", verbose=False)
    with keras_settings(**SETTINGS):
        other = run(config, tmp_path / "other", verbose=False)
        assert named(current()) == SETTINGS
    for name in ("parameters", "weights", "train_loss", "test_loss"):
        assert other[name] == plain[name], name
    assert other["history"]["loss"] == plain["history"]["loss"]


def test_settings_are_restored_after_a_run_that_fails(tmp_path):
    config = RunConfig(train_examples=50, learning_rate=1e30, epochs=3)
    with keras_settings(**SETTINGS):
        with pytest.raises(DivergenceError):
            run(config, tmp_path, verbose=False)
        assert named(current()) == SETTINGS


@pytest.mark.parametrize("name", SMALL)
def test_builders_always_use_channels_last(name):
    images = np.random.default_rng(0).normal(size=(2, 20, 24, 3))
    networks = []
    for layout in ("channels_last", "channels_first"):
        keras.utils.set_random_seed(0)
        with keras_settings(image_data_format=layout):
            networks.append(MODELS[name].load()((20, 24, 3), 7))
            assert keras.config.image_data_format() == layout
    plain, other = networks
    assert parameters(other) == parameters(plain)
    np.testing.assert_array_equal(other(images), plain(images))


def test_a_descent_does_not_depend_on_the_settings():
    rng = np.random.default_rng(0)
    examples, targets = rng.normal(size=(5, 20)), rng.normal(size=5)
    descent = Descent("SGD", None, 0.9, 0.0, RECORDED)
    plain = descend(examples, targets, descent, seed=0)
    with keras_settings(**SETTINGS):
        other = descend(examples, targets, descent, seed=0)
    np.testing.assert_array_equal(other.distances, plain.distances)
