"""When networks learn their training examples, and forget them."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from rethink_keras.errors import InputError
from rethink_keras.memorization.scores import as_hits


def first_learned(hits: np.ndarray) -> np.ndarray:
    """Finds the first epoch in which each example is predicted correctly.

    Args:
      hits: bool [epochs, n], whether each prediction is correct.

    Returns:
      int32 [n], from 1; 0 for examples that are never predicted correctly.

    Raises:
      InputError: the array is empty, has another shape or other numbers.
    """
    hits = as_hits("hits", hits, "[epochs, n]")
    first = np.where(hits.any(axis=0), hits.argmax(axis=0) + 1, 0)
    return first.astype("int32")


def forgetting_events(hits: np.ndarray) -> np.ndarray:
    """Counts how often each example is forgotten.

    An example is forgotten if its prediction is correct in one epoch and wrong
    in the next (Toneva et al., 2019). One that is never learned is never
    forgotten; to rank examples, Toneva et al. count it as the most forgotten.

    Args:
      hits: bool [epochs, n], whether each prediction is correct.

    Returns:
      int32 [n].

    Raises:
      InputError: the array is empty, has another shape or other numbers.
    """
    hits = as_hits("hits", hits, "[epochs, n]")
    return (hits[:-1] & ~hits[1:]).sum(axis=0, dtype="int32")


def learning_order_agreement(first_epochs: Sequence[np.ndarray]) -> float:
    """Computes how far several runs learn the examples in the same order.

    This is Spearman's rank correlation between the first epochs of two runs,
    averaged over all pairs of runs. Examples that are never learned come last,
    and equal epochs share a rank. Arpit et al. (2017) report that networks
    agree on which examples are easy if labels are true, and not if they are
    random.

    The arrays must be of the same examples in the same order, which the column
    `id` of `RunResult.learning` identifies. Runs with `train_examples` draw
    their subset by the seed, so that two seeds train on different examples.

    Args:
      first_epochs: int [n] for each run, as from `first_learned`.

    Returns:
      A number from -1 to 1; NaN if a run learns all examples at once.

    Raises:
      InputError: there are fewer than two runs, they have different numbers
        of examples, or none.
    """
    epochs = [np.asarray(of_run) for of_run in first_epochs]
    shapes = {of_run.shape for of_run in epochs}
    if len(epochs) < 2 or len(shapes) > 1 or not epochs[0].size:
        raise InputError(
            "first_epochs: must be two or more arrays of the same length;"
            f" received the shapes {[of_run.shape for of_run in epochs]}"
        )
    ranks = [
        stats.rankdata(np.where(of_run > 0, of_run, of_run.max() + 1))
        for of_run in epochs
    ]
    if any(np.ptp(of_run) == 0 for of_run in ranks):
        return float("nan")
    pairs = np.triu_indices(len(ranks), k=1)
    return float(np.corrcoef(ranks)[pairs].mean())
