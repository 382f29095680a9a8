"""Predictions and learning of a finished run, in one compressed file."""

import dataclasses
import io
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from etils import epath

from rethink_keras.errors import InputError
from rethink_keras.files import NPZ_ERRORS, write_whole

PREDICTIONS = "predictions.npz"
SPLITS = ("train", "test")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Predictions for the n examples of a split.

    Attributes:
      index: int32 [n], position of each example in the data set's split, in
        the order of storage. If the run holds out training images, those of
        the test examples are positions in the training split.
      label: int32 [n], label in the run, which may be randomized.
      true_label: int32 [n], label in the data set.
      prediction: int32 [n], predicted class.
      probability: float32 [n], probability of the label; stored in float16.
      margin: float32 [n], the label's logit minus the largest other logit;
        stored in float16.
    """

    index: np.ndarray
    label: np.ndarray
    true_label: np.ndarray
    prediction: np.ndarray
    probability: np.ndarray
    margin: np.ndarray


@dataclasses.dataclass(frozen=True)
class Learning:
    """When a run learned and forgot its n training examples.

    Predictions are those of the training steps, before each update. The order
    is that of the run's `train` predictions.

    Attributes:
      first_epoch: int32 [n], the first epoch, from 1, with a correct
        prediction; 0 if there is none.
      forgetting_events: int32 [n], how often a correct prediction in one epoch
        was followed by a wrong one in the next (Toneva et al., 2019).
    """

    first_epoch: np.ndarray
    forgetting_events: np.ndarray


def write_predictions(
    path: epath.Path,
    splits: Mapping[str, Predictions],
    learning: Learning | None = None,
) -> None:
    """Writes the predictions and the learning of a run.

    The file takes about 4 bytes per example, because consecutive positions and
    equal labels and predictions compress well.

    Args:
      path: path of the file.
      splits: predictions for each of SPLITS.
      learning: when the training examples were learned; None if unknown.

    Raises:
      OSError: if the file cannot be written.
    """
    arrays: dict[str, Any] = {}
    for split, of_split in splits.items():
        classes = np.stack(
            [of_split.label, of_split.true_label, of_split.prediction], axis=1
        )
        kind = np.min_scalar_type(classes.max())
        arrays[f"{split}/steps"] = np.diff(of_split.index, prepend=0)
        arrays[f"{split}/classes"] = classes.astype(kind)
        with np.errstate(over="ignore"):
            arrays[f"{split}/probability"] = of_split.probability.astype("f2")
            arrays[f"{split}/margin"] = of_split.margin.astype("f2")
    if learning is not None:
        arrays["learning"] = np.stack(
            [learning.first_epoch, learning.forgetting_events]
        ).astype("int32")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def read_predictions(
    workdir: os.PathLike | str,
) -> dict[str, Predictions] | None:
    """Reads the predictions of a finished run.

    Args:
      workdir: work directory of the run.

    Returns:
      The predictions for each of SPLITS, or None if the run stored none, as in
      versions before 0.2.

    Raises:
      InputError: if the file is corrupt.
    """
    return _read(
        workdir,
        lambda file: {split: _read_split(file, split) for split in SPLITS},
    )


def read_learning(workdir: os.PathLike | str) -> Learning | None:
    """Reads when a finished run learned its training examples.

    Args:
      workdir: work directory of the run.

    Returns:
      The learning, or None if it is unknown: for images that stream from disk,
      for several workers, and for runs that versions before 0.2 began.

    Raises:
      InputError: if the file is corrupt.
    """

    def read(file):
        return Learning(*file["learning"]) if "learning" in file else None

    return _read(workdir, read)


def _read(
    workdir: os.PathLike | str, read: Callable[[Mapping[str, np.ndarray]], T]
) -> T | None:
    """Reads the file of a work directory; None if there is none."""
    path = epath.Path(workdir) / PREDICTIONS
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return read(file)
    except NPZ_ERRORS as error:
        raise InputError(
            f"{path}: does not hold the predictions of a run ({error}); remove"
            " it, or repeat the run with overwrite=True"
        ) from error


def _read_split(file: Mapping[str, np.ndarray], split: str) -> Predictions:
    label, true_label, prediction = file[f"{split}/classes"].astype("int32").T
    return Predictions(
        index=np.cumsum(file[f"{split}/steps"], dtype="int32"),
        label=label,
        true_label=true_label,
        prediction=prediction,
        probability=file[f"{split}/probability"].astype("float32"),
        margin=file[f"{split}/margin"].astype("float32"),
    )
