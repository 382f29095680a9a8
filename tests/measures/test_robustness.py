"""Critical samples of linear classifiers, whose radius is known."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.keras_settings import keras_settings
from rethink_keras.measures import critical_sample_ratio, inverse_margin

WEIGHTS = np.array([[1.0, -1.0], [0.5, 2.0], [-3.0, 0.0]])
X = np.array([[1, 0, 0], [0.2, -0.3, 0], [0, 0, -2.0], [0, 1, 1]])


def linear() -> keras.Model:
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, use_bias=False)]
    )
    model.set_weights([WEIGHTS])
    return model


def test_the_critical_radius_is_the_margin_over_the_l1_norm():
    direction = WEIGHTS[:, 0] - WEIGHTS[:, 1]
    radii = np.sort(np.abs(X @ direction) / np.abs(direction).sum())
    assert len(set(radii)) == len(X)
    for count, radius in enumerate(radii):
        for factor, expected in ((0.999, count), (1.001, count + 1)):
            ratio = critical_sample_ratio(
                linear(), (X, np.zeros(4, int)), radius=radius * factor
            )
            assert ratio == pytest.approx(expected / 4)


def test_logits_of_16_bits_have_the_same_ratio():
    direction = WEIGHTS[:, 0] - WEIGHTS[:, 1]
    radii = np.sort(np.abs(X @ direction) / np.abs(direction).sum())
    radius = radii[1:3].mean()
    with keras_settings(dtype_policy="mixed_bfloat16"):
        coarse = linear()
    ratios = [
        critical_sample_ratio(model, (X, np.zeros(4, int)), radius=radius)
        for model in (linear(), coarse)
    ]
    assert ratios == [0.5, 0.5]


@pytest.mark.parametrize("measure", [critical_sample_ratio, inverse_margin])
def test_a_network_with_one_output_is_refused(measure):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    with pytest.raises(InputError, match="must return logits"):
        measure(model, (X, np.zeros(4, int)))


def test_a_hidden_layer_is_searched_through():
    model = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(2, activation="relu", use_bias=False),
            layers.Dense(2, use_bias=False),
        ]
    )
    model.set_weights([np.array([[1.0, -1.0]]), np.eye(2)])
    x = np.array([[0.13], [-0.33], [0.5], [-0.7]])
    ratio = critical_sample_ratio(model, (x, np.zeros(4, int)), radius=0.4)
    assert ratio == 0.5


class Subclassed(keras.Model):
    """The network of `linear` with a forward pass of its own."""

    def __init__(self):
        super().__init__()
        self.network = linear()

    def call(self, inputs):
        return self.network(inputs)


def test_any_model_that_returns_logits_is_searched():
    data = X, np.zeros(4, int)
    for radius in (0.1, 0.4, 1.0):
        expected = critical_sample_ratio(linear(), data, radius=radius)
        found = critical_sample_ratio(Subclassed(), data, radius=radius)
        assert found == expected


@pytest.mark.parametrize(
    ("option", "value"),
    [("radius", 0), ("radius", np.inf), ("radius", "1"), ("steps", 0)],
)
def test_options_are_checked(option, value):
    with pytest.raises(InputError, match=f"^{option}={value}: must be"):
        critical_sample_ratio(
            linear(), (X, np.zeros(4, int)), **{option: value}
        )
