"""Threefry-2x32 and the random streams built on it."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from rethink_keras.randomization import Stream, example_keys
from rethink_keras.randomization.random_streams import (
    random_normals,
    random_words,
    to_normal,
    to_uniform,
)
from rethink_keras.randomization.threefry import threefry_2x32

ALL_ONES = 0xFFFFFFFF


def words(values) -> tf.Tensor:
    return tf.constant(np.array(values, np.uint32))


def keys_of(ids, seed=0, stream=Stream.LABELS, epoch=0) -> list:
    """Returns the keys as 64-bit Python integers."""
    ids = tf.constant(np.array(ids, np.int64))
    high, low = (
        word.numpy().astype(object)
        for word in example_keys(ids, seed, stream, epoch)
    )
    return list(high * 2**32 + low)


# Random123, tests/kat_vectors: threefry 2 32 20.
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        (
            (ALL_ONES, ALL_ONES),
            (ALL_ONES, ALL_ONES),
            (0x1CB996FC, 0xBB002BE7),
        ),
        (
            (0x243F6A88, 0x85A308D3),
            (0x13198A2E, 0x03707344),
            (0xC4923A9C, 0x483DF7A0),
        ),
    ],
)
def test_outputs_match_published_known_answers(counter, key, expected):
    result = threefry_2x32(
        (words(key[0]), words(key[1])), (words(counter[0]), words(counter[1]))
    )
    assert tuple(int(word) for word in result) == expected


def test_bits_are_the_same_in_eager_mode_graphs_and_tf_data():
    rows = np.random.default_rng(0).integers(0, 2**32, (4, 200), np.uint32)
    rows[:, :3] = [[0, 2**31, ALL_ONES]] * 4
    columns = tuple(words(row) for row in rows)

    def encrypt(k0, k1, c0, c1):
        return tf.stack(threefry_2x32((k0, k1), (c0, c1)))

    eager = encrypt(*columns).numpy()
    graph = tf.function(encrypt)(*columns).numpy()
    mapped = tf.data.Dataset.from_tensor_slices(columns).map(encrypt)
    np.testing.assert_array_equal(graph, eager)
    np.testing.assert_array_equal(
        np.stack(list(mapped.as_numpy_iterator()), axis=1), eager
    )


def test_key_and_counter_broadcast():
    key = words([[1], [2]]), words([[3], [4]])
    broadcast = tf.stack(threefry_2x32(key, (words(0), words([5, 6, 7]))))
    assert broadcast.shape == (2, 2, 3)
    for row in range(2):
        for column in range(3):
            single = threefry_2x32(
                (words(row + 1), words(row + 3)),
                (words(0), words(column + 5)),
            )
            np.testing.assert_array_equal(
                broadcast[:, row, column], tf.stack(single)
            )


def test_keys_depend_on_all_64_bits_of_an_identity():
    ids = [0, 1, 2**31, 2**32, 2**33, 2**62, -1, -(2**63), 2**63 - 1]
    assert len(set(keys_of(ids))) == len(ids)


@pytest.mark.parametrize("execute", [lambda f: f, tf.function])
def test_epochs_may_be_integers_or_tensors(execute):
    ids = tf.range(3, dtype=tf.int64)

    def keys(epoch):
        return tf.stack(example_keys(ids, 2**31 - 1, Stream.CROP, epoch))

    expected = keys(7).numpy()
    for dtype in (tf.int32, tf.int64):
        epoch = tf.constant(7, dtype)
        np.testing.assert_array_equal(execute(keys)(epoch), expected)


def test_keys_of_seeds_streams_and_epochs_are_distinct():
    keys = [
        key
        for seed in (0, 1, 2**31 - 1)
        for stream in Stream
        for epoch in (0, 1, 2)
        for key in keys_of([0, 1, 2], seed, stream, epoch)
    ]
    assert len(set(keys)) == len(keys) == 3 * len(Stream) * 3 * 3


def test_a_shorter_stream_is_a_prefix_of_a_longer_one():
    keys = example_keys(tf.range(4, dtype=tf.int64), 0, Stream.GAUSSIAN)
    short, long = tf.stack(random_words(keys, 5)), random_words(keys, 9)
    np.testing.assert_array_equal(tf.stack(long)[..., :5], short)


def test_uniform_numbers_stay_below_one():
    ends = to_uniform(words([0, ALL_ONES])).numpy()
    assert ends[0] == 0
    assert 1 - 2**-31 < ends[1] < 1


def test_streams_of_neighbouring_identities_are_uniform_and_independent():
    keys = example_keys(tf.range(500, dtype=tf.int64), 0, Stream.LABELS)
    draws = np.concatenate(
        [to_uniform(w).numpy() for w in random_words(keys, 40)], axis=1
    )
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-3
    rank_one = np.corrcoef(draws)[~np.eye(500, dtype=bool)]
    # Correlations of 80 independent draws have standard deviation 1/sqrt(79).
    assert abs(rank_one.std() * np.sqrt(79) - 1) < 0.02
    columns = np.corrcoef(draws.T)[~np.eye(80, dtype=bool)]
    assert np.abs(columns).max() < 5.5 / np.sqrt(500)


def test_normal_numbers_are_finite_for_extreme_words():
    grid = words([0, 0, ALL_ONES, ALL_ONES]), words([0, ALL_ONES] * 2)
    numbers = to_normal(grid).numpy()
    assert numbers.shape == (8,)
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() < 7


@pytest.mark.parametrize("count", [1, 6, 33, 126])
def test_normal_numbers_do_not_depend_on_the_batch(count):
    keys = example_keys(tf.range(9, dtype=tf.int64), 0, Stream.GAUSSIAN)
    together = random_normals(keys, count).numpy()
    pairs = -(-count // 2)
    plain = to_normal(random_words(keys, pairs)).numpy()[:, :count]
    np.testing.assert_allclose(together, plain, rtol=1e-5, atol=1e-6)
    for index in range(9):
        part = keys[0][index : index + 1], keys[1][index : index + 1]
        np.testing.assert_array_equal(
            random_normals(part, count)[0], together[index]
        )
