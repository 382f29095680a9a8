"""Class-balanced subsets and held-out examples."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization import (
    balanced_size,
    balanced_subset,
    hold_out,
    leading,
)
from tests.support.randomized import SEEDS, assert_same

# Subsets


@pytest.fixture(scope="module")
def uneven() -> Examples:
    """Four classes of 20 to 50 examples, in random order."""
    labels = np.repeat(np.arange(4, dtype=np.int32), (20, 30, 40, 50))
    random = np.random.default_rng(0)
    labels = random.permutation(labels)
    ids = random.integers(-(2**63), 2**63, 140, np.int64)
    return Examples(np.zeros((140, 1, 1, 1), np.uint8), labels, labels, ids)


@given(size=st.integers(1, 80), seed=SEEDS)
@settings(max_examples=30)
def test_subset_is_balanced_and_in_order(uneven, size, seed):
    subset = balanced_subset(uneven, size, seed=seed)
    assert len(subset) == len(subset.images) == size
    counts = np.bincount(subset.true_labels, minlength=4)
    assert counts.max() - counts.min() <= 1
    where = np.flatnonzero(np.isin(uneven.ids, subset.ids))
    assert_same(subset, uneven.take(where))


@given(sizes=st.tuples(st.integers(1, 80), st.integers(1, 80)), seed=SEEDS)
@settings(max_examples=20)
def test_subsets_are_nested(uneven, sizes, seed):
    small, large = (
        set(balanced_subset(uneven, size, seed=seed).ids)
        for size in sorted(sizes)
    )
    assert small <= large


def test_subset_does_not_depend_on_the_order_of_the_examples(uneven):
    order = np.random.default_rng(1).permutation(len(uneven))
    straight = balanced_subset(uneven, 50, seed=0)
    mixed = balanced_subset(uneven.take(order), 50, seed=0)
    assert set(straight.ids) == set(mixed.ids)


def test_subset_is_balanced_by_true_labels(uneven):
    relabelled = dataclasses.replace(
        uneven, labels=np.zeros_like(uneven.labels)
    )
    subset = balanced_subset(relabelled, 40, seed=0)
    assert np.bincount(subset.true_labels).tolist() == [10] * 4


def test_all_examples_of_a_class_are_equally_likely(uneven):
    hits = sum(
        np.isin(
            uneven.ids,
            balanced_subset(uneven, 40, seed=seed).ids,
        )
        for seed in range(100)
    )
    for label, members in enumerate((20, 30, 40, 50)):
        counts = hits[uneven.true_labels == label]
        fraction = 10 / members
        deviation = np.sqrt(100 * fraction * (1 - fraction))
        assert np.abs(counts - 100 * fraction).max() < 4.5 * deviation


@pytest.mark.parametrize("size", [81, 140, 10_000])
def test_too_large_subsets_raise_with_the_numbers(uneven, size):
    needed = -(-size // 4)
    with pytest.raises(InputError) as error:
        balanced_subset(uneven, size, seed=0)
    message = str(error.value)
    assert f"train_examples={size}" in message
    assert "20 examples" in message
    assert str(needed) in message
    assert "\n" not in message


# Held-out examples


@given(size=st.integers(1, 80), seed=SEEDS)
@settings(max_examples=20)
def test_held_out_examples_are_balanced_and_disjoint(uneven, size, seed):
    rest, held_out = hold_out(uneven, size, seed=seed)
    assert len(held_out) == size
    assert len(rest) + size == len(uneven)
    assert not set(rest.ids) & set(held_out.ids)
    counts = np.bincount(held_out.true_labels, minlength=4)
    assert counts.max() - counts.min() <= 1
    for part in (rest, held_out):
        where = np.flatnonzero(np.isin(uneven.ids, part.ids))
        assert_same(part, uneven.take(where))


@pytest.mark.parametrize("size", [81, 140, 10_000])
def test_too_many_held_out_examples_raise(uneven, size):
    with pytest.raises(InputError, match=rf"validation_examples={size}: "):
        hold_out(uneven, size, seed=0)


def test_the_leading_examples_are_the_first_unless_stored_by_class(uneven):
    assert leading(uneven, 20, seed=0).tolist() == list(range(20))
    assert leading(uneven, 500, seed=0).tolist() == list(range(140))
    by_class = uneven.take(np.argsort(uneven.labels))
    chosen = leading(by_class, 70, seed=0)
    assert len(chosen) == 70
    assert np.all(np.diff(chosen) > 0)
    counts = np.bincount(by_class.labels[chosen], minlength=4)
    assert counts.min() >= 5
    assert set(chosen) >= set(leading(by_class, 30, seed=0))
    assert leading(by_class, 140, seed=0).tolist() == list(range(140))


def test_classes_without_examples_do_not_count(uneven):
    part = uneven.take(np.flatnonzero(uneven.true_labels != 1))
    subset = balanced_subset(part, 30, seed=0)
    assert np.bincount(subset.true_labels).tolist() == [10, 0, 10, 10]
    _, held_out = hold_out(part, 6, seed=0)
    assert np.bincount(held_out.true_labels).tolist() == [2, 0, 2, 2]
    assert balanced_size(part, 1_000) == 3 * 20
    assert balanced_size(part, 7) == 7
