"""What a run takes over from a network of one's own, and what it does not."""

import dataclasses
from functools import partial

import keras
import numpy as np
import pytest

from rethink_keras import InputError, RunConfig, load_result, run
from rethink_keras.config import MODELS, register_model
from rethink_keras.keras_settings import keras_settings
from rethink_keras.runs import build_model
from rethink_keras.runs.arguments import resolve
from tests.runs.test_own_runs import CONFIG, SHAPE, own_run
from tests.support.own import build, pair, rescaled


def test_layers_of_an_earlier_run_are_refused_unless_they_are_frozen(tmp_path):
    base = keras.layers.Dense(4)

    def around(input_shape, num_classes):
        inputs = keras.Input(input_shape)
        x = base(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, keras.layers.Dense(num_classes)(x))

    own_run(tmp_path / "first", model=around)
    with pytest.raises(InputError, match="layers of an earlier run's network"):
        own_run(tmp_path / "second", model=around, optimizer="adam")
    base.trainable = False
    before = base.get_weights()
    own_run(tmp_path / "third", model=around)
    for one, other in zip(before, base.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("with_input", [True, False])
def test_a_copy_keeps_what_training_does_not_give_it(tmp_path, with_input):
    """The outputs of its adapted and frozen layers are those of the model."""
    adapted = keras.layers.Normalization(axis=None)
    adapted.adapt(np.array([3.0, 7.0]))
    frozen = keras.layers.TimeDistributed(
        keras.layers.Dense(4, trainable=False)
    )
    model = keras.Sequential(
        [
            *[keras.Input(SHAPE)] * with_input,
            adapted,
            keras.layers.Reshape((SHAPE[0], -1)),
            frozen,
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    images = np.random.default_rng(0).random((2, *SHAPE), "float32")
    model(images)
    result = own_run(tmp_path, model=model)
    for copy in (result.model, load_result(tmp_path).model):
        one = other = images
        for layer, twin in list(zip(model.layers, copy.layers, strict=True))[
            :3
        ]:
            one, other = layer(one), twin(other)
            np.testing.assert_array_equal(one, other)


def test_subclasses_that_only_build_themselves_are_copied(tmp_path):
    class Own(keras.Sequential):
        def __init__(self, units):
            super().__init__(build(SHAPE, units).layers)

    assert own_run(tmp_path, model=Own(3))["epochs"] == 2


@pytest.mark.parametrize("kind", ["operation", "order"])
def test_activations_before_the_last_layer_are_allowed(tmp_path, kind):
    inputs = keras.Input(SHAPE)
    x = keras.layers.Flatten()(inputs)
    if kind == "operation":
        outputs = 10 * keras.layers.Dense(3, "tanh")(x)
        model = keras.Model(inputs, outputs)
    else:
        model = HeadFirst(3)
    assert (
        own_run(tmp_path, model=lambda *_: model, save_model=False)["epochs"]
        == 2
    )


class HeadFirst(keras.Model):
    """Creates its last layer before the layer that it follows."""

    def __init__(self, num_classes):
        super().__init__()
        self.head = keras.layers.Dense(num_classes)
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(8, "tanh")

    def call(self, images):
        return self.head(self.hidden(self.flatten(images)))


@pytest.mark.parametrize("change", ["weights", "code"])
def test_a_network_that_was_edited_is_not_taken_for_the_finished_one(
    tmp_path, change
):
    scale, layer = [1.0], keras.layers.Dense

    class Scaled(layer):
        def call(self, x):
            return scale[0] * super().call(x)

    def edited(input_shape, num_classes):
        model = keras.Sequential(
            [
                keras.Input(input_shape),
                keras.layers.Flatten(),
                Scaled(num_classes),
            ]
        )
        if change == "weights" and scale[0] > 1:
            model.set_weights([2 * w for w in model.get_weights()])
        return model

    options = {"model": edited, "save_model": False}
    result = own_run(tmp_path, **options)
    assert own_run(tmp_path, **options) == result
    scale[0] = 1.5
    with pytest.raises(InputError, match="other outputs before training"):
        own_run(tmp_path, **options)


def test_an_option_of_a_builder_with_a_default_can_be_set(tmp_path):
    received = []

    def decays(input_shape, num_classes, weight_decay=1e-4):
        received.append(weight_decay)
        return build(input_shape, num_classes)

    config = RunConfig(epochs=1, batch_size=20, weight_decay=5e-4)
    own_run(tmp_path, config, model=decays)
    assert received == [5e-4]


def test_keyword_arguments_get_only_the_options_that_are_set(tmp_path):
    received = []

    def takes_any(input_shape, num_classes, **options):
        received.append(options)
        return build(input_shape, num_classes)

    register_model(
        "own", learning_rate=0.1, epochs=1, batch_size=30, batch_norm=True
    )(takes_any)
    config = RunConfig(model="own")
    try:
        run(config, tmp_path / "own", data=pair(), verbose=False)
    finally:
        MODELS.pop("own")
    assert received.pop() == {"batch_norm": True}
    for decay in (0.0, 1e-3):
        config = RunConfig(epochs=1, batch_size=20, weight_decay=decay)
        own_run(tmp_path / str(decay), config, model=takes_any)
    assert received == [{}, {"weight_decay": 1e-3}]


def test_a_compiled_network_is_copied_without_its_loss():
    network = build(SHAPE, 3)
    network.compile("sgd", loss=lambda y, logits: keras.ops.sum(logits))
    given = {"model": network, "data": None, "callbacks": None}
    with pytest.raises(InputError, match="is compiled with SGD, which a run"):
        resolve(CONFIG, **given, optimizer=None)
    arguments = resolve(CONFIG, **given, optimizer=network.optimizer)
    copy = build_model(CONFIG, SHAPE, 3, arguments.network)
    assert copy is not network
    assert (copy.compiled, network.compiled) == (False, True)


def test_a_copy_trains_in_the_precision_that_it_was_built_in(tmp_path):
    with keras_settings(dtype_policy="mixed_bfloat16"):
        model = build(SHAPE, 3)
    config = dataclasses.replace(CONFIG, precision="mixed_bfloat16")
    assert own_run(tmp_path, config, model=model)["epochs"] == 2


def test_pixels_from_0_to_1_can_be_rescaled(tmp_path):
    config = dataclasses.replace(CONFIG, standardize=False)
    doubled = partial(rescaled, scale=2.0)
    assert own_run(tmp_path, config, model=doubled)["epochs"] == 2
