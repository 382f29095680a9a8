"""Fingerprints of randomized data sets."""

import hashlib

import numpy as np
import tensorflow as tf

from rethink_keras.data import EncodedExamples, Examples
from rethink_keras.randomization.randomize import Randomization

_FIRST = 1_000
_PROBE = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)


def fingerprint(*splits: Examples) -> str:
    """Computes the SHA-256 of identities, labels and pixels.

    Examples are hashed in the order of their identities, so the order in which
    they are given does not matter.

    Args:
      *splits: randomized examples, before whitening.

    Returns:
      64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for split in splits:
        ids, labels, images = map(
            np.asarray, (split.ids, split.labels, split.images)
        )
        for index in np.argsort(ids, kind="stable"):
            for column in (ids, labels, images):
                digest.update(column[index].tobytes())
    return digest.hexdigest()


def streamed_fingerprint(
    randomization: Randomization, *splits: EncodedExamples
) -> str:
    """Computes a SHA-256 of the first 1,000 examples of each split.

    Hashes identities and randomized labels. Hashing all examples, or their
    pixels, would take as long as reading the data set. If pixels are
    randomized, an 8 x 8 image whose values are positions replaces the image of
    each example.

    Args:
      randomization: the run's randomization.
      *splits: examples as stored.

    Returns:
      64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for split in splits:
        first = split.in_order().take(_FIRST)
        for _, true_labels, ids in first.batch(_FIRST):
            columns = [ids, randomization.labels(true_labels, ids)]
            if randomization.changes_pixels:
                probes = tf.repeat(_PROBE, len(ids), axis=0)
                columns.append(randomization.pixels(probes, ids))
            for column in columns:
                digest.update(column.numpy().tobytes())
    return digest.hexdigest()
