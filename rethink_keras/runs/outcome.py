"""The measured part of result.json."""

import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np

from rethink_keras import training
from rethink_keras.config import RunConfig
from rethink_keras.results.metrics import FIT_LOSS, MEMORIZATION_METRICS


def summarize(
    config: RunConfig,
    history: Mapping[str, list],
    steps_per_epoch: int,
    images_per_epoch: int,
    final: training.Evaluation,
    final_test: training.Evaluation,
) -> dict[str, Any]:
    """Returns the measured part of result.json.

    Args:
      config: config of the run.
      history: history from `training.Trainer.train`.
      steps_per_epoch: number of batches in an epoch.
      images_per_epoch: number of images that an epoch trains on.
      final: evaluation of the training set after training.
      final_test: evaluation of the test set after training.

    Returns:
      Values by name. Accuracies are fractions from 0 to 1; losses are mean
      cross-entropies in nats.
    """
    corrupted = config.randomize == "labels"
    history = dict(history)
    if not corrupted:
        del history["test_accuracy_corrupted"]
    if not config.partly_corrupted:
        for name in (*MEMORIZATION_METRICS, "test_accuracy_by_class"):
            del history[name]
    top5 = history["test_top5_accuracy"]
    if top5[-1] is None:
        del history["test_top5_accuracy"]
    losses = np.array(history["loss"])
    fitted = np.flatnonzero(losses < FIT_LOSS)
    return {
        "epochs": len(losses),
        "steps": len(losses) * steps_per_epoch,
        "train_loss": final.loss,
        "train_accuracy": final.accuracy,
        "train_top5_accuracy": final.top5_accuracy,
        "train_accuracy_clean": final.accuracy_clean,
        "train_accuracy_corrupted": final.accuracy_corrupted,
        "test_loss": final_test.loss_true,
        "test_accuracy": final_test.accuracy_true,
        "test_accuracy_corrupted": (final_test.accuracy if corrupted else None),
        "test_top5_accuracy": final_test.top5_accuracy_true,
        "chance": final_test.chance,
        "best_test_accuracy": max(history["test_accuracy"]),
        "best_test_top5_accuracy": None if top5[-1] is None else max(top5),
        "epochs_to_fit": int(fitted[0]) + 1 if len(fitted) else None,
        "images_per_second": (
            images_per_epoch / statistics.median(history["seconds"])
        ),
        "history": history,
    }
