"""Networks over their width: training, tables and figures."""

import dataclasses
import json

import numpy as np
import pytest

from rethink_keras import data, models
from rethink_keras.config import RunConfig
from rethink_keras.keras_settings import keras_settings
from rethink_keras.plotting import as_png
from rethink_keras.studies import double_descent, families
from rethink_keras.studies import double_descent_figures as figures


def made_up(train: tuple[float, ...] = (50.0, 0.9, 0.0)) -> figures.Tables:
    """Tables of made-up networks and random features of one seed."""
    networks, features = (
        [
            {
                column: 2**power,
                "examples": 2,
                "parameters": 10,
                "train error %": error,
                "test error %": 60.0 + power,
                figures.LOSS: 2.0,
            }
            for power, error in enumerate(train)
        ]
        for column in ("width", "features")
    )
    return {
        figures.NETWORKS: double_descent.over_seeds(
            networks, ["width", "parameters"]
        ),
        figures.FEATURES: double_descent.over_seeds(
            features, ["features", "examples"]
        ),
    }


def test_the_threshold_is_the_smallest_width_that_fits():
    tables = made_up()
    assert figures.threshold_of(tables[figures.NETWORKS]) == 2
    unfit = made_up((50.0, 30.0))
    assert figures.threshold_of(unfit[figures.NETWORKS]) is None
    for drawn in (tables, unfit):
        for draw in figures.DRAWN.values():
            assert as_png(draw(drawn)).startswith(b"\x89PNG")
    (axes,) = figures.draw_networks(tables).axes
    assert [text.get_text() for text in axes.texts] == [
        "fits the labels: 2 units"
    ]


def test_means_and_deviations_over_seeds():
    rows = [
        {"width": width, "train error %": 0.0, "test error %": error}
        for width, errors in ((1, (10.0, 14.0)), (2, (20.0,)))
        for error in errors
    ]
    first, second = double_descent.over_seeds(rows, ["width"])
    assert (first["width"], first["seeds"]) == (1, 2)
    assert first["test error %"] == 12
    assert first["test error %: deviation"] == pytest.approx(8**0.5)
    assert second["test error %: deviation"] is None


def test_each_network_of_a_family_is_a_perceptron():
    family = families.build_family(12, 3, [2, 5], seed=0)
    hidden, hidden_bias, kernel, bias = family.get_weights()
    x = np.random.default_rng(0).normal(size=(4, 12)).astype("float32")
    outputs = families.predict_logits(family, x)
    for number, units in enumerate((slice(0, 2), slice(2, 7))):
        width = units.stop - units.start
        alone = models.mlp((2, 2, 3), 3, hidden=(width,))
        alone.set_weights(
            [
                hidden[:, units],
                hidden_bias[units],
                kernel[units],
                bias[number],
            ]
        )
        expected = alone(x.reshape(4, 2, 2, 3))
        np.testing.assert_allclose(outputs[:, number], expected, atol=1e-5)


def test_the_kernels_of_a_family_are_those_of_glorot():
    family = families.build_family(100, 10, [50, 200], seed=0)
    hidden, _, kernel, _ = family.get_weights()
    for units in (slice(0, 50), slice(50, 250)):
        width = units.stop - units.start
        for found, fans in (
            (hidden[:, units], 100 + width),
            (kernel[units], width + 10),
        ):
            limit = (6 / fans) ** 0.5
            assert 0.98 * limit < np.abs(found).max() <= limit


def test_networks_of_a_family_are_trained_as_if_alone():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 6)).astype("float32")
    y = rng.integers(0, 2, 30)
    config = RunConfig(epochs=3, batch_size=10, learning_rate=0.1)
    together = families.train_family(config, [3, 4], (x, y), 2)
    alone = families.train_family(config, [3], (x, y), 2)
    np.testing.assert_allclose(
        families.predict_logits(together, x)[:, 0],
        families.predict_logits(alone, x)[:, 0],
        atol=1e-4,
    )


def test_a_family_does_not_depend_on_the_settings():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 6)).astype("float32")
    config = RunConfig(epochs=2, batch_size=10)
    sample = x, rng.integers(0, 2, 30)
    plain = families.train_family(config, [3], sample, 2)
    with keras_settings(floatx="float64", dtype_policy="mixed_bfloat16"):
        other = families.train_family(config, [3], sample, 2)
    for one, two in zip(plain.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_a_record_has_tables_and_figures():
    config = double_descent.configure(RunConfig(train_examples=20))
    config = dataclasses.replace(config, epochs=60, stop_at_loss=None)
    record = double_descent.demonstrate(config, [1, 65], [0, 1])
    json.dumps(record.tables, allow_nan=False)
    rows = record.tables[figures.NETWORKS]
    assert [row["width"] for row in rows] == [1, 65]
    assert rows[1]["parameters"] == 65 * 2353 + 10 * 66
    assert rows[0]["train error %"] > 50
    assert rows[1]["train error %"] == 0
    assert [row["seeds"] for row in rows] == [2, 2]
    features = record.tables[figures.FEATURES]
    assert {row["seeds"] for row in features} == {2}
    fits = [row["features"] for row in features if not row["train error %"]]
    assert min(fits) <= 20
    assert set(record.figures) == {"widths", "test_loss", "random_features"}


def test_random_features_of_a_small_set_use_a_balanced_part(
    sample, monkeypatch
):
    part = sample.train.take(np.arange(40))
    smallest = np.bincount(part.true_labels, minlength=10).min()
    small = dataclasses.replace(sample, train=part)
    monkeypatch.setattr(data, "load", lambda *_: small)
    rows = double_descent.fit_features(double_descent.configure(RunConfig()))
    assert {row["examples"] for row in rows} == {10 * smallest}
