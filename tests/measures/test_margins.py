"""Margins, computed by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from rethink_keras import measures
from rethink_keras.errors import InputError

LOGITS = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 5.0], [1.0, 4.0, 3.5]])
LABELS = np.array([0, 1, 1])
MARGINS = [2.0, -3.0, 0.5]


def scaled(factor: float = 1.0) -> keras.Model:
    """A network whose logits are its inputs times a factor."""
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3, use_bias=False)]
    )
    model.set_weights([factor * np.eye(3)])
    return model


def datasets() -> dict:
    pairs = tf.data.Dataset.from_tensor_slices((LOGITS, LABELS))
    return {
        "arrays": (LOGITS, LABELS),
        "list": [LOGITS, LABELS],
        "elements": pairs,
        "batches": pairs.batch(2),
        "vectors": pairs.map(lambda x, y: (x, y[None])),
    }


@pytest.mark.parametrize("kind", list(datasets()))
def test_margins_of_every_form_of_a_dataset(kind):
    found = measures.margins(scaled(), datasets()[kind])
    np.testing.assert_allclose(found, MARGINS)


def test_the_margin_is_the_tenth_percentile():
    values = np.arange(1.0, 12.0)
    x = np.stack([values, 0 * values, 0 * values], axis=1)
    dataset = (x, np.zeros(11, int))
    assert measures.margin(scaled(), dataset) == pytest.approx(2)
    assert measures.inverse_margin(scaled(), dataset) == pytest.approx(1 / 2)
    ratio = measures.parameter_norm_over_margin(scaled(), dataset)
    assert ratio == pytest.approx(3**0.5 / 2)
    ratio = measures.path_norm_over_margin(scaled(), dataset)
    assert ratio == pytest.approx(3**0.5 / 2)


def test_a_margin_that_is_not_positive_has_an_infinite_inverse():
    assert measures.inverse_margin(scaled(), (LOGITS, LABELS)) == np.inf


def test_scaling_the_network_leaves_normalized_margins():
    dataset = (LOGITS, LABELS)
    # A matrix c * I has spectral norm c; its rows' norms add up to 3c.
    scale = 3 * np.linalg.norm(LOGITS) / 3
    for factor in (1.0, 7.0):
        np.testing.assert_allclose(
            measures.normalized_margins(scaled(factor), dataset),
            np.array(MARGINS) / scale,
            rtol=1e-5,
        )
    dataset = (LOGITS[[0, 2]], LABELS[[0, 2]])
    found = measures.normalized_margins(scaled(), dataset)
    inverse = measures.spectral_complexity_over_margin(scaled(), dataset)
    assert inverse == pytest.approx(1 / np.percentile(found, 10))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ((LOGITS, np.eye(3)), "one class index for each input"),
        ((LOGITS, LABELS[:2]), "one class index for each input"),
        ((LOGITS, LABELS / 2), "float64 labels"),
        ((LOGITS[:0], LABELS[:0]), "empty"),
        ((LOGITS, LABELS - 5), "class indices from 0; received -"),
        ((LOGITS, LABELS + 2), "label 3: must be below 3"),
        ((LOGITS, LABELS, LABELS), "must be a pair"),
        (tf.data.Dataset.from_tensor_slices((LOGITS, LABELS)).take(0), "empty"),
        (
            tf.data.Dataset.from_tensor_slices((LOGITS, LABELS)).repeat(),
            "endless",
        ),
    ],
)
def test_other_datasets_are_refused(dataset, words):
    with pytest.raises(InputError, match=words):
        measures.margins(scaled(), dataset)
