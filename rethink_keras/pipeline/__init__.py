"""From randomized examples to batches: crop, augment, whiten, regularize."""

from rethink_keras.pipeline.batches import (
    EvaluationBatches,
    Share,
    TrainingBatches,
    epoch_steps,
)
from rethink_keras.pipeline.datasets import augmentation, randomize, whitened
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
from rethink_keras.pipeline.streaming import (
    Preparation,
    StreamedEvaluationBatches,
    StreamedTrainingBatches,
    streamed_moments,
)

__all__ = [
    "EvaluationBatches",
    "Preparation",
    "Share",
    "StreamedEvaluationBatches",
    "StreamedTrainingBatches",
    "TrainingBatches",
    "augmentation",
    "centre_crop",
    "channel_moments",
    "cut_out",
    "epoch_steps",
    "flip_and_rotate",
    "mix_up",
    "random_crop",
    "randomize",
    "regularization",
    "smooth",
    "streamed_moments",
    "whiten",
    "whitened",
]
