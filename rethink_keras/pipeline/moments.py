"""Mean and standard deviation of the channels of images."""

import itertools
import math
from collections.abc import Iterable

import numpy as np

from rethink_keras.errors import InputError
from rethink_keras.pipeline.preprocessing import batch_of, centre_crop

Moments = tuple[tuple[float, ...], tuple[float, ...]]


def channel_moments(images: np.ndarray, *, crop: bool = True) -> Moments:
    """Computes the moments of each channel over all images.

    Args:
      images: [n, height, width, channels], uint8 or float.
      crop: whether to use only the centre crops.

    Returns:
      The mean and the standard deviation per channel. Those of uint8 images
      are for pixels scaled from 0 to 1. Those of float images have the scale
      of the images.

    Raises:
      InputError: images are of another dtype, or not finite.
    """
    size = batch_of(images.shape[1:])
    slices = (
        images[begin : begin + size] for begin in range(0, len(images), size)
    )
    return moments_of_batches(
        np.asarray(centre_crop(batch) if crop else batch) for batch in slices
    )


def moments_of_batches(batches: Iterable[np.ndarray]) -> Moments:
    """Computes `channel_moments` of batches, without cropping.

    The result does not depend on how the images are batched.

    Args:
      batches: at least one array, [n, height, width, channels]; all of the
        same dtype and image shape.
    """
    batches = iter(batches)
    first = next(batches)
    if first.dtype == np.uint8:
        return _moments_of_levels(first, batches)
    if np.issubdtype(first.dtype, np.floating):
        return _moments_of_floats(first, batches)
    raise InputError(
        f"data: received images of dtype {first.dtype}; Gaussian noise needs"
        " the moments of uint8 or float images; convert the images"
    )


def _moments_of_levels(
    first: np.ndarray, others: Iterable[np.ndarray]
) -> Moments:
    """Computes moments from the exact histogram of each channel."""
    histograms = np.zeros((first.shape[-1], 256), np.int64)
    for batch in itertools.chain((first,), others):
        for counts, channel in zip(
            histograms, np.moveaxis(batch, -1, 0), strict=True
        ):
            counts += np.bincount(channel.ravel(), minlength=256)
    levels = np.arange(256) / 255
    means, deviations = [], []
    for counts in histograms:
        mean = np.average(levels, weights=counts)
        variance = np.average((levels - mean) ** 2, weights=counts)
        means.append(float(mean))
        deviations.append(float(np.sqrt(variance)))
    return tuple(means), tuple(deviations)


def _moments_of_floats(
    first: np.ndarray, others: Iterable[np.ndarray]
) -> Moments:
    """Computes moments from the mean and the squares of each image.

    The sums over images are exactly rounded, so that their order and the
    batches do not matter.
    """
    found = []
    for batch in itertools.chain((first,), others):
        for image in batch:
            found.append(_mean_and_squares(image))
    columns = np.moveaxis(np.array(found), -1, 0)  # [channels, n, 2]
    if not np.isfinite(columns).all():
        raise InputError(
            "data: received images with NaN or infinite pixels; Gaussian noise"
            " needs the moments of finite pixels; remove them"
        )
    size = first[0, ..., 0].size
    means, deviations = [], []
    for image_means, squares in np.moveaxis(columns, -1, 1):
        mean = math.fsum(image_means) / len(image_means)
        between = math.fsum((image_means - mean) ** 2)
        variance = math.fsum(squares) / size + between
        means.append(mean)
        deviations.append(math.sqrt(variance / len(image_means)))
    return tuple(means), tuple(deviations)


def _mean_and_squares(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the sum of squared deviations of each channel."""
    pixels = image.reshape(-1, image.shape[-1]).astype(np.float64, order="C")
    with np.errstate(invalid="ignore", over="ignore"):
        mean = pixels.mean(axis=0)
        return mean, ((pixels - mean) ** 2).sum(axis=0)
