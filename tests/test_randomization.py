"""Randomized labels and pixels, subsets and fingerprints."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import pipeline
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.randomization import (
    Randomization,
    balanced_subset,
    corrupt_labels,
    fingerprint,
    gaussian_pixels,
    hold_out,
    permute_pixels,
    shuffle_pixels,
)

N = 50_000
SEEDS = st.integers(0, 2**31 - 1)
MEAN, STDDEV = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)
FRESH_PROCESS = """
import dataclasses
import numpy as np
import tensorflow as tf
from rethink_keras import data
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.randomization import Randomization, fingerprint
few = data.load("cifar10_sample").train.take(np.arange(130))
ids = tf.constant(few.ids)
for kind in RANDOMIZATIONS:
    random = Randomization(
        kind, classes=10, seed=3, mean=(0.49, 0.48, 0.45),
        stddev=(0.25, 0.24, 0.26))
    print(kind, fingerprint(dataclasses.replace(
        few,
        images=random.pixels(tf.constant(few.images[:, 2:30, 2:30]), ids),
        labels=random.labels(tf.constant(few.labels), ids))))
"""


def identities(count: int, first: int = 0) -> tf.Tensor:
    return tf.range(first, first + count, dtype=tf.int64)


def cycling_labels(count: int, classes: int = 10) -> np.ndarray:
    return (np.arange(count) % classes).astype(np.int32)


def corrupted(labels, ids, *, classes=10, probability=1.0, seed=0):
    return corrupt_labels(
        tf.constant(labels),
        tf.constant(ids),
        classes=classes,
        probability=probability,
        seed=seed,
    ).numpy()


def make(kind: str, seed: int = 3, **options) -> Randomization:
    return Randomization(
        kind, classes=10, seed=seed, mean=MEAN, stddev=STDDEV, **options
    )


def assert_same(one: Examples, other: Examples) -> None:
    for field in dataclasses.fields(Examples):
        np.testing.assert_array_equal(
            getattr(one, field.name), getattr(other, field.name), field.name
        )


def rows(examples: Examples, indices) -> Examples:
    """The examples at some positions, arrays or tensors alike."""
    return Examples(
        *(
            np.asarray(getattr(examples, field.name))[indices]
            for field in dataclasses.fields(examples)
        )
    )


def numbered(height: int, width: int, channels: int = 3) -> np.ndarray:
    """An image whose values tell their position and channel: int32."""
    position = np.arange(height * width, dtype=np.int32)
    channel = 10_000 * np.arange(channels, dtype=np.int32)
    return (position[:, None] + channel).reshape(height, width, channels)


def chi_square(counts, expected: float) -> float:
    """The p-value of counts that should be equal."""
    statistic = ((np.asarray(counts) - expected) ** 2 / expected).sum()
    return stats.chi2.sf(statistic, np.size(counts) - 1)


# Labels


def test_random_labels_tell_nothing_of_the_true_ones():
    labels = cycling_labels(N)
    table = np.zeros((10, 10))
    np.add.at(table, (labels, corrupted(labels, identities(N))), 1)
    # 90 degrees of freedom: ten true classes of exactly 5,000 examples.
    statistic = ((table - N / 100) ** 2 / (N / 100)).sum()
    assert 1e-3 < stats.chi2.sf(statistic, 90) < 1 - 1e-3


@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("probability", [0.1, 0.5, 1.0])
def test_labels_kept(probability, classes):
    labels = cycling_labels(N, classes)
    noisy = corrupted(
        labels, identities(N), classes=classes, probability=probability
    )
    kept = 1 - probability + probability / classes
    deviation = np.sqrt(N * kept * (1 - kept))
    assert abs((noisy == labels).sum() - N * kept) < 5 * deviation


@settings(max_examples=25)
@given(classes=st.integers(2, 1000), seed=SEEDS)
def test_new_labels_are_uniform_over_any_number_of_classes(classes, seed):
    count = 20 * classes
    labels = np.zeros(count, np.int32)
    noisy = corrupted(labels, identities(count), classes=classes, seed=seed)
    assert noisy.dtype == np.int32
    assert noisy.min() >= 0
    counts = np.bincount(noisy, minlength=classes)
    assert len(counts) == classes
    assert chi_square(counts, 20) > 1e-6


def test_the_new_class_is_independent_of_the_corruption():
    labels = cycling_labels(N)
    noisy = corrupted(labels, identities(N), probability=0.3)
    step = (noisy - labels) % 10
    counts = np.bincount(step, minlength=10)[1:]
    assert chi_square(counts, counts.sum() / 9) > 1e-3
    assert chi_square(np.bincount(noisy), N / 10) > 1e-3


def test_corruption_is_nested():
    labels, ids = cycling_labels(2000), identities(2000)
    final = corrupted(labels, ids)
    before = np.zeros(2000, bool)
    for probability in np.linspace(0, 1, 11):
        noisy = corrupted(labels, ids, probability=float(probability))
        changed = noisy != labels
        assert not (before & ~changed).any()
        np.testing.assert_array_equal(noisy[changed], final[changed])
        before = changed
    assert before.mean() > 0.8


@given(seed=SEEDS)
@settings(max_examples=10)
def test_no_corruption_is_the_identity(seed):
    labels = cycling_labels(1000)
    noisy = corrupted(labels, identities(1000), probability=0.0, seed=seed)
    np.testing.assert_array_equal(noisy, labels)


def test_training_and_test_draws_are_independent(sample):
    test_ids = sample.test.ids
    train_ids = sample.train.ids[: len(test_ids)]
    zeros = np.zeros(len(test_ids), np.int32)
    same = corrupted(zeros, train_ids) == corrupted(zeros, test_ids)
    assert abs(same.mean() - 0.1) < 5 * np.sqrt(0.09 / len(same))


# What holds for every randomization


@pytest.fixture(scope="module", params=RANDOMIZATIONS)
def case(request, few) -> tuple[Randomization, Examples, Examples]:
    """A randomization, what it was given through tf.data, and the result."""
    given = rows(few, np.arange(len(few)))
    return (
        make(request.param),
        given,
        pipeline.randomize(given, make(request.param)),
    )


def eagerly(random: Randomization, examples: Examples) -> Examples:
    """What `pipeline.randomize` makes of 32 x 32 images, without tf.data."""
    crops = tf.constant(examples.images[:, 2:30, 2:30])
    ids = tf.constant(examples.ids)
    return dataclasses.replace(
        examples,
        images=random.pixels(crops, ids),
        labels=random.labels(tf.constant(examples.labels), ids),
    )


def test_only_what_is_named_is_made_random(case, few):
    random, _, result = case
    crops = few.images[:, 2:30, 2:30]
    changed = {
        "labels": (np.asarray(result.labels) != few.labels).any(),
        "pixels": (np.asarray(result.images) != crops).any(),
    }
    assert changed == {
        "labels": random.kind == "labels",
        "pixels": random.kind not in ("none", "labels"),
    }
    np.testing.assert_array_equal(result.true_labels, few.labels)
    np.testing.assert_array_equal(result.ids, few.ids)


def test_the_originals_are_untouched(case, few):
    _, given, _ = case
    assert_same(given, few)


def test_order_of_the_examples_does_not_matter(case, few):
    random, _, whole = case
    order = np.random.default_rng(0).permutation(len(few))
    mixed = pipeline.randomize(few.take(order), random)
    assert_same(mixed, rows(whole, order))


@pytest.mark.parametrize(
    "indices", [[0], [128], range(7), range(5, 130, 9)], ids=str
)
def test_subset_does_not_matter(case, few, indices):
    random, _, whole = case
    part = eagerly(random, few.take(np.array(indices)))
    assert_same(part, rows(whole, np.array(indices)))


def test_shards_of_replicas_together_are_the_whole(case, few):
    random, _, whole = case
    fields = [getattr(few, field.name) for field in dataclasses.fields(few)]
    shards = [
        tf.data.Dataset.from_tensor_slices(tuple(fields))
        .shard(3, replica)
        .batch(len(few))
        .get_single_element()
        for replica in range(3)
    ]
    assert sum(len(shard[0]) for shard in shards) == len(few)
    for replica, shard in enumerate(shards):
        assert_same(
            eagerly(random, Examples(*(column.numpy() for column in shard))),
            rows(whole, np.arange(replica, len(few), 3)),
        )


def test_way_of_execution_does_not_matter(case, few):
    random, _, _ = case
    columns = few.images[:60], few.labels[:60], few.ids[:60]

    def apply(images, labels, ids):
        return random.pixels(images, ids), random.labels(labels, ids)

    eager = apply(*map(tf.constant, columns))
    graph = tf.function(apply)(*map(tf.constant, columns))
    batches = tf.data.Dataset.from_tensor_slices(columns).batch(7).map(apply)
    mapped = [tf.concat(parts, 0) for parts in zip(*batches, strict=True)]
    for results in (graph, mapped):
        for result, expected in zip(results, eager, strict=True):
            np.testing.assert_array_equal(result, expected)


def test_seeds_differ(case, few):
    random, _, one = case
    other = eagerly(dataclasses.replace(random, seed=4), few)
    same_labels = np.asarray(one.labels) == np.asarray(other.labels)
    same_images = {
        np.array_equal(a, b)
        for a, b in zip(one.images, other.images, strict=True)
    }
    if random.kind == "labels":
        assert same_labels.mean() < 0.3
    else:
        assert same_labels.all()
    assert same_images == {random.kind in ("none", "labels")}


def test_a_fresh_process_gives_the_same(few):
    result = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS],
        capture_output=True,
        text=True,
        check=True,
        cwd=pathlib.Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    there = dict(line.split() for line in result.stdout.splitlines())
    assert there == {
        kind: fingerprint(eagerly(make(kind), few)) for kind in RANDOMIZATIONS
    }


# Pixels


def test_shuffled_pixels_is_one_permutation_of_locations():
    images = np.stack([numbered(28, 28), numbered(28, 28) + 784])
    one, other = shuffle_pixels(tf.constant(images), seed=0).numpy()
    order = one[..., 0].ravel()
    np.testing.assert_array_equal(np.sort(order), np.arange(784))
    assert (order != np.arange(784)).mean() > 0.98
    np.testing.assert_array_equal(other, one + 784)
    np.testing.assert_array_equal(
        one, numbered(28, 28).reshape(784, 3)[order].reshape(28, 28, 3)
    )


def test_random_pixels_has_a_permutation_for_each_image():
    images = np.stack([numbered(28, 28)] * 50)
    permuted = permute_pixels(tf.constant(images), identities(50), seed=0)
    orders = permuted.numpy()[..., 0].reshape(50, 784)
    np.testing.assert_array_equal(
        np.sort(orders, axis=1), np.tile(np.arange(784), (50, 1))
    )
    # Two independent permutations agree at one position on average.
    agree = (orders[:, None] == orders).sum(axis=2)[~np.eye(50, dtype=bool)]
    assert agree.max() < 12
    assert abs(agree.mean() - 1) < 0.1
    np.testing.assert_array_equal(
        permuted,
        np.moveaxis(
            np.stack([orders, orders + 10_000, orders + 20_000]), 0, -1
        ).reshape(50, 28, 28, 3),
    )


def test_training_and_test_set_share_the_shuffle(sample):
    train = sample.train.take(np.arange(600))
    test = sample.test.take(np.arange(20))
    image = tf.constant(numbered(28, 28)[None])
    order = shuffle_pixels(image, seed=3).numpy()[0, ..., 0].ravel()
    for split in (train, test):
        crops = split.images[:, 2:30, 2:30].reshape(-1, 784, 3)
        shuffled = pipeline.randomize(split, make("shuffled_pixels")).images
        np.testing.assert_array_equal(
            np.asarray(shuffled).reshape(-1, 784, 3), crops[:, order]
        )


@settings(max_examples=20)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    channels=st.sampled_from([1, 3]),
    seed=SEEDS,
)
def test_the_pixels_of_each_image_are_kept(height, width, channels, seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (4, height, width, channels), np.uint8)
    for result in (
        shuffle_pixels(tf.constant(images), seed=seed),
        permute_pixels(tf.constant(images), identities(4), seed=seed),
    ):
        assert result.shape == images.shape
        assert result.dtype == tf.uint8
        for before, after in zip(images, result.numpy(), strict=True):
            assert sorted(before.reshape(-1, channels).tolist()) == sorted(
                after.reshape(-1, channels).tolist()
            )


def test_random_pixels_permutations_are_uniform():
    count = 24_000
    images = tf.tile(tf.constant(numbered(2, 2, 1)[None]), (count, 1, 1, 1))
    permuted = permute_pixels(images, identities(count), seed=0).numpy()
    _, counts = np.unique(permuted.reshape(count, 4), axis=0, return_counts=1)
    assert len(counts) == 24
    assert 1e-3 < chi_square(counts, count / 24) < 1 - 1e-3


def test_random_pixels_go_anywhere():
    count = 7_840
    images = tf.tile(tf.constant(numbered(28, 28, 1)[None]), (count, 1, 1, 1))
    permuted = permute_pixels(images, identities(count), seed=0)
    place = tf.argmin(tf.reshape(permuted, (count, 784)), axis=1).numpy()
    counts = np.bincount(place, minlength=784)
    assert 1e-3 < chi_square(counts, count / 784) < 1 - 1e-3


def test_shuffles_of_many_seeds_are_uniform():
    image = tf.constant(numbered(1, 3, 1)[None])
    orders = [
        tuple(shuffle_pixels(image, seed=seed).numpy().ravel())
        for seed in range(120)
    ]
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert chi_square(counts, 20) > 1e-3


@pytest.mark.parametrize("kind", ["none", "shuffled_pixels", "random_pixels"])
def test_pixel_conditions_hold_the_pixels_of_the_centre_crop(few, kind):
    result = pipeline.randomize(few, make(kind)).images.numpy()
    crops = few.images[:, 2:30, 2:30]
    assert result.dtype == np.uint8
    for crop, image in zip(crops, result, strict=True):
        assert sorted(crop.reshape(-1, 3).tolist()) == sorted(
            image.reshape(-1, 3).tolist()
        )


# Gaussian


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """Standardized noise of 1,000 images: [1000, 28, 28, 3]."""
    images = gaussian_pixels(
        identities(1000),
        shape=(28, 28, 3),
        mean=tf.constant(MEAN),
        stddev=tf.constant(STDDEV),
        seed=0,
    )
    assert images.dtype == tf.float32
    return ((images.numpy() - MEAN) / STDDEV).astype(np.float64)


def test_noise_has_the_given_mean_and_variance_per_channel(noise):
    count = noise[..., 0].size
    assert np.abs(noise.mean(axis=(0, 1, 2))).max() < 4 / np.sqrt(count)
    variance = noise.var(axis=(0, 1, 2))
    assert np.abs(variance - 1).max() < 4 * np.sqrt(2 / count)


def test_noise_is_normal_and_not_clipped(noise):
    assert stats.kstest(noise[:100].ravel(), "norm").pvalue > 1e-3
    values = noise[..., 0] * STDDEV[0] + MEAN[0]
    for outside, tail in (
        (values < 0, stats.norm.cdf(-MEAN[0] / STDDEV[0])),
        (values > 1, stats.norm.sf((1 - MEAN[0]) / STDDEV[0])),
    ):
        deviation = np.sqrt(tail * (1 - tail) / values.size)
        assert abs(outside.mean() - tail) < 5 * deviation


def test_noise_differs_between_images(noise):
    flat = noise[:200].reshape(200, -1)
    correlation = np.corrcoef(flat)[~np.eye(200, dtype=bool)]
    assert np.abs(correlation).max() < 5.5 / np.sqrt(flat.shape[1])


def test_values_within_an_image_are_independent(noise):
    flat = noise.reshape(len(noise), -1)
    for power in (1, 2):
        values = flat**power
        values = (values - values.mean()) / values.std()
        # Neighbours in channel, column and row, and the two halves.
        for lag in (1, 2, 3, 84, 1176):
            products = values[:, lag:] * values[:, :-lag]
            assert abs(products.mean()) < 5 / np.sqrt(products.size)


def test_noise_of_the_same_image_depends_on_its_identity_alone():
    options = {
        "shape": (4, 6, 1),
        "mean": tf.constant([0.5]),
        "stddev": tf.constant([0.1]),
        "seed": 0,
    }
    ids = tf.constant([5, -7, 5], tf.int64)
    first, second, third = gaussian_pixels(ids, **options).numpy()
    np.testing.assert_array_equal(first, third)
    assert (first != second).all()


# Fingerprints


def test_fingerprint_is_64_hexadecimal_digits(few):
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(few, few))


def test_fingerprint_does_not_depend_on_order(few):
    order = np.random.default_rng(0).permutation(len(few))
    other = few.take(order[:50])
    assert fingerprint(few.take(order), other) == fingerprint(few, other)


def test_fingerprint_is_the_same_for_arrays_and_tensors(few):
    tensors = Examples(
        *(
            tf.constant(getattr(few, field.name))
            for field in dataclasses.fields(few)
        )
    )
    assert fingerprint(tensors) == fingerprint(few)


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize(
    ("field", "place"), [("labels", -1), ("images", (3, 31, 0, 2))]
)
def test_fingerprint_shows_one_changed_number(few, field, place, split):
    column = getattr(few, field).copy()
    column[place] ^= 1
    splits = [few, few.take(np.arange(20))]
    splits[split] = dataclasses.replace(few, **{field: column})
    plain = [few, few.take(np.arange(20))]
    plain[split] = few
    assert fingerprint(*splits) != fingerprint(*plain)


def test_fingerprint_shows_which_example_has_which_label(few):
    labels = few.labels.copy()
    a, b = 0, int(np.flatnonzero(labels != labels[0])[0])
    labels[[a, b]] = labels[[b, a]]
    swapped = dataclasses.replace(few, labels=labels)
    assert fingerprint(swapped) != fingerprint(few)


# Subsets


@pytest.fixture(scope="module")
def uneven() -> Examples:
    """Four classes of 20 to 50 examples, in disorder."""
    labels = np.repeat(np.arange(4, dtype=np.int32), (20, 30, 40, 50))
    random = np.random.default_rng(0)
    labels = random.permutation(labels)
    ids = random.integers(-(2**63), 2**63, 140, np.int64)
    return Examples(np.zeros((140, 1, 1, 1), np.uint8), labels, labels, ids)


@given(size=st.integers(1, 80), seed=SEEDS)
@settings(max_examples=30)
def test_subset_is_balanced_and_in_order(uneven, size, seed):
    subset = balanced_subset(uneven, size, classes=4, seed=seed)
    assert len(subset) == len(subset.images) == size
    counts = np.bincount(subset.true_labels, minlength=4)
    assert counts.max() - counts.min() <= 1
    where = np.flatnonzero(np.isin(uneven.ids, subset.ids))
    assert_same(subset, uneven.take(where))


@given(sizes=st.tuples(st.integers(1, 80), st.integers(1, 80)), seed=SEEDS)
@settings(max_examples=20)
def test_subsets_are_nested(uneven, sizes, seed):
    small, large = (
        set(balanced_subset(uneven, size, classes=4, seed=seed).ids)
        for size in sorted(sizes)
    )
    assert small <= large


def test_subset_does_not_depend_on_the_order_of_the_examples(uneven):
    order = np.random.default_rng(1).permutation(len(uneven))
    straight = balanced_subset(uneven, 50, classes=4, seed=0)
    mixed = balanced_subset(uneven.take(order), 50, classes=4, seed=0)
    assert set(straight.ids) == set(mixed.ids)


def test_subset_is_balanced_in_the_true_labels(uneven):
    relabelled = dataclasses.replace(
        uneven, labels=np.zeros_like(uneven.labels)
    )
    subset = balanced_subset(relabelled, 40, classes=4, seed=0)
    assert np.bincount(subset.true_labels).tolist() == [10] * 4


def test_every_member_of_a_class_is_as_likely(uneven):
    hits = sum(
        np.isin(
            uneven.ids, balanced_subset(uneven, 40, classes=4, seed=seed).ids
        )
        for seed in range(100)
    )
    for label, members in enumerate((20, 30, 40, 50)):
        counts = hits[uneven.true_labels == label]
        share = 10 / members
        deviation = np.sqrt(100 * share * (1 - share))
        assert np.abs(counts - 100 * share).max() < 4.5 * deviation


@pytest.mark.parametrize("size", [81, 140, 10_000])
def test_too_large_a_subset_is_refused_with_its_numbers(uneven, size):
    needed = -(-size // 4)
    with pytest.raises(InputError) as error:
        balanced_subset(uneven, size, classes=4, seed=0)
    message = str(error.value)
    assert f"train_examples={size}" in message
    assert "20 examples" in message
    assert str(needed) in message
    assert "\n" not in message


# Held-out examples


@given(size=st.integers(1, 80), seed=SEEDS)
@settings(max_examples=20)
def test_held_out_examples_are_balanced_and_not_trained_on(uneven, size, seed):
    rest, held_out = hold_out(uneven, size, classes=4, seed=seed)
    assert len(held_out) == size
    assert len(rest) + size == len(uneven)
    assert not set(rest.ids) & set(held_out.ids)
    counts = np.bincount(held_out.true_labels, minlength=4)
    assert counts.max() - counts.min() <= 1
    for part in (rest, held_out):
        where = np.flatnonzero(np.isin(uneven.ids, part.ids))
        assert_same(part, uneven.take(where))


@pytest.mark.parametrize("size", [81, 140, 10_000])
def test_too_many_held_out_are_refused(uneven, size):
    with pytest.raises(InputError, match=rf"validation_examples={size}: "):
        hold_out(uneven, size, classes=4, seed=0)
