"""Training loop, devices, checkpoints and evaluation."""

from rethink_keras.training.callbacks import ProgressLines, StopAtLoss
from rethink_keras.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    Progress,
)
from rethink_keras.training.devices import Devices, find_devices
from rethink_keras.training.evaluation import (
    Evaluation,
    evaluate,
    evaluate_examples,
    recompute_statistics,
)
from rethink_keras.training.given_callbacks import (
    GivenCallbacks,
    as_callbacks,
    check_learning_rate,
    stateful_callbacks,
)
from rethink_keras.training.interruption import Interruption
from rethink_keras.training.loop import Trainer
from rethink_keras.training.state import fingerprint_of
from rethink_keras.training.steps import EvaluationBatches, TrainingBatches

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "Devices",
    "Evaluation",
    "EvaluationBatches",
    "GivenCallbacks",
    "Interruption",
    "Progress",
    "ProgressLines",
    "StopAtLoss",
    "Trainer",
    "TrainingBatches",
    "as_callbacks",
    "check_learning_rate",
    "evaluate",
    "evaluate_examples",
    "find_devices",
    "fingerprint_of",
    "recompute_statistics",
    "stateful_callbacks",
]
