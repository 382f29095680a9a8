"""Features of a convolutional network with random filters (Section 5).

The network is that of Coates and Ng (2012), with random patches instead of
k-means centroids as filters (the paper's footnote 2). The paper gives only the
number of filters, 32,000. The other constants follow public code from the group
of one of its authors, as far as they are known.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

_PATCH = 6
_SAMPLED = 100_000  # patches that determine the whitening
_CONTRAST = 10.0  # added to the variance of a patch, for pixels from 0 to 255
_ZCA = 0.1
_THRESHOLD = 0.25
_FILTERS = 512  # filters per block
_IMAGES = 20  # images per batch


class RandomConvNet:
    """One layer of random filters with two-sided ReLUs and 2x2 pooling.

    Patches of 6x6 pixels are normalized (mean 0, contrast 1) and whitened
    (ZCA). A filter is a random patch, scaled to length 1. For a response f,
    `max(0, f - t)` and `max(0, -f - t)` with t = 0.25 are summed over each
    quarter of the positions. This gives 8 features per filter.

    Features are standardized on images of the training set and divided by the
    square root of their number, so that distances do not depend on the number
    of filters.

    Args:
      images: uint8 [n, height, width, channels], training images that provide
        the patches.
      filters: number of filters.
      seed: random seed of the patches.
    """

    def __init__(self, images: np.ndarray, filters: int, seed: int):
        rng = np.random.default_rng(seed)
        patches = _normalized(_random_patches(images, _SAMPLED, rng))
        self._mean = patches.mean(axis=0)
        covariance = np.cov(patches, rowvar=False)
        values, vectors = np.linalg.eigh(covariance)
        self._whiten = (vectors / np.sqrt(values + _ZCA)) @ vectors.T
        chosen = _normalized(_random_patches(images, filters, rng))
        chosen = (chosen - self._mean) @ self._whiten
        self._filters = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
        self._reference = images[rng.permutation(len(images))[:1_000]]

    def blocks(self, *sets: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Computes features of sets of images, one block of filters at a time.

        Yields:
          For each set, float32 [len(set), 8 * filters of the block].
        """
        for start in range(0, len(self._filters), _FILTERS):
            filters = self._filters[start : start + _FILTERS]
            reference = self._features(self._reference, filters)
            mean, deviation = reference.mean(axis=0), reference.std(axis=0)
            scale = 1 / np.maximum(deviation, 1e-6)
            scale /= np.sqrt(8 * len(self._filters), dtype="float32")
            block = tuple(self._features(images, filters) for images in sets)
            for features in block:
                features -= mean
                features *= scale
            yield block

    def _features(self, images: np.ndarray, filters: np.ndarray) -> np.ndarray:
        # Whitening is linear, so it can be applied to filters, not patches.
        weights = (self._whiten @ filters.T).astype("float32")
        offset = (self._mean @ weights).astype("float32")
        rows = [
            _pooled(
                tf.constant(images[start : start + _IMAGES]), weights, offset
            ).numpy()
            for start in range(0, len(images), _IMAGES)
        ]
        return np.concatenate(rows)


def _random_patches(
    images: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Extracts patches at random positions: float64 [count, size]."""
    height, width = images.shape[1:3]
    which = rng.integers(0, len(images), count)
    tops = rng.integers(0, height - _PATCH + 1, count)
    lefts = rng.integers(0, width - _PATCH + 1, count)
    side = np.arange(_PATCH)
    patches = images[
        which[:, None, None],
        (tops[:, None] + side)[:, :, None],
        (lefts[:, None] + side)[:, None, :],
    ]
    return patches.reshape(count, -1).astype("float64")


def _normalized(patches: np.ndarray) -> np.ndarray:
    """Normalizes each patch to mean 0 and contrast 1."""
    centred = patches - patches.mean(axis=1, keepdims=True)
    variance = centred.var(axis=1, ddof=1, keepdims=True)
    return centred / np.sqrt(variance + _CONTRAST)


@tf.function(reduce_retracing=True)
def _pooled(images, weights, offset):
    """Computes the features of a batch: float32 [n, 8 * filters]."""
    x = tf.cast(images, tf.float32)
    patches = tf.image.extract_patches(
        x, [1, _PATCH, _PATCH, 1], [1] * 4, [1] * 4, "VALID"
    )
    size = tf.cast(tf.shape(patches)[-1], tf.float32)
    patches -= tf.reduce_mean(patches, axis=-1, keepdims=True)
    squares = tf.reduce_sum(tf.square(patches), axis=-1, keepdims=True)
    patches *= tf.math.rsqrt(squares / (size - 1) + _CONTRAST)
    responses = tf.tensordot(patches, weights, 1)
    height, width = tf.shape(responses)[1], tf.shape(responses)[2]
    quarters = [
        tf.reduce_sum(tf.nn.relu(side - _THRESHOLD), axis=[1, 2])
        for rows in (slice(None, height // 2), slice(height // 2, None))
        for columns in (slice(None, width // 2), slice(width // 2, None))
        for quarter in [responses[:, rows, columns] - offset]
        for side in (quarter, -quarter)
    ]
    return tf.concat(quarters, axis=-1)
