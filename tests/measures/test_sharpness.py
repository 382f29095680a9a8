"""Sharpness of a network whose answer flips at a known noise."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.measures import sharpness

DATASET = (np.ones((4, 1), "float32"), np.zeros(4, int))
DRAWS = 10


def two_weights() -> keras.Model:
    """A network with the logits 1 and -1."""
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(2, use_bias=False)]
    )
    model.set_weights([np.array([[1.0, -1.0]])])
    return model


def test_sharpness_is_the_inverse_square_of_the_largest_noise():
    sums = [
        np.random.default_rng((5, draw))
        .standard_normal((1, 2), "float32")
        .sum()
        for draw in range(DRAWS)
    ]
    # 1 + sigma * z1 falls below -(1 + sigma * z2) where sigma > -2 / (z1 + z2).
    flips = sorted(-2 / total for total in sums if total < 0)
    found = sharpness(two_weights(), DATASET, draws=DRAWS, seed=5)
    # With a decrease of 10 %, one draw of ten may flip.
    assert found**-0.5 == pytest.approx(flips[1], rel=2e-3)


def test_the_weights_are_restored_and_the_seed_decides():
    model = two_weights()
    first = sharpness(model, DATASET, seed=1)
    np.testing.assert_array_equal(model.get_weights()[0], [[1, -1]])
    assert sharpness(model, DATASET, seed=1) == first
    assert sharpness(model, DATASET, seed=2) != first


def test_scaling_a_layer_leaves_the_sharpness():
    model = two_weights()
    before = sharpness(model, DATASET)
    model.set_weights([np.array([[8.0, -8.0]])])
    assert sharpness(model, DATASET) == before


def test_noise_below_the_first_bracket_is_found():
    """Logits of 1 + 1e-4 and 1, whose order flips at a sigma of about 1e-4."""
    model = two_weights()
    model.set_weights([np.array([[1 + 1e-4, 1.0]])])
    flips = []
    for draw in range(DRAWS):
        z = np.random.default_rng((5, draw)).standard_normal((1, 2), "float32")
        if z[0, 1] > z[0, 0]:
            flips.append(1e-4 / (z[0, 1] - z[0, 0]))
    second = sorted(flips)[1]
    assert second < 2**-11
    found = sharpness(model, DATASET, draws=DRAWS, seed=5)
    assert found**-0.5 == pytest.approx(second, rel=5e-3)


def test_a_network_that_no_noise_changes_has_the_least_sharpness():
    model = two_weights()
    model.set_weights([np.zeros((1, 2))])
    assert sharpness(model, DATASET) == pytest.approx(1 / 256, rel=2e-3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("decrease", 0),
        ("decrease", 1.0),
        ("decrease", "0.1"),
        ("draws", 0),
        ("draws", 2.5),
        ("seed", -1),
    ],
)
def test_options_are_checked(option, value):
    with pytest.raises(InputError, match=f"^{option}={value}: must be"):
        sharpness(two_weights(), DATASET, **{option: value})
