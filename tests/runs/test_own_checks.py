"""Networks, images and settings that a run refuses, and what it says."""

import dataclasses
import inspect
from functools import partial

import keras
import numpy as np
import pytest

from rethink_keras import InputError, RunConfig, load_result
from rethink_keras.data import from_arrays
from rethink_keras.keras_settings import keras_settings
from rethink_keras.runs import InMemoryInputs, build_model
from rethink_keras.runs.arguments import resolve
from rethink_keras.runs.optimizers import copy_of
from rethink_keras.runs.saving import check_saving
from tests.runs.test_own_runs import CONFIG, SHAPE, own_run
from tests.support.own import build, dropped_out, pair

SCALED = RunConfig(epochs=1, batch_size=20, standardize=False)


def built(model, config=CONFIG, shape=SHAPE):
    """The network of a run with a model of one's own."""
    given = {"data": None, "optimizer": None, "callbacks": ()}
    arguments = resolve(config, model=model, **given)
    return build_model(config, shape, 3, arguments.network)


def ending(last):
    def with_end(input_shape, num_classes):
        inputs = keras.Input(input_shape)
        x = keras.layers.Dense(num_classes)(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, last(x))

    return with_end


@pytest.mark.parametrize(
    "last",
    [
        *map(
            keras.layers.Activation,
            [
                "exponential",
                "hard_sigmoid",
                "hard_tanh",
                "relu",
                "relu6",
                "softplus",
                "softsign",
                "sparse_plus",
                "squareplus",
                "tanh",
            ],
        ),
        keras.layers.ReLU(),
        keras.ops.relu,
        keras.ops.tanh,
    ],
)
def test_outputs_that_logits_would_exceed_are_refused(last):
    with pytest.raises(InputError, match="must return logits; received output"):
        built(ending(last))


@pytest.mark.parametrize(
    "last",
    [
        *map(keras.layers.Activation, ("linear", "leaky_relu", "log_softmax")),
        keras.layers.LeakyReLU(),
        keras.layers.ReLU(negative_slope=0.1),
        lambda x: 10 * keras.ops.tanh(x),
    ],
)
def test_outputs_that_are_unbounded_below_are_logits(last):
    built(ending(last))


def floats(scale, shift=0):
    return tuple(((scale * x + shift).astype("float32"), y) for x, y in pair())


@pytest.mark.parametrize(
    ("data", "config"),
    [
        (pair(), SCALED),
        (floats(1 / 255), SCALED),
        (floats(1 / 64, shift=-2), SCALED),  # standardized by the user
        (floats(1), CONFIG),
    ],
)
def test_images_on_a_scale_that_a_run_expects_are_taken(data, config):
    InMemoryInputs.load(config, from_arrays(data).examples)


def test_floats_from_0_to_255_are_refused_without_standardization(tmp_path):
    examples = from_arrays(floats(1)).examples
    with pytest.raises(InputError, match=r"float images reach 255, .* by 255"):
        InMemoryInputs.load(SCALED, examples)
    result = own_run(tmp_path, SCALED)
    with pytest.raises(InputError, match="images: float images reach 255"):
        result.inputs(floats(1)[0][0])


@pytest.mark.parametrize("shape", [(8, 10), (2, 3, 8, 10, 1), (5, 9, 10, 1)])
def test_inputs_of_another_shape_are_refused(finished, shape):
    with pytest.raises(InputError, match=r"^images: must be .*; received \["):
        finished[1].inputs(np.zeros(shape, "uint8"))


def test_a_builder_whose_default_is_not_used_says_both_ways_out():
    with pytest.raises(InputError, match=r"set dropout=0\.5 .* function to 0"):
        built(dropped_out)


def test_a_global_dtype_policy_needs_the_same_precision(tmp_path):
    with keras_settings(dtype_policy="mixed_bfloat16"):
        with pytest.raises(InputError, match="pass precision=mixed_bfloat16"):
            own_run(tmp_path / "refused")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        config = dataclasses.replace(CONFIG, precision="mixed_bfloat16")
        own_run(tmp_path / "same", config)
    with (
        keras_settings(dtype_policy="float64"),
        pytest.raises(InputError, match="set it to float32"),
    ):
        own_run(tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def wrong_units(input_shape, num_classes):
    return build(input_shape, num_classes, units=-1)


def test_an_error_within_a_builder_names_the_innermost_line_of_the_user():
    lines, first = inspect.getsourcelines(build)
    (line,) = (i for i, text in enumerate(lines) if "Dense(units" in text)
    with pytest.raises(InputError) as raised:
        built(wrong_units)
    assert str(raised.value).endswith(f"own.py:{first + line}")
    with pytest.raises(InputError, match="must be a function"):
        built(lambda: 0)


def test_only_a_run_that_crops_is_told_of_center_crop():
    other = partial(lambda *_: build((8, 10, 1), 3))
    whole = dataclasses.replace(CONFIG, center_crop=False)
    with pytest.raises(InputError, match="see center_crop"):
        built(other)
    with pytest.raises(InputError, match="cannot be called") as raised:
        built(other, whole)
    assert "center_crop" not in str(raised.value)


def test_an_input_of_bytes_should_drop_its_dtype():
    def of_bytes(input_shape, num_classes):
        inputs = keras.Input(input_shape, dtype="uint8")
        x = keras.layers.Flatten()(keras.ops.cast(inputs, "float32"))
        return keras.Model(inputs, keras.layers.Dense(num_classes)(x))

    with pytest.raises(InputError, match=r"input is uint8, .* drop dtype"):
        built(of_bytes)


def test_functions_without_a_name_are_to_be_replaced():
    with pytest.raises(InputError, match="learning rate is a function; pass a"):
        copy_of(keras.optimizers.SGD(lambda: 0.05))
    model = build(SHAPE, 3)
    model.add(keras.layers.Lambda(lambda x: 2 * x))
    with pytest.raises(InputError, match=r"replace Lambda .* save_model=False"):
        check_saving(model, "own")


@pytest.mark.parametrize("workdir", [None, 3])
def test_a_result_is_loaded_from_a_path(workdir):
    with pytest.raises(
        InputError, match=f"workdir={workdir}: must be the path"
    ):
        load_result(workdir)


@keras.saving.register_keras_serializable()
class Constant(keras.layers.Layer):
    """Multiplies by random numbers that no training changes."""

    def build(self, input_shape):
        self.factor = self.add_weight(
            shape=input_shape[-1:], initializer="normal", trainable=False
        )

    def call(self, x):
        return self.factor * x


@pytest.mark.parametrize("with_input", [True, False])
def test_a_copy_keeps_constants_and_not_moving_statistics(with_input):
    model = keras.Sequential(
        [
            *[keras.Input(SHAPE)] * with_input,
            keras.layers.Flatten(),
            keras.Sequential([Constant()]),
            keras.layers.BatchNormalization(center=False, scale=False),
            keras.layers.Dense(3),
        ]
    )
    model(np.zeros((1, *SHAPE), "float32"))
    _, constant, norm, dense = model.layers
    norm.set_weights([w + 1 for w in norm.get_weights()])
    _, copied, new_norm, new_dense = built(model).layers
    np.testing.assert_array_equal(copied.get_weights(), constant.get_weights())
    assert (new_norm.get_weights()[0] == 0).all()
    assert (new_dense.get_weights()[0] != dense.get_weights()[0]).any()
