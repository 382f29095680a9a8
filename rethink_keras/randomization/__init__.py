"""Randomized labels and pixels, as functions of (seed, example identity)."""

from rethink_keras.randomization.fingerprint import (
    fingerprint,
    streamed_fingerprint,
)
from rethink_keras.randomization.random_streams import Stream, example_keys
from rethink_keras.randomization.randomize import (
    Randomization,
    gaussian_pixels,
    permute_pixels,
    replace_labels,
    shuffle_pixels,
)
from rethink_keras.randomization.subset import (
    balanced_size,
    balanced_subset,
    hold_out,
    leading,
)

__all__ = [
    "Randomization",
    "Stream",
    "balanced_size",
    "balanced_subset",
    "example_keys",
    "fingerprint",
    "gaussian_pixels",
    "hold_out",
    "leading",
    "permute_pixels",
    "replace_labels",
    "shuffle_pixels",
    "streamed_fingerprint",
]
