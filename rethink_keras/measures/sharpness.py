"""Sharpness: how little noise in the weights costs training accuracy."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from rethink_keras.measures.datasets import (
    Dataset,
    accuracy_of,
    as_arrays,
    weights_of,
)

_HALVINGS = 10
_LARGEST = 16.0


def sharpness(
    model: keras.Model,
    dataset: Dataset,
    *,
    decrease: float = 0.1,
    draws: int = 3,
    seed: int = 0,
) -> float:
    """Computes 1 / sigma^2 for the largest magnitude-aware noise sigma.

    This is `pacbayes-mag-flatness` of Jiang et al. (2020), without the small
    constant that they add to the noise's deviation. Each weight w becomes
    `w * (1 + sigma * z)` with a standard normal z. Bisection finds the
    largest sigma at which the mean accuracy over the draws falls by at most
    `decrease`. The same draws of z are used at every sigma.

    Args:
      model: the network. Its weights are changed and restored.
      dataset: training examples.
      decrease: largest decrease of the accuracy, from 0 to 1.
      draws: number of draws of the noise.
      seed: random seed of the noise.
    """
    x, y = as_arrays(dataset)
    weights = weights_of(model)
    least = accuracy_of(model, x, y) - decrease

    noises = []
    for draw in range(draws):
        rng = np.random.default_rng((seed, draw))
        noises.append(
            [rng.standard_normal(w.shape, "float32") for w in weights]
        )

    def tolerates(sigma: float) -> bool:
        reached = []
        for noise in noises:
            _assign(
                model,
                [
                    weight * (1 + np.float32(sigma) * z)
                    for weight, z in zip(weights, noise, strict=True)
                ],
            )
            reached.append(accuracy_of(model, x, y))
        return float(np.mean(reached)) >= least - 1e-9  # rounding of the mean

    try:
        return 1 / _largest_sigma(tolerates) ** 2
    finally:
        _assign(model, weights)


def _assign(model: keras.Model, weights: Sequence[np.ndarray]) -> None:
    for variable, weight in zip(model.trainable_weights, weights, strict=True):
        variable.assign(weight)


def _largest_sigma(tolerates: Callable[[float], bool]) -> float:
    """Bisects between powers of two; accuracy is taken as monotonic."""
    high = 2.0**-10
    while high < _LARGEST and tolerates(high):
        high *= 2
    low = high / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if tolerates(middle):
            low = middle
        else:
            high = middle
    return low
