"""Training on every Keras backend, under Keras callbacks."""

from rethink_keras.training.callbacks import Progress, StopAtLoss
from rethink_keras.training.evaluation import Evaluation, evaluate
from rethink_keras.training.loop import train
from rethink_keras.training.optimizer import sgd

__all__ = [
    "Evaluation",
    "Progress",
    "StopAtLoss",
    "evaluate",
    "sgd",
    "train",
]
