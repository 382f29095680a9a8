"""Networks that measures refuse, whichever measure it is."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras.errors import InputError
from rethink_keras.measures import (
    critical_sample_ratio,
    inverse_margin,
    margin,
    path_norm,
    sharpness,
    spectral_complexity,
)
from rethink_keras.measures.datasets import accuracy_of

X = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
DATASET = X, np.arange(6) % 2
OF_LOGITS = [critical_sample_ratio, inverse_margin, sharpness]
OF_WEIGHTS = [path_norm, spectral_complexity]


def dense(activation=None, units=2) -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(units, activation=activation)]
    )


class Subclassed(keras.Model):
    """A network with a function of one's own at its end."""

    def __init__(self, function):
        super().__init__()
        self.network, self.function = dense(), function

    def call(self, inputs):
        return self.function(self.network(inputs))


def normalized(logits):
    """Softmax, of which Keras does not know."""
    exponentials = keras.ops.exp(logits)
    return exponentials / keras.ops.sum(exponentials, axis=1, keepdims=True)


def nested() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), dense("tanh")])


@pytest.mark.parametrize("measure", OF_LOGITS)
@pytest.mark.parametrize(
    "build",
    [
        lambda: dense("softmax"),
        lambda: dense("sigmoid"),
        lambda: dense("tanh"),
        lambda: dense("relu"),
        nested,
        lambda: Subclassed(keras.activations.sigmoid),
        lambda: Subclassed(normalized),
    ],
)
def test_bounded_outputs_are_not_logits(build, measure):
    with pytest.raises(InputError, match="must return logits; received"):
        measure(build(), DATASET)


def test_logits_of_any_sign_and_sum_are_measured():
    relu = Subclassed(lambda logits: keras.ops.relu(logits) + 1)
    zero_sum = Subclassed(lambda x: x - keras.ops.mean(x, 1, keepdims=True) + 1)
    for model in (relu, zero_sum):
        assert np.isfinite(margin(model, DATASET))


@pytest.mark.parametrize("measure", OF_LOGITS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_must_be_finite(measure, value):
    model = dense()
    model.set_weights([w + value for w in model.get_weights()])
    with pytest.raises(InputError, match="outputs are not finite"):
        measure(model, DATASET)


def test_noise_that_overflows_the_outputs_costs_accuracy():
    model = dense()
    labels = np.zeros(6, int)  # argmax takes the first of several infinities
    for value, expected in ((1.0, 1.0), (1e30, 1.0), (np.inf, 0.0)):
        model.set_weights([np.zeros((3, 2)), np.full(2, value)])
        assert accuracy_of(model, X, labels) == expected


def several(inputs: int, outputs: int) -> keras.Model:
    tensors = [keras.Input((3,)) for _ in range(inputs)]
    x = layers.Add()(tensors) if inputs > 1 else tensors[0]
    return keras.Model(tensors, [layers.Dense(2)(x) for _ in range(outputs)])


@pytest.mark.parametrize("measure", OF_LOGITS + OF_WEIGHTS)
@pytest.mark.parametrize("counts", [(2, 1), (1, 2)])
def test_several_inputs_or_outputs_are_refused(measure, counts):
    words = f"must have one input and one output; received {counts[0]} and"
    with pytest.raises(InputError, match=words):
        measure(several(*counts), DATASET)


@pytest.mark.parametrize("measure", OF_LOGITS)
def test_several_outputs_of_a_subclassed_network_are_refused(measure):
    model = Subclassed(lambda x: {"logits": x})
    with pytest.raises(InputError, match="one output; returns a dict"):
        measure(model, DATASET)


@pytest.mark.parametrize("measure", OF_LOGITS)
def test_inputs_of_another_shape_are_refused(measure):
    words = r"cannot be called on inputs of shape \(\d, 2\)"
    with pytest.raises(InputError, match=words) as raised:
        measure(dense(), (X[:, :2], DATASET[1]))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("measure", OF_WEIGHTS)
def test_networks_that_are_not_built_are_refused(measure):
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(InputError, match="is not built"):
        measure(model, ())
    model(X)
    assert measure(model, ()) > 0
