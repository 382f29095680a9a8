"""Training on every Keras backend, under Keras callbacks."""

from rethink_keras.training.callbacks import ProgressLines, StopAtLoss
from rethink_keras.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
)
from rethink_keras.training.evaluation import Evaluation, evaluate
from rethink_keras.training.interruption import Interruption
from rethink_keras.training.loop import Trainer, fingerprint_of
from rethink_keras.training.optimizer import sgd

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "Evaluation",
    "Interruption",
    "Progress",
    "ProgressLines",
    "StopAtLoss",
    "Trainer",
    "evaluate",
    "fingerprint_of",
    "sgd",
]
