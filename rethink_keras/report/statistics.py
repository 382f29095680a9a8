"""Statistical tests and intervals, all at the 5 % level.

In `prediction_bound` and `seeds_p_value`, the last axis runs over seeds, and
other axes are independent problems.
"""

import dataclasses
import math

import numpy as np
from scipy import stats

LEVEL = 0.05
Array = np.ndarray | tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
      estimate: the measured value.
      low: lower end.
      high: upper end.
    """

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.2f} [{self.low:.2f}, {self.high:.2f}]"


def mean_interval(values: Array) -> Interval:
    """Returns the 95 % confidence interval of a mean (Student's t).

    Assumes that the values are independent and normally distributed.

    Args:
      values: two or more values.
    """
    mean = float(np.mean(values))
    half = float(_t(len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)


def share_interval(percent: float, examples: int) -> Interval:
    """Returns Wilson's 95 % interval of the accuracy of one trained network.

    Assumes that the examples are independent draws from a population. The
    interval is that of this network's accuracy on the population. It does not
    cover the variation between seeds.

    Args:
      percent: accuracy on the examples.
      examples: number of examples.
    """
    test = stats.binomtest(round(percent / 100 * examples), examples)
    low, high = test.proportion_ci(method="wilson")
    return Interval(percent, 100 * low, 100 * high)


def prediction_bound(values: Array) -> np.ndarray:
    """Bounds the difference between one more run and the mean of n runs.

    A difference beyond the bound rejects, at the 5 % level, the hypothesis
    that the additional run (the paper's) has the same distribution as the n
    seeds. Both sides use the same test images, so that the draw of the images
    cancels and only the variation between seeds remains. The bound is the
    quantile of Student's t with n - 1 degrees of freedom, times
    sd * sqrt(1 + 1/n).

    Assumes that runs are independent and normally distributed.

    Args:
      values: values of two or more seeds.
    """
    n = np.shape(values)[-1]
    sd = np.std(values, axis=-1, ddof=1)
    return _t(n - 1) * sd * math.sqrt(1 + 1 / n)


def seeds_p_value(first: Array, second: Array) -> np.ndarray:
    """Applies Student's two-sample t test to the seeds of two procedures.

    Null hypothesis: both procedures have the same mean over seeds on these
    test images. Assumes that runs are independent and normally distributed,
    with one variance.

    Args:
      first: values of two or more seeds.
      second: values of two or more seeds.

    Returns:
      Two-sided p-values. If neither procedure varies over seeds, the p-value is
      1: there is no estimate of the noise.
    """
    first, second = np.asarray(first), np.asarray(second)
    constant = (np.ptp(first, axis=-1) == 0) & (np.ptp(second, axis=-1) == 0)
    moments = [
        moment
        for values in (first, second)
        for moment in (
            values.mean(axis=-1),
            values.std(axis=-1, ddof=1),
            values.shape[-1],
        )
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = stats.ttest_ind_from_stats(*moments).pvalue
    return np.where(constant, 1.0, p)


def seeds_interval(
    first: Array, second: Array, comparisons: int = 1
) -> Interval:
    """Returns the interval of the difference between two means over seeds.

    It belongs to the test of `seeds_p_value`, with the same assumptions. With
    several comparisons, it holds for all of them at once (Bonferroni).

    Args:
      first: values of two or more seeds.
      second: values of two or more seeds.
      comparisons: number of comparisons.
    """
    degrees = len(first) + len(second) - 2
    squares = sum(np.var(v, ddof=1) * (len(v) - 1) for v in (first, second))
    error = math.sqrt(squares / degrees * (1 / len(first) + 1 / len(second)))
    half = float(stats.t.ppf(1 - LEVEL / 2 / comparisons, degrees)) * error
    difference = float(np.mean(first) - np.mean(second))
    return Interval(difference, difference - half, difference + half)


def paired_p_value(
    only_first: np.ndarray | int, only_second: np.ndarray | int
) -> np.ndarray:
    """Applies McNemar's exact test to two networks on the same images.

    Null hypothesis: among the images that exactly one of the networks
    classifies correctly, each network is equally likely to be that one. Both
    networks then have the same accuracy on the population of the images. The
    test compares two networks, not two procedures: other seeds may differ more.

    Assumes that the images are independent draws.

    Args:
      only_first: number of images that only the first network classifies
        correctly.
      only_second: number of images that only the second network classifies
        correctly.

    Returns:
      Two-sided p-values of the exact binomial test.
    """
    fewer = np.minimum(only_first, only_second)
    n = np.add(only_first, only_second)
    return np.minimum(1.0, 2 * stats.binom.cdf(fewer, n, 0.5))


def unpaired_noise(
    first: float, second: float, examples: int, comparisons: int = 1
) -> float:
    """Bounds the noise of the difference between two accuracies, in points.

    The bound assumes that the networks have different test images. Networks
    with shared images differ by less, so the bound is conservative. With
    several comparisons, it holds for all of them at once (Bonferroni).

    Args:
      first: accuracy in percent.
      second: accuracy in percent.
      examples: number of test images.
      comparisons: number of comparisons.
    """
    fractions = (first / 100, second / 100)
    variance = sum(p * (1 - p) for p in fractions) / examples
    quantile = stats.norm.ppf(1 - LEVEL / 2 / comparisons)
    return float(100 * quantile * math.sqrt(variance))


def rank_correlation(first: Array, second: Array) -> float:
    """Returns Kendall's tau-b; NaN if one of the variables is constant."""
    return float(stats.kendalltau(first, second).statistic)


def _t(degrees_of_freedom: int) -> float:
    """Returns the two-sided quantile of Student's t."""
    return float(stats.t.ppf(1 - LEVEL / 2, degrees_of_freedom))
