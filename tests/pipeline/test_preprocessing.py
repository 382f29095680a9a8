"""Crops, augmentation and whitening."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import pipeline
from tests.support.helpers import (
    copies,
    identities,
    numbered,
)

# Whitening


def test_whitened_images_have_mean_0_and_deviation_1(sample):
    images = pipeline.whiten(tf.constant(sample.train.images[:500])).numpy()
    assert images.dtype == np.float32
    flat = images.reshape(500, -1).astype(np.float64)
    np.testing.assert_allclose(flat.mean(axis=1), 0, atol=2e-5)
    np.testing.assert_allclose(flat.std(axis=1), 1, atol=2e-5)


def test_whitening_equals_tensorflow_on_images_from_0_to_1(few):
    expected = tf.image.per_image_standardization(
        tf.constant(few.images, tf.float32) / 255
    )
    whitened = pipeline.whiten(tf.constant(few.images))
    np.testing.assert_allclose(whitened, expected, atol=1e-5)


def test_the_deviation_has_a_lower_bound():
    image = np.full((28, 28, 3), 100, np.uint8)
    whitened = pipeline.whiten(copies(image, 1)).numpy()
    np.testing.assert_allclose(whitened, 0, atol=1e-4)
    image[5, 6, 0] = 101
    whitened = pipeline.whiten(copies(image, 1)).numpy()[0]
    size = 28 * 28 * 3
    rest = np.delete(whitened.ravel(), (5 * 28 + 6) * 3)
    step = whitened[5, 6, 0] - rest.mean()
    np.testing.assert_allclose(step, np.sqrt(size) / 255, rtol=1e-3)


def test_float_images_are_whitened_without_scaling():
    noise = np.random.default_rng(0).normal(0.5, 0.25, (3, 28, 28, 3))
    noise = noise.astype(np.float32)
    whitened = pipeline.whiten(tf.constant(noise)).numpy()
    for before, after in zip(noise, whitened, strict=True):
        expected = (before - before.mean()) / before.std()
        np.testing.assert_allclose(after, expected, atol=1e-4)


def test_whitening_examples_changes_only_the_images(few):
    whitened = pipeline.as_inputs(few)
    np.testing.assert_allclose(
        whitened.images, pipeline.whiten(tf.constant(few.images)), atol=1e-6
    )
    for name in ("labels", "true_labels", "ids"):
        np.testing.assert_array_equal(
            getattr(whitened, name), getattr(few, name)
        )


# Crops


def test_centre_crop_of_32_starts_at_2():
    crop = pipeline.centre_crop(copies(numbered(32, 32), 2)).numpy()
    expected = numbered(32, 32)[2:30, 2:30]
    np.testing.assert_array_equal(crop, [expected, expected])


@given(height=st.integers(8, 80), width=st.integers(8, 80))
@settings(max_examples=30)
def test_centre_crop_is_28_of_32_and_centred(height, width):
    image = numbered(height, width)
    crop = pipeline.centre_crop(image[None])[0]
    assert crop.shape == (height * 28 // 32, width * 28 // 32, 1)
    top, left = divmod(int(crop[0, 0, 0]), width)
    np.testing.assert_array_equal(
        crop, image[top : top + len(crop), left : left + crop.shape[1]]
    )
    for before, kept, size in (
        (top, crop.shape[0], height),
        (left, crop.shape[1], width),
    ):
        assert size - kept - before - before in (0, 1)


def test_random_crops_are_uniformly_distributed_windows():
    count, image = 5_000, numbered(32, 32)
    crops = pipeline.random_crop(
        copies(image, count), identities(count), seed=0, epoch=0
    ).numpy()
    top, left = np.divmod(crops[:, 0, 0, 0], 32)
    assert max(top.max(), left.max()) == 4
    np.testing.assert_array_equal(
        crops - crops[:, :1, :1],
        numbered(32, 32)[:28, :28][None].repeat(count, 0),
    )
    counts = np.zeros((5, 5))
    np.add.at(counts, (top, left), 1)
    assert counts.min() > 0
    statistic = ((counts - count / 25) ** 2 / (count / 25)).sum()
    assert 1e-3 < stats.chi2.sf(statistic, 24) < 1 - 1e-3


def test_random_crops_of_images_that_are_not_square():
    image = numbered(40, 64)
    crops = pipeline.random_crop(
        copies(image, 400), identities(400), seed=0, epoch=0
    ).numpy()
    assert crops.shape == (400, 35, 56, 1)
    starts = set(zip(*np.divmod(crops[:, 0, 0, 0], 64), strict=True))
    assert {top for top, _ in starts} == set(range(6))
    assert {left for _, left in starts} == set(range(9))
    for crop in crops[:20]:
        top, left = divmod(int(crop[0, 0, 0]), 64)
        np.testing.assert_array_equal(
            crop, image[top : top + 35, left : left + 56]
        )


@pytest.mark.parametrize(
    "operation", [pipeline.random_crop, pipeline.flip_and_rotate]
)
class TestKeyedByExampleAndEpoch:
    """Random crops and augmentation depend on (seed, epoch, identity)."""

    def test_results_do_not_depend_on_batch_and_order(self, few, operation):
        def apply(indices):
            return operation(
                tf.constant(few.images[indices]),
                tf.constant(few.ids[indices]),
                seed=5,
                epoch=3,
            ).numpy()

        whole = apply(np.arange(130))
        order = np.random.default_rng(0).permutation(130)
        np.testing.assert_array_equal(apply(order), whole[order])
        np.testing.assert_array_equal(apply([77]), whole[[77]])

    def test_epochs_and_seeds_give_different_results(self, few, operation):
        images, ids = tf.constant(few.images), tf.constant(few.ids)
        results = [
            operation(images, ids, seed=seed, epoch=epoch).numpy()
            for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1))
        ]
        for index, one in enumerate(results):
            for other in results[:index]:
                # By chance, 1 crop in 25 is the same: 5.2 of 130.
                same = (one == other).all(axis=(1, 2, 3)).sum()
                assert same <= 17

    def test_results_are_the_same_in_graphs(self, few, operation):
        images = tf.constant(few.images[:20])
        ids = tf.constant(few.ids[:20])

        def apply(epoch):
            return operation(images, ids, seed=0, epoch=epoch)

        mapped = tf.data.Dataset.range(2, 3).map(apply).get_single_element()
        np.testing.assert_array_equal(mapped, apply(2))

    def test_dtype_is_kept(self, few, operation):
        for dtype in (tf.uint8, tf.float32):
            result = operation(
                tf.constant(few.images, dtype),
                tf.constant(few.ids),
                seed=0,
                epoch=0,
            )
            assert result.dtype == dtype


# Flips and rotations


@pytest.fixture(scope="module")
def turns() -> np.ndarray:
    """Linear maps of 4,000 augmentations, from output to input: [n, 2, 2]."""
    count, size = 4_000, 16
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    ramps = np.stack([x, y], axis=-1).astype(np.float32)
    # Bilinear interpolation of a ramp is exact away from the border.
    moved = pipeline.flip_and_rotate(
        copies(ramps, count), identities(count), seed=0, epoch=0
    ).numpy()[:, 6:10, 6:10]
    np.testing.assert_allclose(moved.mean(axis=(1, 2)), 0, atol=1e-4)
    columns = moved[:, 0, 1] - moved[:, 0, 0]
    rows = moved[:, 1, 0] - moved[:, 0, 0]
    return np.stack([columns, rows], axis=-1).astype(np.float64)


def test_augmentation_preserves_distances(turns):
    identity = turns @ np.swapaxes(turns, 1, 2)
    np.testing.assert_allclose(
        identity, np.broadcast_to(np.eye(2), identity.shape), atol=1e-4
    )


def test_half_of_the_images_are_flipped_left_to_right(turns):
    mirrored = np.linalg.det(turns) < 0
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(turns))
    # A flip upside down would reverse the rows.
    assert (turns[:, 1, 1] > 0.9).all()


def test_angles_are_uniform_up_to_25_degrees(turns):
    mirrored = np.linalg.det(turns) < 0
    angles = np.degrees(np.arctan2(-turns[:, 0, 1], turns[:, 1, 1]))
    assert np.abs(angles).max() <= 25 + 1e-3
    for group in (angles, angles[mirrored], angles[~mirrored]):
        uniform = stats.uniform(-25, 50)
        assert stats.kstest(group, uniform.cdf).pvalue > 1e-3


@pytest.mark.parametrize("value", [0, 37, 255])
def test_a_constant_image_is_unchanged(value):
    image = np.full((28, 28, 3), value, np.uint8)
    moved = pipeline.flip_and_rotate(
        copies(image, 100), identities(100), seed=0, epoch=0
    ).numpy()
    assert np.abs(moved.astype(int) - value).max() <= 1


def test_a_rotationally_symmetric_image_is_nearly_unchanged():
    y, x = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(x, y)
    disc = 255 / (1 + np.exp((radius - 8) / 2))
    moved = pipeline.flip_and_rotate(
        copies(disc[..., None].astype(np.float32), 100),
        identities(100),
        seed=0,
        epoch=0,
    )
    error = np.abs(moved[..., 0] - disc)
    assert error[:, radius < 13].max() < 3


def test_integer_images_are_rounded_and_not_truncated(few):
    ids = tf.constant(few.ids)
    stored, exact = (
        pipeline.flip_and_rotate(
            tf.constant(few.images, dtype), ids, seed=0, epoch=0
        )
        for dtype in (tf.uint8, tf.float32)
    )
    error = tf.cast(stored, tf.float32) - exact
    assert abs(float(tf.reduce_mean(error))) < 0.05
    assert float(tf.reduce_max(tf.abs(error))) < 0.51
