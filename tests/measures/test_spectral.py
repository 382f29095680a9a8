"""Spectral norms, compared with explicit matrices."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.measures import spectral_complexity, spectral_norm


def matrix_of(layer: layers.Conv2D, shape: tuple[int, ...]) -> np.ndarray:
    """The matrix of a convolution: its outputs for all unit images."""
    size = int(np.prod(shape))
    units = np.eye(size, dtype="float32").reshape(size, *shape)
    bias = layer(np.zeros((1, *shape), "float32"))
    return np.asarray(layer(units) - bias).reshape(size, -1)


def network(*given: keras.Layer, shape=(2,), seed=0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input(shape), *given])


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_convolution_has_the_norm_of_its_matrix(strides, padding):
    shape = (7, 6, 2)
    layer = layers.Conv2D(
        3, 3, strides, padding, bias_initializer="random_normal"
    )
    network(layer, shape=shape)
    expected = np.linalg.norm(matrix_of(layer, shape), 2)
    assert spectral_norm(layer) == pytest.approx(expected, rel=1e-4)


def test_a_convolution_with_one_output_and_one_of_zeros():
    one, zeros = layers.Conv2D(1, 2), layers.Conv2D(2, 2)
    network(one, shape=(2, 2, 3))
    expected = np.linalg.norm(np.asarray(one.kernel))
    assert spectral_norm(one) == pytest.approx(expected, rel=1e-5)
    model = network(zeros, shape=(3, 3, 3))
    model.set_weights([0 * weight for weight in model.get_weights()])
    assert spectral_norm(zeros) == 0
    assert spectral_complexity(model, None) == 0


def test_dense_and_batch_norm():
    dense = layers.Dense(2, use_bias=False)
    norm = layers.BatchNormalization(epsilon=0)
    model = network(dense, norm)
    kernel = np.array([[3.0, 0.0], [4.0, 5.0]])
    gamma, variance = np.array([2.0, -3.0]), np.array([4.0, 0.25])
    model.set_weights([kernel, gamma, 0 * gamma, 0 * gamma, variance])
    assert spectral_norm(dense) == pytest.approx(45**0.5)
    assert spectral_norm(norm) == pytest.approx(6)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.Dense(2, name="mine"), "layer=mine: is not built"),
        (layers.Conv2D(2, 3, name="mine"), "layer=mine: is not built"),
        (layers.Embedding(3, 2, name="mine"), "received Embedding"),
        (keras.Sequential(), "received Sequential"),
    ],
)
def test_other_layers_have_no_spectral_norm(layer, words):
    with pytest.raises(InputError, match=words):
        spectral_norm(layer)


def test_a_convolution_needs_the_size_of_its_images():
    layer = layers.Conv2D(2, 3, name="mine")
    network(layer, shape=(None, None, 3))
    alone = layers.Conv2D(2, 3, name="mine")
    alone.build((None, 5, 5, 3))
    for each in (layer, alone):
        with pytest.raises(InputError, match="layer=mine: must be part of"):
            spectral_norm(each)


@pytest.mark.parametrize("kind", ["dense", "norm"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(kind, value):
    layer = layers.Dense(2) if kind == "dense" else layers.BatchNormalization()
    model = network(layer)
    model.set_weights([w * 0 + value for w in model.get_weights()])
    with pytest.raises(InputError, match="that are not finite"):
        spectral_norm(layer)
    with pytest.raises(InputError, match="that are not finite"):
        spectral_complexity(model, ())


def test_spectral_complexity_of_a_linear_network():
    model = network(
        layers.Dense(2, use_bias=False), layers.Dense(2, use_bias=False)
    )
    first, second = np.diag([2.0, 1.0]), np.diag([3.0, 0.5])
    model.set_weights([first, second])
    terms = (3 / 2) ** (2 / 3) + (3.5 / 3) ** (2 / 3)
    assert spectral_complexity(model, None) == pytest.approx(6 * terms**1.5)
    initial = keras.models.clone_model(model)
    initial.set_weights([first, np.zeros((2, 2))])
    only_second = spectral_complexity(model, None, initial=initial)
    assert only_second == pytest.approx(6 * 3.5 / 3)


def test_all_positions_of_a_convolution_count():
    model = network(
        layers.Conv2D(1, 1, use_bias=False), layers.Flatten(), shape=(3, 2, 1)
    )
    model.set_weights([np.full((1, 1, 1, 1), 2.0)])
    assert spectral_complexity(model, None) == pytest.approx(2 * 6, rel=1e-4)


def test_a_layer_that_is_used_twice_is_refused():
    layer = layers.Dense(4, use_bias=False)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layer(layer(inputs)))
    with pytest.raises(InputError, match="more than once"):
        spectral_complexity(model, ())
    once = keras.Sequential([keras.Input((4,)), layer])
    assert spectral_complexity(once, ()) > 0
