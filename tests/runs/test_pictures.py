"""The picture of a run's first images, for any number of channels."""

import numpy as np
import pytest

from rethink_keras import RunConfig, run
from rethink_keras.randomization import Randomization
from rethink_keras.runs.pictures import picture_of
from tests.support.own import build, pair

TILE, TOP, LEFT = 96, 26, 8  # of the first image of the first column


def draw(images: np.ndarray) -> np.ndarray:
    count, channels = len(images), images.shape[-1]
    return picture_of(
        images,
        np.arange(count) % 3,
        np.arange(count),
        Randomization("none", num_classes=3, seed=0),
        ([0.5] * channels, [0.2] * channels),
    )


def first_tile(images: np.ndarray) -> np.ndarray:
    return draw(images)[TOP : TOP + TILE, LEFT : LEFT + TILE]


def noise(*shape: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("channels", "shown"),
    [
        (1, [0, 0, 0]),
        (2, [0, 0, 0]),
        (3, [0, 1, 2]),
        (4, [0, 1, 2]),
        (5, [0, 1, 2]),
        (13, [0, 1, 2]),
    ],
)
@pytest.mark.parametrize("size", [(8, 8), (1, 8), (8, 1), (1, 1)])
def test_a_tile_shows_the_first_channels(size, channels, shown):
    images = noise(2, *size, channels)
    height, width = (TILE // side for side in size)
    expected = images[0][..., shown].repeat(height, 0).repeat(width, 1)
    np.testing.assert_array_equal(first_tile(images), expected)


@pytest.mark.parametrize("size", [(8, 10, 13), (8, 10, 2), (1, 10, 3)])
def test_a_run_trains_on_images_of_any_shape(tmp_path, size):
    config = RunConfig(epochs=1, batch_size=20, center_crop=False)
    data = pair(size=size)
    result = run(config, tmp_path, model=build, data=data, verbose=False)
    assert result.model.input_shape == (None, *size)
    assert np.isfinite(result["train_loss"])
