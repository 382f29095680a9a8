"""What tells networks of one's own apart, and the names of their runs."""

import keras
import pytest

from rethink_keras import RunConfig
from rethink_keras.results import run_name
from rethink_keras.runs.identity import architecture

SHAPE = (7, 8, 1)


def residual(input_shape, num_classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(8)(keras.layers.Flatten()(inputs))
    x = keras.ops.relu(x + keras.layers.Dense(8)(x)) * 2
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))


def nested(input_shape, num_classes):
    inner = residual(input_shape, 4)
    inputs = keras.Input(input_shape)
    outputs = keras.layers.Dense(num_classes)(inner(inputs) + inner(inputs))
    return keras.Model(inputs, outputs)


def activations(input_shape, num_classes, activation="elu"):
    """The layer ELU has the name of the activation, if it is the first."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation),
            keras.layers.ELU(),
            keras.layers.Dense(num_classes),
        ]
    )


@pytest.mark.parametrize("build", [residual, nested, activations])
def test_names_that_keras_counts_up_do_not_change_the_architecture(build):
    keras.utils.clear_session()
    assert len({architecture(build(SHAPE, 3)) for _ in range(3)}) == 1


def test_activations_change_the_architecture():
    keras.utils.clear_session()
    first = architecture(activations(SHAPE, 3))
    assert architecture(activations(SHAPE, 3, "relu")) != first


def test_the_place_of_a_lambda_does_not_change_the_architecture():
    source = "keras.layers.Lambda(lambda x: 2 * x)"
    found = set()
    for before, file in (("", "a"), ("\n\n", "b")):
        double = eval(compile(f"({before}{source})", file, "eval"))
        model = keras.Sequential([keras.Input(SHAPE), double])
        found.add(architecture(model))
    assert len(found) == 1


@pytest.mark.parametrize("name", ["x" * 300, "ネ" * 300])
def test_long_names_of_builders_fit_into_a_directory_name(name):
    given = {"model": {"name": name, "architecture": "0"}}
    assert len(run_name(RunConfig(), given).encode()) <= 255


def test_a_data_set_may_have_a_slash_in_its_name():
    given = {"model": {"name": "build", "architecture": "0"}}
    name = run_name(RunConfig(dataset="cmaterdb/bangla"), given)
    assert name.startswith("labels,build-")
    assert "cmaterdb_bangla-" in name
