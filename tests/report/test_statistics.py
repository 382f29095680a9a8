"""Statistical tests and intervals, and their error rates."""

import numpy as np
import pytest
from scipy import stats

from rethink_keras.report.statistics import (
    LEVEL,
    mean_interval,
    paired_p_value,
    prediction_bound,
    rank_correlation,
    seeds_interval,
    seeds_p_value,
    share_interval,
    unpaired_noise,
)

POPULATIONS = 20_000


def test_the_prediction_bound_is_students():
    # sd 1, n = 3: the quantile of 2 degrees of freedom times sqrt(4/3).
    bound = prediction_bound((49.0, 50.0, 51.0))
    assert bound == pytest.approx(4.302653 * (4 / 3) ** 0.5)
    assert prediction_bound((50.0, 50.0)) == 0


def test_intervals_contain_their_estimate():
    mean = mean_interval((49.0, 50.0, 51.0))
    assert mean.low == pytest.approx(50 - 4.302653 / 3**0.5)
    share = share_interval(10.0, 1_000)
    assert share.low == pytest.approx(8.29, abs=0.01)
    assert share.high == pytest.approx(12.01, abs=0.01)
    assert str(share) == "10.00 [8.29, 12.02]"


def test_seeds_without_spread_do_not_estimate_noise():
    assert seeds_p_value((14, 14, 14), (14, 14, 14)) == 1
    assert seeds_p_value((14, 14, 14), (23, 23, 23)) == 1
    p = seeds_p_value((50.7, 51.1, 51.7), (52.3, 52.7, 52.7))
    assert p == pytest.approx(
        stats.ttest_ind([50.7, 51.1, 51.7], [52.3, 52.7, 52.7]).pvalue
    )


def test_the_interval_over_seeds_belongs_to_their_test():
    rng = np.random.default_rng(0)
    for shift in (0.0, 1.0, 2.0, 3.0):
        one, other = rng.normal(50, 1, 3), rng.normal(50 + shift, 1, 4)
        test = stats.ttest_ind(one, other)
        interval = seeds_interval(one, other)
        expected = test.confidence_interval(1 - LEVEL)
        assert interval.low == pytest.approx(expected.low)
        assert interval.high == pytest.approx(expected.high)
        wider = seeds_interval(one, other, 10)
        expected = test.confidence_interval(1 - LEVEL / 10)
        assert wider.low == pytest.approx(expected.low)


def test_the_paired_test_is_the_exact_binomial_test():
    for first, second in ((0, 0), (5, 0), (6, 0), (40, 60), (61, 40)):
        exact = (
            stats.binomtest(first, first + second).pvalue
            if first + second
            else 1.0
        )
        assert paired_p_value(first, second) == pytest.approx(exact)


def test_more_comparisons_give_a_larger_bound():
    one = unpaired_noise(50.0, 50.0, 10_000)
    assert one == pytest.approx(1.96 * 0.5 * 2**0.5, abs=1e-3)
    assert unpaired_noise(50.0, 50.0, 10_000, 10) > 1.4 * one


def test_rank_correlation_of_equal_reversed_and_constant_ranks():
    assert rank_correlation((1, 2, 3), (10, 20, 30)) == pytest.approx(1)
    assert rank_correlation((1, 2, 3), (3, 2, 1)) == pytest.approx(-1)
    assert np.isnan(rank_correlation((1, 1, 1), (3, 2, 1)))


def accuracies(generator, runs):
    """Simulates test accuracies of runs of one procedure on random test sets.

    Each image has one of 20 degrees of difficulty, which all runs on a test set
    share. Runs differ in the outcome on each image and in their quality.
    """
    difficulty = generator.dirichlet(np.ones(20), POPULATIONS) * 10_000
    images = np.round(difficulty).astype(int)[:, None, :]
    shares = generator.beta(0.5, 0.5, (POPULATIONS, 1, 20))
    quality = generator.normal(0, 0.003, (POPULATIONS, runs, 1))
    right = generator.binomial(images, np.clip(shares + quality, 0, 1))
    return 100 * right.sum(axis=-1) / images.sum(axis=-1)


@pytest.mark.parametrize("seeds", [3, 5])
def test_false_verdicts_between_seeds_are_5_percent(seeds):
    generator = np.random.default_rng(seeds)
    runs = accuracies(generator, 2 * seeds)
    first, others = runs[:, :seeds], runs[:, seeds:]
    difference = np.abs(others[:, 0] - first.mean(axis=1))
    to_paper = np.mean(difference > prediction_bound(first))
    assert to_paper == pytest.approx(0.05, abs=0.01)
    between = np.mean(seeds_p_value(first, others) <= LEVEL)
    assert between == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("images", [1_000, 10_000])
def test_false_verdicts_between_networks_are_5_percent(images):
    generator = np.random.default_rng(images)
    # Two networks of equal accuracy: each is correct and the other wrong on
    # 15 % of the population.
    cells = generator.multinomial(images, [0.15, 0.15, 0.7], POPULATIONS)
    wrong = np.mean(paired_p_value(cells[:, 0], cells[:, 1]) <= LEVEL)
    assert wrong == pytest.approx(0.05, abs=0.01)
