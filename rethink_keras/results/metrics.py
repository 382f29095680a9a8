"""Names of metrics and thresholds, shared by runs and the report."""

from collections.abc import Mapping
from typing import Any

FITTED_ACCURACY = 0.99
"""Training accuracy from which a training set counts as fitted."""

FIT_LOSS = 0.05
"""Mean training loss below which `epochs_to_fit` counts an epoch as fitted."""

MAIN_HPARAMS = (
    "model",
    "randomize",
    "label_corruption",
    "weight_decay",
    "random_crop",
)
"""Options that TensorBoard's HParams table shows first."""

FINAL_METRICS = (
    "train_accuracy",
    "test_accuracy",
    "test_accuracy_corrupted",
    "train_loss",
    "epochs_to_fit",
)
"""Metrics in result.json that the HParams table shows."""

MEMORIZATION_METRICS = (
    "accuracy_clean",
    "accuracy_corrupted",
    "corrupted_as_true",
)
"""Training metrics over clean and over corrupted labels (see `Metrics`)."""

_CLEAR_GAIN = 0.1  # over guessing, of what guessing gets wrong


def clearly_above(chance: float) -> float:
    """Returns the accuracy above which a network clearly beats guessing.

    It is the accuracy of guessing plus a tenth of its error, from 0 to 1.
    """
    return chance + _CLEAR_GAIN * (1 - chance)


def chance_of(result: Mapping[str, Any]) -> float:
    """Returns the test accuracy of guessing, from 0 to 1.

    That of always predicting the most frequent class. With random labels only,
    and in results of earlier versions, that of a uniformly random class.
    """
    config, uniform = result["config"], 1 / result["classes"]
    if config["randomize"] == "labels" and config["label_corruption"] == 1:
        return uniform
    return result.get("chance", uniform)
