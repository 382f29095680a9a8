"""From randomized examples to batches: crop, augment, whiten, regularize."""

from rethink_keras.pipeline.datasets import (
    augmentation,
    evaluation_batches,
    randomize,
    training_batches,
    whitened,
)
from rethink_keras.pipeline.preprocessing import (
    centre_crop,
    channel_moments,
    flip_and_rotate,
    random_crop,
    whiten,
)
from rethink_keras.pipeline.regularizers import (
    cut_out,
    mix_up,
    regularization,
    smooth,
)

__all__ = [
    "augmentation",
    "centre_crop",
    "channel_moments",
    "cut_out",
    "evaluation_batches",
    "flip_and_rotate",
    "mix_up",
    "random_crop",
    "randomize",
    "regularization",
    "smooth",
    "training_batches",
    "whiten",
    "whitened",
]
