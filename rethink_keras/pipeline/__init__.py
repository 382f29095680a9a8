"""Input pipelines: crops, augmentation, whitening, batches."""

from rethink_keras.pipeline.batches import (
    BatchShard,
    EvaluationBatches,
    TrainingBatches,
    steps_per_epoch,
)
from rethink_keras.pipeline.datasets import (
    Augmentation,
    as_inputs,
    as_tensors,
    randomize_examples,
)
from rethink_keras.pipeline.moments import channel_moments
from rethink_keras.pipeline.preprocessing import (
    as_uint8,
    centre_crop,
    converter,
    crop_at,
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
from rethink_keras.pipeline.resident import Position, ResidentExamples
from rethink_keras.pipeline.streaming import (
    Preprocessing,
    StreamedEvaluationBatches,
    StreamedTrainingBatches,
    streamed_moments,
)

__all__ = [
    "Augmentation",
    "BatchShard",
    "EvaluationBatches",
    "Position",
    "Preprocessing",
    "ResidentExamples",
    "StreamedEvaluationBatches",
    "StreamedTrainingBatches",
    "TrainingBatches",
    "as_inputs",
    "as_tensors",
    "as_uint8",
    "centre_crop",
    "channel_moments",
    "converter",
    "crop_at",
    "cut_out",
    "flip_and_rotate",
    "mix_up",
    "random_crop",
    "randomize_examples",
    "regularization",
    "smooth",
    "steps_per_epoch",
    "streamed_moments",
    "whiten",
]
