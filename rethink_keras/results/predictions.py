"""Predictions of a finished run, stored in a compressed file."""

import dataclasses
import io
import os
import zipfile
from collections.abc import Mapping

import numpy as np
from etils import epath

from rethink_keras.errors import InputError
from rethink_keras.files import write_whole

PREDICTIONS = "predictions.npz"
SPLITS = ("train", "test")


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


def write_predictions(
    path: epath.Path, splits: Mapping[str, Predictions]
) -> None:
    """Writes the predictions of a run.

    The file takes about 3 bytes per example, because consecutive positions and
    equal labels and predictions compress well.

    Args:
      path: path of the file.
      splits: predictions for each of SPLITS.

    Raises:
      OSError: if the file cannot be written.
    """
    arrays = {}
    for split, of_split in splits.items():
        classes = np.stack(
            [of_split.label, of_split.true_label, of_split.prediction], axis=1
        )
        kind = np.uint8 if classes.max() < 256 else np.uint16
        arrays[f"{split}/steps"] = np.diff(of_split.index, prepend=0)
        arrays[f"{split}/classes"] = classes.astype(kind)
        with np.errstate(over="ignore"):
            arrays[f"{split}/probability"] = of_split.probability.astype("f2")
            arrays[f"{split}/margin"] = of_split.margin.astype("f2")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
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
    path = epath.Path(workdir) / PREDICTIONS
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {split: _read_split(file, split) for split in SPLITS}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
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
