"""Random labels need larger norms over the margin than true labels do."""

import keras
import numpy as np
import pytest
from keras import layers

from rethink_keras import measures

COUNT, DIMENSIONS = 80, 10


def fitted(y: np.ndarray, x: np.ndarray) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((DIMENSIONS,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(2),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x, y, batch_size=16, epochs=40, verbose=0)
    return model


@pytest.mark.slow
def test_random_labels_need_larger_norms_over_the_margin():
    rng = np.random.default_rng(0)
    true = np.arange(COUNT) % 2
    x = rng.normal(size=(COUNT, DIMENSIONS)).astype("float32")
    x[:, 0] += 4 * true - 2
    values = []
    for labels in (true, rng.permutation(true)):
        model = fitted(labels, x)
        assert (measures.margins(model, (x, labels)) > 0).all()
        values.append(
            [
                measure(model, (x, labels))
                for name, measure in measures.MEASURES.items()
                if name.endswith("/ margin")
            ]
        )
    of_true, of_random = np.array(values)
    assert len(of_true) == 3
    assert (of_random > 1.5 * of_true).all()
