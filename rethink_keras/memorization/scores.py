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


def memorization(
    trainset_correctness: np.ndarray, trainset_mask: np.ndarray
) -> Scores:
    """Computes the memorization score of each training example.

    The score is the probability that a network predicts the example's label if
    it trained on the example, minus the probability if it did not.

    Args:
      trainset_correctness: bool [m, n], whether each of m networks predicts
        the label of each of n training examples.
      trainset_mask: bool [m, n], whether it trained on the example.

    Returns:
      The scores, [n]. See `influence` on standard errors.

    Raises:
      InputError: an array is not bool [m, n], the shapes differ, or all or no
        networks trained on an example.
    """
    name = "trainset_correctness"
    hits, mask = _checked(name, trainset_correctness, trainset_mask)
    if hits.shape != mask.shape:
        raise InputError(
            f"{name}: must have the shape of trainset_mask, {mask.shape};"
            f" received {hits.shape}"
        )
    sums = (hits & mask).sum(axis=0), (hits & ~mask).sum(axis=0)
    return _difference(*sums, *_counts(mask))


def influence(
    testset_correctness: np.ndarray, trainset_mask: np.ndarray
) -> Scores:
    """Computes the influence of each training example on each test example.

    It is the probability that a network predicts the test example correctly if
    it trained on the training example, minus the probability if it did not.

    Standard errors are those of a difference of two independent proportions,
    with one success and one failure added to each (Agresti and Caffo, 2000), so
    that they are positive where all networks agree.

    Args:
      testset_correctness: bool [m, t], whether each of m networks predicts the
        label of each of t test examples.
      trainset_mask: bool [m, n], whether it trained on each of n training
        examples.

    Returns:
      The influences, [n, t].

    Raises:
      InputError: an array is not bool [m, n], the numbers of networks differ,
        or all or no networks trained on an example.
    """
    name = "testset_correctness"
    correct, mask = _checked(name, testset_correctness, trainset_mask)
    hits = correct.astype("float64")
    with_it, without = mask.T @ hits, (~mask).T @ hits
    counts = (count[:, None] for count in _counts(mask))
    return _difference(with_it, without, *counts)


def separation(score: np.ndarray, corrupted: np.ndarray) -> float:
    """Computes how well a score tells corrupted from clean examples.

    Args:
      score: float [n], such as `Scores.score`.
      corrupted: bool [n], whether the label of each example is wrong.

    Returns:
      The area under the ROC curve (AUC): the probability that a corrupted
      example has a larger score than a clean one. Equal scores count half. NaN
      if all examples are clean, or all are corrupted.

    Raises:
      InputError: the arrays are empty or of other shapes, or `corrupted` is not
        bool.
    """
    corrupted = as_hits("corrupted", corrupted, "[n]")
    score = np.asarray(score)
    if score.shape != corrupted.shape or score.dtype.kind not in "biuf":
        raise InputError(
            f"score: must be an array of {len(corrupted)} numbers, one for each"
            f" example, such as scores.score; received {score.dtype}"
            f" {score.shape}"
        )
    if corrupted.all() or not corrupted.any():
        return float("nan")
    larger = stats.mannwhitneyu(score[corrupted], score[~corrupted]).statistic
    return float(larger / (corrupted.sum() * (~corrupted).sum()))


def as_hits(name: str, values: np.ndarray, form: str) -> np.ndarray:
    """Returns an array as bool.

    Args:
      name: name of the array, for the error.
      values: bool, or numbers 0 and 1.
      form: the dimensions of the array, such as `[m, n]`.

    Raises:
      InputError: the array is empty, has another number of dimensions, or other
        numbers, such as predicted classes.
    """
    values = np.asarray(values)
    if values.ndim != form.count(",") + 1 or not values.size:
        raise InputError(
            f"{name}: must be bool {form} and not empty; received shape"
            f" {values.shape}"
        )
    if not np.isin(values, (0, 1)).all():
        raise InputError(
            f"{name}: must be bool, or 0 and 1; received"
            f" {values[~np.isin(values, (0, 1))][0]}"
        )
    return values.astype(bool)


def _checked(name: str, correctness, mask) -> tuple[np.ndarray, np.ndarray]:
    hits = as_hits(name, correctness, "[m, n]")
    mask = as_hits("trainset_mask", mask, "[m, n]")
    if len(hits) != len(mask):
        raise InputError(
            f"{name}: must have a row for each of {len(mask)} networks;"
            f" received {len(hits)}"
        )
    if mask.all(axis=0).any() or not mask.any(axis=0).all():
        raise InputError(
            "trainset_mask: each example must be in the training set of some"
            " networks, and missing from that of others; train more networks"
        )
    return hits, mask


def _counts(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = mask.sum(axis=0)
    return count, len(mask) - count


def _difference(hits, hits_without, count, count_without) -> Scores:
    variance = _variance(hits, count) + _variance(hits_without, count_without)
    return Scores(
        score=hits / count - hits_without / count_without,
        error=np.sqrt(variance),
    )


def _variance(hits, count):
    adjusted = (hits + 1) / (count + 2)
    return adjusted * (1 - adjusted) / (count + 2)
