"""Edits within subclassed networks, which no outer config describes."""

import json

import keras
import numpy as np
import pytest

from rethink_keras import InputError
from rethink_keras.results import run_directory
from rethink_keras.runs.identity import layers_within
from tests.runs.test_own_runs import CONFIG, SHAPE, own_run
from tests.support.own import build


class Net(keras.Model):
    """Does not hold the options of its layers in its config."""

    def __init__(self, layers):
        super().__init__()
        self.parts = layers

    def call(self, x):
        for layer in self.parts:
            x = layer(x)
        return x


class Block(keras.layers.Layer):
    """A custom layer with a config of its own, which lacks its dropout."""

    def __init__(self, rate):
        super().__init__()
        self.dropout = keras.layers.Dropout(rate)

    def call(self, x):
        return self.dropout(x)

    def get_config(self):
        return super().get_config()


def net(rate=0.1, l2=0.1, trainable=True, block=False):
    def build_net(input_shape, num_classes):
        layers = [
            keras.layers.Flatten(),
            keras.layers.Dense(
                8,
                kernel_regularizer=keras.regularizers.L2(l2),
                trainable=trainable,
            ),
            Block(rate) if block else keras.layers.Dropout(np.float32(rate)),
            keras.layers.Dense(num_classes),
        ]
        return keras.Sequential(layers) if block else Net(layers)

    return build_net


EDITS = [
    ({}, {"rate": 0.5}),
    ({}, {"l2": 0.5}),
    ({}, {"trainable": False}),
    ({"block": True}, {"block": True, "rate": 0.5}),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_an_edit_within_a_network_makes_another_run(tmp_path, before, after):
    options = {"save_model": False}
    result = own_run(tmp_path, model=net(**before), **options)
    assert own_run(tmp_path, model=net(**before), **options) == result
    with pytest.raises(InputError, match="holds a run with other options"):
        own_run(tmp_path, model=net(**after), **options)


@pytest.mark.parametrize("block", [True, False])
def test_names_of_inner_layers_do_not_matter(block):
    def described():
        model = net(block=block)(SHAPE, 3)
        model(np.zeros((1, *SHAPE), "float32"))
        return layers_within(model)

    keras.utils.clear_session()
    assert len({described() for _ in range(3)}) == 1


def test_the_config_of_a_network_of_keras_classes_describes_it():
    assert layers_within(build(SHAPE, 3)) is None


def without_layers(path):
    """Changes a result into one of an earlier version."""
    result = json.loads((path / "result.json").read_text())
    del result["given"]["model"]["layers"]
    (path / "result.json").write_text(json.dumps(result))
    return result


def test_a_run_of_an_earlier_version_is_found_with_a_warning(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    options = {"model": net(), "save_model": False}
    path = own_run(None, **options).workdir
    earlier = without_layers(path)
    old = run_directory("tensorboard_logs", CONFIG, earlier["given"])
    assert old != path
    path.rename(old)
    found = own_run(None, **options)
    assert (found, found.workdir) == (earlier, old)
    assert "earlier version" in capsys.readouterr().err
