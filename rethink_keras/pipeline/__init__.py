"""From randomized examples to batches: crop, augment, whiten."""

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

__all__ = [
    "augmentation",
    "centre_crop",
    "channel_moments",
    "evaluation_batches",
    "flip_and_rotate",
    "random_crop",
    "randomize",
    "training_batches",
    "whiten",
    "whitened",
]
