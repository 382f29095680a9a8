"""Sharpness: how little noise in the weights costs training accuracy."""

import numbers
from collections.abc import Callable, Sequence

import keras
import numpy as np

from rethink_keras.errors import InputError, check_whole_number
from rethink_keras.measures.datasets import (
    Dataset,
    accuracy_of,
    as_arrays,
    check_labels,
    logits_of,
    weights_of,
)

_HALVINGS = 10
_FIRST = 2.0**-10
_SMALLEST = 2.0**-24  # float32 rounds away most of a smaller noise
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

    Sigma is searched from 2^-24 to 16, so the result is at most 2^48. It is
    about 1/256 for a network whose accuracy does not change under any noise.

    Args:
      model: the network. Its weights are changed and restored.
      dataset: training examples.
      decrease: largest decrease of the accuracy, between 0 and 1.
      draws: number of draws of the noise, at least 1.
      seed: random seed of the noise, at least 0.

    Raises:
      InputError: an option is not allowed, or the network has no trainable
        weights or does not return finite logits.
    """
    if not (isinstance(decrease, numbers.Real) and 0 < decrease < 1):
        raise InputError(
            f"decrease={decrease}: must be a number between 0 and 1"
        )
    check_whole_number("draws", draws, 1)
    check_whole_number("seed", seed, 0)
    x, y = as_arrays(dataset)
    check_labels(y, logits_of(model, x))
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
    high = _FIRST
    while high < _LARGEST and tolerates(high):
        high *= 2
    low = high / 2
    if high == _FIRST:
        while low > _SMALLEST and not tolerates(low):
            high, low = low, low / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if tolerates(middle):
            low = middle
        else:
            high = middle
    return low
