"""The public `corrupt_labels`: label noise on arrays."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import rethink_keras as rk
from tests.support.randomized import (
    SEEDS,
    N,
    corrupted,
    cycling_labels,
    identities,
)
from tests.support.threefry import label_draws, noisy_labels

ASYMMETRIC = np.array(
    [[0.7, 0.2, 0.1, 0], [0, 1, 0, 0], [0.25, 0, 0.5, 0.25], [0, 0, 0.9, 0.1]]
)


def matrices(size: int):
    """Transition matrices, with zeros."""
    weights = st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(
        any
    )
    return st.lists(weights, min_size=size, max_size=size).map(
        lambda rows: np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    )


@settings(max_examples=20)
@given(
    seed=SEEDS,
    probability=st.floats(0, 1),
    num_classes=st.integers(1, 1000),
)
def test_bits_are_those_of_threefry_and_of_runs(seed, probability, num_classes):
    labels = cycling_labels(200, num_classes)
    noisy = rk.corrupt_labels(
        labels, num_classes=num_classes, probability=probability, seed=seed
    )
    options = {"probability": probability, "seed": seed}
    np.testing.assert_array_equal(
        noisy, noisy_labels(labels, num_classes, **options)
    )
    np.testing.assert_array_equal(
        noisy,
        corrupted(labels, identities(200), num_classes=num_classes, **options),
    )


@settings(max_examples=20)
@given(seed=SEEDS, transition=matrices(4))
def test_transitions_invert_the_cumulative_distribution(seed, transition):
    labels = cycling_labels(200, 4)
    noisy = rk.corrupt_labels(labels, transition=transition, seed=seed)
    _, choice = label_draws(200, seed)
    for label, new, draw in zip(labels, noisy, choice, strict=True):
        row = transition[label] / transition[label].sum()
        below = np.cumsum(row) - row
        assert row[new] > 0
        assert below[new] - 1e-12 <= draw < below[new] + row[new] + 1e-12


def test_frequencies_are_those_of_the_transition_matrix():
    labels = cycling_labels(N, 4)
    noisy = rk.corrupt_labels(labels, transition=ASYMMETRIC)
    table = np.zeros((4, 4))
    np.add.at(table, (labels, noisy), 1)
    deviation = np.sqrt(N / 4 * ASYMMETRIC * (1 - ASYMMETRIC))
    assert (np.abs(table - N / 4 * ASYMMETRIC) <= 5 * deviation).all()


def test_rounding_never_selects_a_class_of_probability_0(monkeypatch):
    """A row that sums to less than 1, and the largest draw."""
    short = [[0, 1 - 9e-7, 0], [0.5, 0.5 - 9e-7, 0], [0, 0, 1]]
    largest = tf.constant([2**32 - 1] * 3, tf.uint32)
    monkeypatch.setattr(
        "rethink_keras.randomization.randomize.label_words",
        lambda *_: (largest, largest),
    )
    noisy = rk.corrupt_labels([0, 1, 2], transition=short)
    np.testing.assert_array_equal(noisy, [1, 1, 2])


def test_no_probability_means_1():
    labels = cycling_labels(300)
    np.testing.assert_array_equal(
        rk.corrupt_labels(labels), rk.corrupt_labels(labels, probability=1)
    )


@pytest.mark.parametrize("options", [{}, {"transition": ASYMMETRIC}], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "uint64"])
def test_shape_and_dtype_are_kept(dtype, options):
    labels = cycling_labels(60, 4).astype(dtype)
    expected = rk.corrupt_labels(labels, **options)
    column = rk.corrupt_labels(labels[:, None], **options)
    assert expected.dtype == column.dtype == dtype
    np.testing.assert_array_equal(column, expected[:, None])
    for form in (labels.tolist(), tf.constant(labels)):
        np.testing.assert_array_equal(
            rk.corrupt_labels(form, **options), expected
        )


@pytest.mark.parametrize("options", [{}, {"transition": ASYMMETRIC}], ids=str)
def test_distinct_labels_are_the_classes_in_ascending_order(options):
    values = np.array([-7, 3, 40, 1000])
    labels = cycling_labels(200, 4)[::-1]
    np.testing.assert_array_equal(
        rk.corrupt_labels(values[labels], **options),
        values[rk.corrupt_labels(labels, **options)],
    )


def test_inputs_are_not_modified_or_shared():
    labels = cycling_labels(20)
    noisy = rk.corrupt_labels(labels, probability=0)
    np.testing.assert_array_equal(labels, cycling_labels(20))
    np.testing.assert_array_equal(noisy, labels)
    assert not np.shares_memory(noisy, labels)


def test_no_labels_give_no_labels():
    empty = np.zeros(0, np.int16)
    for options in ({}, {"num_classes": 4, "transition": ASYMMETRIC}):
        noisy = rk.corrupt_labels(empty, **options)
        assert (noisy.shape, noisy.dtype) == ((0,), np.int16)


def test_numpy_scalars_are_accepted():
    labels = cycling_labels(100)
    np.testing.assert_array_equal(
        rk.corrupt_labels(
            labels,
            num_classes=np.int64(10),
            probability=np.float64(0.5),
            seed=np.uint8(3),
        ),
        rk.corrupt_labels(labels, num_classes=10, probability=0.5, seed=3),
    )


REFUSED = {
    "floats": ([0.0, 1.0], {}, r"labels: .* float64 \(2,\); .*y.astype"),
    "columns of floats": ([[0.0], [1.0]], {}, "labels: .*y.astype"),
    "words": (["a", "b"], {}, r"labels: .* <U1 \(2,\); .*numpy.unique"),
    "one-hot": (np.eye(2, dtype=int), {}, "labels: .*argmax"),
    "one-hot floats": (np.eye(2), {}, "labels: .*argmax"),
    "a number": (3, {}, r"labels: received int64 \(\);"),
    "ragged": ([[0], [1, 2]], {}, "labels: received a list"),
    "above": ([1, 2], {"num_classes": 2}, "labels: .* from 1 to 2; .* 0 to 1"),
    "below": ([-1, 0], {"num_classes": 2}, "labels: .* from -1 to 0"),
    "no classes": ([0], {"num_classes": 0}, "num_classes=0: must be"),
    "part of a class": ([0], {"num_classes": 2.5}, "num_classes=2.5: must be"),
    "small dtype": (
        np.zeros(1, np.uint8),
        {"num_classes": 300},
        "num_classes=300: labels of dtype uint8 hold .* 255",
    ),
    "probability": ([0], {"probability": 1.1}, "probability=1.1: must be"),
    "nan": ([0], {"probability": np.nan}, "probability=nan: must be"),
    "negative seed": ([0], {"seed": -1}, "seed=-1: must be"),
    "float seed": ([0], {"seed": 1.0}, "seed=1.0: must be"),
    "truth as seed": ([0], {"seed": True}, "seed=True: must be"),
    "both": (
        [0, 1],
        {"probability": 0.5, "transition": np.eye(2)},
        "probability=0.5: cannot be combined with transition",
    ),
    "size": (
        [0, 1],
        {"transition": np.eye(3)},
        r"transition: .*\[3, 3\]; must be \[2, 2\].*pass num_classes",
    ),
    "size of classes": (
        [0, 1],
        {"transition": np.eye(2), "num_classes": 3},
        r"transition: .*must be \[3, 3\], since num_classes is 3",
    ),
    "vector": ([0], {"transition": [1.0]}, r"transition: received shape \[1\]"),
    "not numbers": ([0], {"transition": "x"}, "transition: received a str"),
    "negative": (
        [0, 1],
        {"transition": [[-0.5, 1.5], [0, 1]]},
        "transition: received the value -0.5",
    ),
    "missing": (
        [0, 1],
        {"transition": [[np.nan, 1], [0, 1]]},
        "transition: received the value nan",
    ),
    "sums": (
        [0, 1],
        {"transition": [[0.5, 0.4], [0, 1]]},
        "transition: row 0 sums to 0.9; .*divide each row",
    ),
    "transposed": (
        [0, 1],
        {"transition": [[1, 0.5], [0, 0.5]]},
        "transition: row 0 sums to 1.5; .*noise_matrix: pass the transpose",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_are_named_on_one_line(name):
    labels, options, expected = REFUSED[name]
    with pytest.raises(rk.InputError, match=f"^{expected}") as error:
        rk.corrupt_labels(labels, **options)
    assert "\n" not in str(error.value)
