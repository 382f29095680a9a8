"""Norms of weights, compared with small cases computed by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.measures import (
    distance_from_initialization,
    parameter_norm,
    path_norm,
    sharpness,
    spectral_complexity,
)

FIRST = np.array([[1.0, -2.0], [3.0, 0.5]])
SECOND = np.array([[2.0, 1.0], [-1.0, 4.0]])
BIAS = np.array([0.5, -3.0])


def two_layers(first=FIRST, second=SECOND, bias=BIAS) -> keras.Model:
    """A linear network of two layers, the first with a bias."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(2),
            layers.Dense(2, use_bias=False),
        ]
    )
    model.set_weights([first, bias, second])
    return model


def test_the_parameter_norm_is_that_of_all_weights():
    squares = sum(np.sum(w**2) for w in (FIRST, SECOND, BIAS))
    assert parameter_norm(two_layers(), None) == pytest.approx(squares**0.5)


def test_the_distance_is_that_of_all_weights():
    initial = two_layers(
        first=FIRST + np.diag([3, 0]), bias=BIAS - 4 * np.eye(2)[1]
    )
    distance = distance_from_initialization(two_layers(), None, initial=initial)
    assert distance == pytest.approx(5)


def test_initial_weights_must_have_the_same_shapes():
    other = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    with pytest.raises(InputError, match=r"initial=.*must have the weights"):
        distance_from_initialization(two_layers(), None, initial=other)


def test_the_path_norm_sums_the_products_of_squares():
    paths = [
        FIRST[i, j] * SECOND[j, k]
        for i in range(2)
        for j in range(2)
        for k in range(2)
    ]
    paths += [BIAS[j] * SECOND[j, k] for j in range(2) for k in range(2)]
    expected = np.sqrt(np.square(paths).sum())
    assert path_norm(two_layers(), None) == pytest.approx(expected)


def test_rescaling_hidden_units_leaves_the_path_norm():
    factors = np.array([4.0, 0.25])
    scaled = two_layers(
        FIRST * factors, SECOND / factors[:, None], factors * BIAS
    )
    assert path_norm(scaled, None) == pytest.approx(
        path_norm(two_layers(), None)
    )
    assert parameter_norm(scaled, None) != pytest.approx(
        parameter_norm(two_layers(), None)
    )


def test_the_path_norm_folds_batch_norm():
    model = keras.Sequential(
        [keras.Input((2,)), layers.BatchNormalization(epsilon=0.25)]
    )
    gamma, beta, mean, variance = [3, 1], [5, 0], [1, 2], [0.75, 2]
    model.set_weights(list(map(np.array, (gamma, beta, mean, variance))))
    # The channels are 3x + 2 and 2/3 x - 4/3.
    expected = (9 + 4 + 4 / 9 + 16 / 9) ** 0.5
    assert path_norm(model, None) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("center", [True, False])
def test_the_path_norm_takes_batch_norm_without_scale_or_offset(scale, center):
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.BatchNormalization(epsilon=0.25, scale=scale, center=center),
        ]
    )
    gamma, beta, mean, variance = [3, 1], [5, 0], [1, 2], [0.75, 2]
    weights = [*[gamma] * scale, *[beta] * center, mean, variance]
    model.set_weights(list(map(np.array, weights)))
    factors = np.array([3, 2 / 3] if scale else [1, 2 / 3])
    shifts = np.array(beta) * center - factors * mean
    expected = np.sqrt((factors**2 + shifts**2).sum())
    assert path_norm(model, None) == pytest.approx(expected, rel=1e-6)


def test_the_path_norm_does_not_need_the_loss_of_a_compiled_network():
    model = two_layers()
    expected = path_norm(model, None)
    model.compile("sgd", loss=lambda y, logits: keras.ops.sum(logits - y))
    assert path_norm(model, None) == pytest.approx(expected)
    assert model.compiled


class Add(layers.Layer):
    """A layer of one's own."""

    def call(self, inputs):
        return inputs + 3


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.LayerNormalization(name="mine"), "mine (LayerNormalization)"),
        (
            layers.Dense(2, activation="tanh", name="mine"),
            "mine (Dense) with activation tanh",
        ),
        (layers.Activation("gelu", name="mine"), "with activation gelu"),
        (layers.ReLU(6.0, name="mine"), "mine (ReLU)"),
        (layers.ReLU(threshold=1.0, name="mine"), "mine (ReLU)"),
        (Add(name="mine"), "mine (Add)"),  # not Keras's function of this name
    ],
)
def test_other_layers_are_named(layer, words):
    model = keras.Sequential([keras.Input((2,)), layer])
    with pytest.raises(InputError) as raised:
        path_norm(model, None)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


class Hidden(keras.Model):
    """A network with an activation that no layer shows."""

    def __init__(self):
        super().__init__(name="hidden")
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return keras.ops.tanh(self.dense(inputs))


def scaled(x):
    return 3 * layers.Dense(2)(x)


def shifted(x):
    return layers.Dense(2)(x) + 3.0


def gelu(x):
    return keras.activations.gelu(layers.Dense(2)(x))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (scaled, "(Multiply)"),
        (shifted, "(Add)"),
        (gelu, "(Gelu)"),
        (None, "Hidden"),
    ],
)
def test_functions_between_layers_are_named(build, words):
    if build is None:
        model = Hidden()
        model(np.zeros((1, 2)))
    else:
        inputs = keras.Input((2,))
        model = keras.Model(inputs, layers.Dense(2)(build(inputs)))
    for norm in (path_norm, spectral_complexity):
        with pytest.raises(InputError) as raised:
            norm(model, None)
        assert words in str(raised.value)
        assert "\n" not in str(raised.value)


def test_relu_and_sums_are_functions_or_layers():
    def network(relu, add, concatenate):
        inputs = keras.Input((2,))
        x = relu(layers.Dense(3)(inputs))
        x = concatenate([add([x, layers.Dense(3)(inputs)]), inputs])
        return keras.Model(inputs, layers.Dense(2)(x))

    ops = keras.ops
    functions = network(
        ops.relu,
        lambda x: ops.add(*x),
        lambda x: ops.concatenate(x, axis=-1),
    )
    others = network(layers.ReLU(), layers.Add(), layers.Concatenate())
    others.set_weights(functions.get_weights())
    assert path_norm(functions, None) == path_norm(others, None)


@pytest.mark.parametrize("measure", [path_norm, spectral_complexity])
def test_images_of_any_size_are_refused(measure):
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    with pytest.raises(InputError, match="of any size"):
        measure(model, ())


@pytest.mark.parametrize("measure", [parameter_norm, sharpness])
def test_networks_without_trainable_weights_are_refused(measure):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.trainable = False
    data = np.zeros((4, 3), "float32"), np.zeros(4, int)
    with pytest.raises(InputError, match="has no trainable weights"):
        measure(model, data)
