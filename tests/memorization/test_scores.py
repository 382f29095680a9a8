"""Memorization scores and influences, against closed forms."""

import numpy as np
import pytest

from rethink_keras.errors import InputError
from rethink_keras.memorization import influence, memorization, separation

INSIDE = np.array([[1, 1], [1, 0], [1, 1], [0, 0], [0, 1]], bool)
RIGHT = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [0, 1]], bool)


def test_scores_and_standard_errors_by_hand():
    """Example 0: 2 of 3 networks with it are right, 0 of 2 without."""
    found = memorization(RIGHT, INSIDE)
    assert found.score.tolist() == pytest.approx([2 / 3, 1 / 3 - 1])
    with_it, without = 3 / 5, 1 / 4
    variance = with_it * (1 - with_it) / 5 + without * (1 - without) / 4
    assert found.error[0] == pytest.approx(variance**0.5)


def test_memorization_is_the_influence_on_the_example_itself():
    of_all = influence(RIGHT, INSIDE)
    own = memorization(RIGHT, INSIDE)
    np.testing.assert_allclose(np.diag(of_all.score), own.score)
    np.testing.assert_allclose(np.diag(of_all.error), own.error)
    assert influence(RIGHT[:, :1], INSIDE).score.shape == (2, 1)


def test_standard_errors_are_the_deviations_over_ensembles():
    """Networks are right with a probability that depends on the subset."""
    rng = np.random.default_rng(0)
    inside = rng.random((100, 2_000)) < 0.7
    right = rng.random((100, 2_000)) < np.where(inside, 0.9, 0.3)
    found = memorization(right, inside)
    assert found.score.mean() == pytest.approx(0.6, abs=0.01)
    assert found.score.std() == pytest.approx(found.error.mean(), rel=0.05)


def test_separation_is_the_area_under_the_curve():
    corrupted = np.array([True, True, False, False])
    assert separation(np.array([3, 2, 1, 0]), corrupted) == 1
    assert separation(np.array([3, 0, 2, 1]), corrupted) == 0.5
    assert separation(np.ones(4), corrupted) == 0.5


@pytest.mark.parametrize(
    ("right", "inside", "words"),
    [
        (RIGHT[:4], INSIDE, "right: must have a row for each of 5"),
        (RIGHT[:, :1], INSIDE, "right: must have the shape"),
        (RIGHT, np.ones((5, 2)), "inside: each example"),
        (RIGHT, np.zeros((5, 2)), "inside: each example"),
        (RIGHT * 0.7, INSIDE, "right: must be bool, or 0 and 1; received 0.7"),
        (RIGHT, 2 * INSIDE, "inside: must be bool, or 0 and 1; received 2"),
    ],
)
def test_scores_need_networks_with_and_without_each_example(
    right, inside, words
):
    with pytest.raises(InputError, match=words):
        memorization(right, inside)
