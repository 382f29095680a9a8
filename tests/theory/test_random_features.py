"""Random features: minimum norm, and the peak of the test error."""

import numpy as np
import pytest

from rethink_keras.theory.random_features import fit_random_features


def noisy(seed: int, examples: int = 40, tests: int = 400):
    """Linearly separable classes, with 20 % of the training labels wrong."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=10)
    x, test_x = rng.normal(size=(examples, 10)), rng.normal(size=(tests, 10))
    y, test_y = ((part @ direction > 0).astype(int) for part in (x, test_x))
    wrong = rng.permutation(examples)[: examples // 5]
    y[wrong] = 1 - y[wrong]
    return (x, y), (test_x, test_y)


def mean_errors(width: int) -> tuple[float, float]:
    errors = []
    for seed in range(10):
        train, (test_x, test_y) = noisy(seed)
        fitted, predicted = fit_random_features(train, test_x, width, seed=seed)
        errors.append(
            [(fitted != train[1]).mean(), (predicted != test_y).mean()]
        )
    fit, test = np.mean(errors, axis=0)
    return fit, test


def test_the_test_error_peaks_at_as_many_features_as_examples():
    narrow, threshold, wide = map(mean_errors, (8, 40, 400))
    assert narrow[0] > 0.1
    assert threshold[0] == wide[0] == 0
    assert threshold[1] > narrow[1] + 0.03
    assert threshold[1] > wide[1] + 0.08


@pytest.mark.parametrize("width", [5, 40, 100])
def test_predictions_are_those_of_the_pseudoinverse(width):
    (x, y), (test_x, _) = noisy(0)
    labels = np.array([3, 7])[y]
    _, predicted = fit_random_features((x, labels), test_x, width, seed=1)
    weights = np.random.default_rng(1).normal(size=(10, width)) / 10**0.5
    solution = np.linalg.pinv(np.maximum(x @ weights, 0)) @ np.eye(2)[y]
    outputs = np.maximum(test_x @ weights, 0) @ solution
    assert (predicted == np.array([3, 7])[outputs.argmax(axis=1)]).all()
