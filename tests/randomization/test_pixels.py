"""Shuffled and random pixels, and Gaussian noise."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import pipeline
from rethink_keras.randomization import (
    gaussian_pixels,
    permute_pixels,
    shuffle_pixels,
)
from tests.support.randomized import (
    MEAN,
    SEEDS,
    STDDEV,
    chi_square,
    identities,
    make,
    numbered,
)

# Pixels


def test_shuffled_pixels_applies_one_permutation_of_locations():
    images = np.stack([numbered(28, 28), numbered(28, 28) + 784])
    one, other = shuffle_pixels(tf.constant(images), seed=0).numpy()
    order = one[..., 0].ravel()
    np.testing.assert_array_equal(np.sort(order), np.arange(784))
    assert (order != np.arange(784)).mean() > 0.98
    np.testing.assert_array_equal(other, one + 784)
    np.testing.assert_array_equal(
        one, numbered(28, 28).reshape(784, 3)[order].reshape(28, 28, 3)
    )


def test_random_pixels_applies_a_different_permutation_to_each_image():
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


@settings(max_examples=20)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    channels=st.sampled_from([1, 3]),
    seed=SEEDS,
)
def test_permutations_keep_the_set_of_pixels(height, width, channels, seed):
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


def test_random_pixels_move_a_pixel_to_every_position_equally_often():
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
def test_pixel_randomizations_keep_the_pixels_of_the_centre_crop(few, kind):
    result = pipeline.randomize_examples(few, make(kind)).images.numpy()
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


def test_noise_depends_only_on_the_identity():
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
