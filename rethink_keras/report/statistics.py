"""Statistical tests and intervals of the report, all at the 5 % level.

The last axis of an array is over seeds; other axes are separate problems.
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
    """The 95 % confidence interval of a mean, by Student's t.

    Assumes that the values are independent and normally distributed.

    Args:
      values: two or more.
    """
    mean = float(np.mean(values))
    half = float(_t(len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)


def share_interval(percent: float, examples: int) -> Interval:
    """Wilson's 95 % interval of the accuracy of one trained network.

    Assumes that the examples are independent draws from a population. The
    interval is of this network on that population: it says nothing about
    other seeds.

    Args:
      percent: accuracy on the examples.
      examples: their number.
    """
    test = stats.binomtest(round(percent / 100 * examples), examples)
    low, high = test.proportion_ci(method="wilson")
    return Interval(percent, 100 * low, 100 * high)


def prediction_bound(values: Array) -> np.ndarray:
    """The largest difference of one more run from the mean of n runs.

    A difference beyond the bound rejects, at the 5 % level, the hypothesis
    that the one run (the paper's) comes from the same distribution as the n
    seeds. Both sides are measured on the same images, whose draw cancels;
    what is left is the spread over seeds, known from n values: Student's t
    with n - 1 degrees of freedom times sd * sqrt(1 + 1/n).

    Assumes that runs are independent and normally distributed.

    Args:
      values: of two or more seeds.
    """
    n = np.shape(values)[-1]
    sd = np.std(values, axis=-1, ddof=1)
    return _t(n - 1) * sd * math.sqrt(1 + 1 / n)


def seeds_p_value(first: Array, second: Array) -> np.ndarray:
    """Student's two-sample t test between the seeds of two procedures.

    Null hypothesis: both procedures have the same mean over seeds on these
    test images. Assumes that runs are independent and normally distributed,
    with one variance.

    Args:
      first: values of two or more seeds.
      second: values of two or more seeds.

    Returns:
      Two-sided p-values; without any spread, 0 for different means and 1 for
      equal ones.
    """
    first, second = np.asarray(first), np.asarray(second)
    equal = first.mean(axis=-1) == second.mean(axis=-1)
    still = (np.ptp(first, axis=-1) == 0) & (np.ptp(second, axis=-1) == 0)
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
    return np.where(still, np.where(equal, 1.0, 0.0), p)


def paired_p_value(
    only_first: np.ndarray | int, only_second: np.ndarray | int
) -> np.ndarray:
    """McNemar's exact test of two trained networks on the same images.

    Null hypothesis: an image that exactly one of the two networks classifies
    correctly is as likely to be the one's as the other's, so that both have
    the same accuracy on the population that the images are drawn from. It
    compares two networks and not two procedures: other seeds may differ more.

    Assumes that the images are independent draws.

    Args:
      only_first: the number of images that only the first gets right.
      only_second: the number of images that only the second gets right.

    Returns:
      Two-sided p-values of the exact binomial test.
    """
    fewer = np.minimum(only_first, only_second)
    n = np.add(only_first, only_second)
    return np.minimum(1.0, 2 * stats.binom.cdf(fewer, n, 0.5))


def unpaired_noise(
    first: float, second: float, examples: int, comparisons: int = 1
) -> float:
    """A bound for the noise of the difference of two accuracies, in points.

    As if each network had test images of its own: networks that share them
    differ by less, so that the bound errs on the side of no verdict. With
    several comparisons, Bonferroni's bound holds for all of them together.

    Args:
      first: accuracy in percent.
      second: accuracy in percent.
      examples: the number of test images.
      comparisons: how many differences are looked at.
    """
    shares = (first / 100, second / 100)
    variance = sum(share * (1 - share) for share in shares) / examples
    quantile = stats.norm.ppf(1 - LEVEL / 2 / comparisons)
    return float(100 * quantile * math.sqrt(variance))


def rank_correlation(first: Array, second: Array) -> float:
    """Kendall's tau-b; NaN where one of the variables is constant."""
    return float(stats.kendalltau(first, second).statistic)


def _t(freedom: int) -> float:
    """The two-sided quantile of Student's t."""
    return float(stats.t.ppf(1 - LEVEL / 2, freedom))
