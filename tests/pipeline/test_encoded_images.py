"""Decoding, cropping and distorting encoded images."""

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras.pipeline import encoded_images
from tests.support.streamed_sets import jpeg, photograph


def test_the_centre_equals_that_of_the_decoded_image():
    image = photograph(5, 64, 96)
    encoded = jpeg(image)
    whole = tf.io.decode_jpeg(encoded)
    middle = whole[4:60, 6:90]
    expected = tf.image.resize(middle, (24, 24)) / 255
    found = encoded_images.centred(encoded, 24)
    assert np.abs(found - expected).max() < 2 / 255
    png = tf.io.encode_png(whole)
    assert np.abs(encoded_images.centred(png, 24) - expected).max() < 1e-6


def test_grey_images_become_rgb():
    grey = photograph(3, 40, 50)[..., :1]
    image, expected = (
        encoded_images.centred(jpeg(np.repeat(grey, channels, -1)), 8).numpy()
        for channels in (1, 3)
    )
    assert expected.std() > 0.01
    np.testing.assert_allclose(image, expected, atol=4 / 255)


def test_windows_have_the_areas_and_aspect_ratios_of_inception():
    """If pixel values are positions, they show the extent of a window."""
    columns = np.broadcast_to(np.arange(200, dtype=np.uint8), (200, 200))
    image = np.stack([columns.T, columns, np.full_like(columns, 100)], -1)
    png = tf.io.encode_png(image)
    seeds = np.zeros((64, encoded_images.SEEDS, 2), np.int32)
    seeds[:, :2, 0] = np.arange(64)[:, None]
    still = {
        name: getattr(tf.image, name)
        for name in dir(tf.image)
        if name.startswith("stateless_random_")
    }
    areas, mirrored = [], 0
    with pytest.MonkeyPatch.context() as patch:
        for name in still:
            if not name.endswith("left_right"):
                patch.setattr(tf.image, name, lambda image, *_: image)
        for seed in seeds:
            seen = encoded_images.distorted(png, 50, seed).numpy() * 255
            height, width = (
                np.ptp(seen[..., channel]) + 1 for channel in (0, 1)
            )
            assert 0.7 < width / height < 1.4
            areas.append(height * width / 200**2)
            mirrored += seen[0, 0, 1] > seen[0, -1, 1]
    assert 0.05 < min(areas) < 0.3
    assert 0.7 < max(areas) <= 1
    assert 20 < mirrored < 44
