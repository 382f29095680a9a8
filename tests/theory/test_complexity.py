"""Complexity measures, compared with their definitions."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from rethink_keras import RunConfig, runs
from rethink_keras.theory import complexity, features


@pytest.fixture(scope="module")
def inputs():
    return runs.InMemoryInputs.load(
        RunConfig(randomize="none", train_examples=60)
    )


def test_a_network_fits_random_signs(inputs):
    row = complexity.fit_signs(inputs, "mlp_1x512", draws=2, seed=0)
    assert 0.99 <= row["least"] <= row["complexity"] <= 1


def test_linear_functions_are_below_their_bound(inputs):
    exact, bound = complexity.linear_rows(inputs, seed=0)
    assert bound["complexity"] == pytest.approx(60**-0.5)
    assert 0.8 * bound["complexity"] < exact["complexity"] < bound["complexity"]


def test_changes_equal_those_of_refitting_without_an_example(inputs):
    rows = complexity.stability(inputs, seed=0)
    x = features.pixels(np.asarray(inputs.train_crops.images))
    y = (np.asarray(inputs.train_crops.true_labels) < 5).astype("float64")
    row = next(row for row in rows if row["ridge"] == 1.0)

    def error(index, chosen):
        machine = KernelRidge(alpha=1.0, kernel="rbf", gamma=0.01)
        machine.fit(x[chosen], y[chosen])
        return (machine.predict(x[[index]])[0] - y[index]) ** 2

    everything = np.arange(60)
    changes = [
        abs(error(i, np.delete(everything, i)) - error(i, everything))
        for i in range(60)
    ]
    assert row["largest change, true labels"] == pytest.approx(
        max(changes), rel=1e-3
    )
    assert row["mean change, true labels"] == pytest.approx(
        np.mean(changes), rel=1e-3
    )


def test_the_bound_holds_for_true_and_random_labels(inputs):
    record = complexity.demonstrate(RunConfig(train_examples=60), "stability")
    for row in record.tables["stability"]:
        bound = row["uniform stability, any labels"]
        assert row["largest change, true labels"] <= bound
        assert row["largest change, random labels"] <= bound
    assert record.figures["stability"].startswith(b"\x89PNG")
