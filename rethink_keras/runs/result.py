"""The result of a finished run: measurements, network and predictions."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from etils import epath

from rethink_keras import training
from rethink_keras.config import check_choice
from rethink_keras.errors import InputError, one_line
from rethink_keras.results import (
    RESULT,
    Predictions,
    read_learning,
    read_predictions,
)
from rethink_keras.results.finished import read_run
from rethink_keras.results.predictions import SPLITS
from rethink_keras.runs.directory import MODEL
from rethink_keras.runs.inputs import Inputs, counts_of
from rethink_keras.runs.prepared import load_inputs, prepare

if TYPE_CHECKING:
    import pandas as pd


_OTHER_RUN = "choose another directory, or pass overwrite=True"


class RunResult(dict[str, Any]):
    """Content of result.json, with the trained network and its predictions.

    Args:
      values: content of result.json.
      workdir: work directory of the run.
      model: the trained network; None to load it when it is used.

    Attributes:
      workdir: work directory of the run.

    Example:
      >>> result = run(RunConfig(randomize="labels"))
      >>> result["train_accuracy"], result.to_frame()["loss"].min()
    """

    def __init__(
        self,
        values: dict[str, Any],
        workdir: os.PathLike | str,
        model: keras.Model | None = None,
    ):
        super().__init__(values)
        self.workdir = epath.Path(workdir)
        self._model = model

    @property
    def model(self) -> keras.Model:
        """The trained network, which returns logits.

        Raises:
          InputError: the work directory holds no network, or one that does not
            match result.json.
        """
        if self._model is None:
            self._model = _load_model(self.workdir, self.get("weights"))
        return self._model

    def inputs(self, images: Any) -> np.ndarray:
        """Prepares images as the run prepares those that it evaluates.

        Crops them to the central 28/32 unless `center_crop` is off, shuffles
        the pixels if the run did, and whitens or, without `standardize`, only
        scales them.

        Args:
          images: uint8, or floats from 0 to 1: [n, height, width, channels] or
            [n, height, width].

        Returns:
          float32 [n, ...], for `model`.

        Raises:
          InputError: the run streamed its images from disk, or it randomized
            the pixels of each image by its identity; or the images have
            another dtype or, without `standardize`, another scale; or, for a
            run with data of one's own, another size.

        Example:
          >>> logits = result.model.predict(result.inputs(x_test))
        """
        return prepare(self, images)

    def dataset(
        self, split: str = "train", data: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the inputs and labels of a split, as the run evaluated them.

        Labels and pixels are randomized as in the run, those of the test split
        too; `predictions` has the true labels. This is a dataset for
        `rethink_keras.measures`.

        Args:
          split: `train` or `test`. If the run held out training images, these
            are its test split.
          data: the data of the run, if they were one's own; see `run`.

        Returns:
          float32 [n, ...], for `model`, and int32 [n]: labels from 0, in the
          order of `predictions`.

        Raises:
          InputError: the run streamed its images from disk, or the data are
            missing or not those of the run.

        Example:
          >>> rk.measures.margin(result.model, result.dataset("train"))
        """
        check_choice("split", split, SPLITS)
        inputs = load_inputs(self, data)
        check_data(self, self.workdir, inputs, "pass the data of the run")
        return inputs.arrays(split)

    @property
    def history(self) -> dict[str, list]:
        """The values of each logged name, one an epoch."""
        return self["history"]

    def to_frame(self) -> "pd.DataFrame":
        """Returns the history: a row per epoch, from 1, and a column per name.

        Names with several values an epoch, such as the accuracy of each class,
        are left out.
        """
        import pandas as pd

        scalars = {
            name: values
            for name, values in self.history.items()
            if not any(isinstance(value, list) for value in values)
        }
        epochs = pd.RangeIndex(1, self["epochs"] + 1, name="epoch")
        return pd.DataFrame(scalars, index=epochs)

    def predictions(self) -> "pd.DataFrame":
        """Returns the predictions of the trained network, one row per example.

        The columns:

        - `split`: train or test;
        - `id`: position of the example in the data set's split. If the run
          holds out training images, those of the test split are positions in
          the training split;
        - `label`: label in the run, which may be randomized;
        - `true_label`: label in the data set;
        - `prediction`: predicted label;
        - `probability`: probability of the label, from 0 to 1;
        - `margin`: logit of the label minus the largest other logit.

        Probabilities and margins are stored in float16.

        Raises:
          InputError: the work directory holds no predictions.
        """
        import pandas as pd

        frames = [
            pd.DataFrame({"split": name, **self._columns(split)})
            for name, split in self._predictions().items()
        ]
        return pd.concat(frames, ignore_index=True)

    def learning(self) -> "pd.DataFrame":
        """Returns when each training example was learned, one row per example.

        Predictions are those of the training steps, before each update, on the
        augmented images. The columns:

        - `id`, `label`, `true_label`: see `predictions`;
        - `first_epoch`: first epoch, from 1, with a correct prediction; 0 if
          there is none;
        - `forgetting_events`: how often a correct prediction in one epoch was
          followed by a wrong one in the next (Toneva et al., 2019).

        Raises:
          InputError: it is unknown, because images were streamed from disk,
            several workers trained, or a version before 0.2 began the run.
        """
        import pandas as pd

        learning = read_learning(self.workdir)
        if learning is None:
            raise InputError(
                f"workdir={self.workdir}: does not hold when examples were"
                " learned, which runs with several workers or with streamed"
                " images do not record; repeat another run with overwrite=True"
            )
        columns = self._columns(self._predictions()["train"])
        names = ("id", "label", "true_label")
        return pd.DataFrame(
            {
                **{name: columns[name] for name in names},
                "first_epoch": learning.first_epoch,
                "forgetting_events": learning.forgetting_events,
            }
        )

    def _predictions(self) -> dict[str, Predictions]:
        splits = read_predictions(self.workdir)
        if splits is None:
            raise InputError(
                f"workdir={self.workdir}: holds no predictions; repeat the run"
                " with overwrite=True"
            )
        return splits

    def _columns(self, split: Predictions) -> dict[str, np.ndarray]:
        classes = np.asarray(
            (self.get("given") or {}).get("data", {}).get("classes")
            or np.arange(self["classes"])
        )
        return {
            "id": split.index,
            "label": classes[split.label],
            "true_label": classes[split.true_label],
            "prediction": classes[split.prediction],
            "probability": split.probability,
            "margin": split.margin,
        }


def load_result(workdir: os.PathLike | str) -> RunResult:
    """Reads the result of a finished run.

    Args:
      workdir: work directory of the run.

    Raises:
      InputError: the directory holds no finished run.
    """
    if not isinstance(workdir, str | os.PathLike):
        raise InputError(
            f"workdir={workdir}: must be the path of a directory with {RESULT}"
        )
    path = epath.Path(workdir)
    if not (path / RESULT).exists():
        raise InputError(
            f"workdir={path}: holds no finished run; pass a directory with"
            f" {RESULT}"
        )
    return RunResult(read_run(path).result, path)


def check_data(
    result: Mapping[str, Any],
    workdir: epath.Path,
    inputs: Inputs,
    advice: str = _OTHER_RUN,
) -> None:
    """Checks that a finished run used the data of another run.

    Compares fingerprints and numbers of examples, since a fingerprint of
    streamed images covers the first 1,000 of each split.

    Args:
      result: content of result.json.
      workdir: work directory of the finished run.
      inputs: data of the other run.
      advice: what to do if the data differ.

    Raises:
      InputError: if the data differ.
    """
    stored = read_predictions(workdir)
    check_same_data(
        f"workdir={workdir}: holds a finished run on other data",
        {
            "fingerprint": str(result.get("fingerprint")),
            "examples": stored and {s: len(p.index) for s, p in stored.items()},
        },
        inputs,
        advice,
    )


def check_same_data(
    text: str,
    there: Mapping[str, Any],
    inputs: Inputs,
    advice: str = _OTHER_RUN,
) -> None:
    """Checks that data have the fingerprint and the size of others.

    Args:
      text: beginning of the error.
      there: `fingerprint` and, if known, `examples` of the other data.
      inputs: the data.
      advice: what to do if the data differ.

    Raises:
      InputError: if the data differ.
    """
    here = counts_of(inputs)
    counts = there.get("examples") or here
    fingerprint = there["fingerprint"]
    if (fingerprint, counts) != (inputs.fingerprint, here):
        raise InputError(
            f"{text} ({counts['train']} + {counts['test']} images with"
            f" fingerprint {fingerprint[:16]}, now {here['train']} +"
            f" {here['test']} with {inputs.fingerprint[:16]}); {advice}"
        )


def _load_model(workdir: epath.Path, weights: str | None) -> keras.Model:
    path = workdir / MODEL
    if not path.exists():
        raise InputError(
            f"workdir={workdir}: holds no {MODEL}; repeat the run with"
            " save_model=True and overwrite=True"
        )
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # Keras raises many types
        raise InputError(
            f"{path}: cannot be loaded ({one_line(error)}); import the"
            " module that registers its classes, or repeat the run with"
            " overwrite=True"
        ) from error
    if training.fingerprint_of(model) != weights:
        raise InputError(
            f"{path}: its weights are not those of {RESULT}; repeat the run"
            " with overwrite=True"
        )
    return model
