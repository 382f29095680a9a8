"""One number that tells two randomized data sets apart."""

import hashlib

import numpy as np
import tensorflow as tf

from rethink_keras.data import EncodedExamples, Examples
from rethink_keras.randomization.randomize import Randomization

_FIRST = 1_000
_PROBE = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)


def fingerprint(*splits: Examples) -> str:
    """SHA-256 of labels and pixels, in the order of the identities.

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
    """SHA-256 of the first 1,000 identities and randomized labels of splits.

    All the examples, or their pixels, would take an epoch's reading. Where
    pixels are randomized, an image of 8 x 8 whose values are positions stands
    for those of each example.

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
