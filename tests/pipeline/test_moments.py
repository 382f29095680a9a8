"""Mean and standard deviation of the channels of images."""

import weakref

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import pipeline
from rethink_keras.errors import InputError
from rethink_keras.pipeline.moments import moments_of_batches


def floats(count: int = 700) -> np.ndarray:
    pixels = np.random.default_rng(0).normal(100, 3, (count, 6, 5, 2))
    return pixels.astype(np.float32)


@pytest.mark.parametrize("crop", [True, False])
def test_moments_of_uint8_images_are_those_of_the_whole_histogram(sample, crop):
    images = sample.train.images
    crops = images[:, 2:30, 2:30] if crop else images
    levels = np.arange(256) / 255
    mean, stddev = pipeline.channel_moments(images, crop=crop)
    for channel in range(3):
        counts = np.bincount(crops[..., channel].ravel(), minlength=256)
        expected = np.average(levels, weights=counts)
        variance = np.average((levels - expected) ** 2, weights=counts)
        assert mean[channel] == expected
        assert stddev[channel] == np.sqrt(variance)


def test_float_images_keep_their_scale():
    images = floats()
    mean, stddev = pipeline.channel_moments(images, crop=False)
    exact = images.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(stddev, exact.std(axis=(0, 1, 2)), rtol=1e-12)


def test_moments_of_nearly_constant_images_are_precise():
    images = 1000 + np.linspace(0, 1e-6, 160).reshape(10, 4, 4, 1)
    _, stddev = pipeline.channel_moments(images, crop=False)
    np.testing.assert_allclose(stddev, np.std(images - 1000), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("size", [1, 7, 500])
def test_batches_and_order_do_not_matter(dtype, size):
    images = floats(300).astype(dtype)
    expected = pipeline.channel_moments(images, crop=False)
    mixed = images[np.random.default_rng(1).permutation(300)]
    batches = (mixed[begin : begin + size] for begin in range(0, 300, size))
    assert moments_of_batches(batches) == expected


def test_images_in_any_memory_layout_have_the_same_moments():
    images = floats(20)
    strided = np.asfortranarray(images)
    one, other = (
        pipeline.channel_moments(layout, crop=False)
        for layout in (images, strided)
    )
    assert one == other


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_finite_raise(value):
    images = floats(3)
    images[1, 2, 3, 0] = value
    with pytest.raises(InputError, match=r"^data: .*NaN or infinite"):
        pipeline.channel_moments(images, crop=False)


def test_other_dtypes_raise():
    with pytest.raises(InputError, match=r"^data: .*int32"):
        pipeline.channel_moments(np.zeros((1, 4, 4, 1), np.int32))


class Tinted:
    """Encoded images of which two channels are constant."""

    def shuffled(self, seed, epoch):
        image = np.full((8, 8, 3), 112, np.uint8)
        image[..., 0] = np.arange(64).reshape(8, 8)
        example = tf.io.encode_png(image), 0, 0
        return tf.data.Dataset.from_tensors(example).repeat(3)


def test_a_constant_channel_has_a_deviation_of_zero():
    mean, deviation = pipeline.streamed_moments(Tinted(), 8, seed=0)
    assert mean[1:] == pytest.approx((112 / 255, 112 / 255))
    assert deviation[0] > 0.05
    assert deviation[1:] == pytest.approx((0, 0), abs=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_moments_need_one_batch_at_a_time(dtype):
    alive = []

    def batches():
        for _ in range(5):
            batch = np.ones((3, 2, 2, 1), dtype)
            alive.append(weakref.ref(batch))
            yield batch
            del batch
            # The first batch, and the one that the loop holds.
            assert sum(each() is not None for each in alive) <= 2

    moments_of_batches(batches())
    assert len(alive) == 5
