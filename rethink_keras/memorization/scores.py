"""Memorization and influence of training examples (Feldman and Zhang, 2020).

Both compare networks whose training set contains an example with networks whose
training set does not.
"""

import dataclasses

import numpy as np
from scipy import stats

from rethink_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores with their standard errors.

    Attributes:
      score: float64, from -1 to 1.
      error: float64 of the same shape, at least 0.
    """

    score: np.ndarray
    error: np.ndarray


def memorization(right: np.ndarray, inside: np.ndarray) -> Scores:
    """Computes the memorization score of each training example.

    The score is the probability that a network predicts the example's label if
    it trained on the example, minus the probability if it did not.

    Args:
      right: bool [m, n], whether each of m networks predicts the label of each
        of n training examples.
      inside: bool [m, n], whether it trained on the example.

    Returns:
      The scores, [n]. See `influence` on standard errors.

    Raises:
      InputError: the shapes differ, or all or no networks trained on an
        example.
    """
    right, inside = _checked(right, inside)
    if right.shape != inside.shape:
        raise InputError(
            f"right: must have the shape of inside, {inside.shape}; received"
            f" {right.shape}"
        )
    hits = (right & inside).sum(axis=0), (right & ~inside).sum(axis=0)
    return _difference(*hits, *_counts(inside))


def influence(right: np.ndarray, inside: np.ndarray) -> Scores:
    """Computes the influence of each training example on each test example.

    It is the probability that a network predicts the test example correctly if
    it trained on the training example, minus the probability if it did not.

    Standard errors are those of a difference of two independent proportions,
    with one success and one failure added to each (Agresti and Caffo, 2000), so
    that they are positive where all networks agree.

    Args:
      right: bool [m, t], whether each of m networks predicts the label of each
        of t test examples.
      inside: bool [m, n], whether it trained on each of n training examples.

    Returns:
      The influences, [n, t].

    Raises:
      InputError: the numbers of networks differ, or all or no networks trained
        on an example.
    """
    right, inside = _checked(right, inside)
    hits = right.astype("float64")
    with_it, without = inside.T @ hits, (~inside).T @ hits
    counts = (count[:, None] for count in _counts(inside))
    return _difference(with_it, without, *counts)


def separation(score: np.ndarray, corrupted: np.ndarray) -> float:
    """Computes how well a score tells corrupted from clean examples.

    Args:
      score: float [n].
      corrupted: bool [n], whether the label of each example is wrong.

    Returns:
      The area under the ROC curve (AUC): the probability that a corrupted
      example has a larger score than a clean one. Equal scores count half.
    """
    corrupted = np.asarray(corrupted, bool)
    larger = stats.mannwhitneyu(score[corrupted], score[~corrupted]).statistic
    return float(larger / (corrupted.sum() * (~corrupted).sum()))


def as_hits(name: str, values: np.ndarray) -> np.ndarray:
    """Returns an array as bool.

    Args:
      name: name of the array, for the error.
      values: bool, or numbers 0 and 1.

    Raises:
      InputError: there are other numbers, such as predicted classes.
    """
    values = np.asarray(values)
    if not np.isin(values, (0, 1)).all():
        raise InputError(
            f"{name}: must be bool, or 0 and 1; received"
            f" {values[~np.isin(values, (0, 1))][0]}"
        )
    return values.astype(bool)


def _checked(right, inside) -> tuple[np.ndarray, np.ndarray]:
    right, inside = as_hits("right", right), as_hits("inside", inside)
    if len(right) != len(inside):
        raise InputError(
            f"right: must have a row for each of {len(inside)} networks;"
            f" received {len(right)}"
        )
    if inside.all(axis=0).any() or not inside.any(axis=0).all():
        raise InputError(
            "inside: each example must be in the training set of some networks,"
            " and missing from that of others; train more networks"
        )
    return right, inside


def _counts(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = inside.sum(axis=0)
    return count, len(inside) - count


def _difference(hits, hits_without, count, count_without) -> Scores:
    variance = _variance(hits, count) + _variance(hits_without, count_without)
    return Scores(
        score=hits / count - hits_without / count_without,
        error=np.sqrt(variance),
    )


def _variance(hits, count):
    adjusted = (hits + 1) / (count + 2)
    return adjusted * (1 - adjusted) / (count + 2)
