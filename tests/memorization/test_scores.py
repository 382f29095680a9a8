"""Memorization scores and influences, against closed forms."""

import numpy as np
import pytest

from rethink_keras.errors import InputError
from rethink_keras.memorization import (
    Scores,
    influence,
    memorization,
    separation,
)

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


def test_separation_takes_lists_and_is_undefined_for_one_kind():
    assert separation([3, 2, 1, 0], [1, 1, 0, 0]) == 1
    for kind in (True, False):
        assert np.isnan(separation([3, 2], [kind, kind]))


@pytest.mark.parametrize(
    ("score", "corrupted", "words"),
    [
        (Scores(np.ones(2), np.ones(2)), [0, 1], "such as scores.score"),
        ([1, 2, 3], [0, 1], "score: must be an array of 2 numbers"),
        (["a", "b"], [0, 1], "score: must be an array of 2 numbers"),
        ([1, 2], [3, 7], "corrupted: must be bool, or 0 and 1; received 3"),
        ([1, 2], [[0, 1]], r"corrupted: must be bool \[n\]"),
        ([], [], r"corrupted: must be bool \[n\] and not empty"),
    ],
)
def test_separation_needs_a_score_for_each_example(score, corrupted, words):
    with pytest.raises(InputError, match=words):
        separation(score, corrupted)


@pytest.mark.parametrize("function", [memorization, influence])
@pytest.mark.parametrize("values", [RIGHT[0], RIGHT[:0], RIGHT[:, :0]])
def test_scores_need_an_array_of_two_dimensions(function, values):
    for given in ((values, INSIDE), (RIGHT, values)):
        with pytest.raises(InputError, match=r"bool \[m, n\] and not empty"):
            function(*given)


@pytest.mark.parametrize(
    ("right", "inside", "words"),
    [
        (
            RIGHT[:4],
            INSIDE,
            "trainset_correctness: must have a row for each of 5",
        ),
        (RIGHT[:, :1], INSIDE, "trainset_correctness: must have the shape"),
        (RIGHT, np.ones((5, 2)), "trainset_mask: each example"),
        (RIGHT, np.zeros((5, 2)), "trainset_mask: each example"),
        (RIGHT * 0.7, INSIDE, "must be bool, or 0 and 1; received 0.7"),
        (
            RIGHT,
            2 * INSIDE,
            "trainset_mask: must be bool, or 0 and 1; received 2",
        ),
    ],
)
def test_scores_need_networks_with_and_without_each_example(
    right, inside, words
):
    with pytest.raises(InputError, match=words):
        memorization(right, inside)
