"""TensorBoard callback: scalars, texts and the HParams table."""

import contextlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.hparams import summary_v2 as hp

from rethink_keras.files import summaries_to, writing
from rethink_keras.results import run_name
from rethink_keras.results.metrics import (
    FINAL_METRICS,
    MAIN_HPARAMS,
    MEMORIZATION_METRICS,
)
from rethink_keras.results.names import names_of
from rethink_keras.runs.arguments import OPTIMIZER_OPTIONS
from rethink_keras.runs.directory import RunDirectory


class TensorBoardWriter(keras.callbacks.Callback):
    """Writes a run's scalars, texts and hyperparameters for TensorBoard.

    Scalars have one point per epoch, over training steps:

    - `train/`: loss (cross-entropy without the penalty), accuracy,
      learning_rate, images_per_second and, with weight decay, penalty;
    - `test/`: loss and accuracy against the true labels; top5_accuracy with
      more than 10 classes; accuracy_corrupted with randomized labels;
    - if only some labels are corrupted, also the MEMORIZATION_METRICS in
      `train/` and the accuracy of each class in `test/`.

    Each method raises an InputError if the work directory cannot be written.

    Args:
      directory: work directory of the run.
      examples: number of images that an epoch trains on.
      steps_per_epoch: number of batches in an epoch.
    """

    def __init__(
        self,
        directory: RunDirectory,
        examples: int,
        steps_per_epoch: int,
    ):
        super().__init__()
        self._steps_per_epoch = steps_per_epoch
        self._config = directory.config
        self._examples = examples
        self._path = path = directory.path
        self._resume_advice = directory.resume_advice
        with self._writing():
            self._train = tf.summary.create_file_writer(str(path / "train"))
            self._test = tf.summary.create_file_writer(str(path / "test"))
            self._run = tf.summary.create_file_writer(str(path))
            self._write_hparams(directory.given)

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return writing(self._path, self._resume_advice)

    def _write_hparams(self, given: Mapping[str, Any] | None) -> None:
        values = {**self._config.as_dict(), **names_of(self._config, given)}
        if "optimizer" in values:
            for replaced in OPTIMIZER_OPTIONS:
                del values[replaced]
        del values["data_dir"]
        summary = hp.hparams_config_pb(
            hparams=[hp.HParam(name) for name in values],
            metrics=[
                hp.Metric(f"final/{name}", display_name=name)
                for name in FINAL_METRICS
            ],
        )
        with summaries_to(self._run):
            tf.summary.experimental.write_raw_pb(
                _main_first(summary).SerializeToString(), step=0
            )
            hp.hparams(
                {name: v for name, v in values.items() if v is not None},
                trial_id=run_name(self._config, given),
            )

    def write_config(self) -> None:
        """Writes all options as the text of a flagfile."""
        self.write_text("config", f"```\n{self._config.as_flags()}```")

    def write_text(self, name: str, text: str) -> None:
        """Writes a text in Markdown."""
        with self._writing(), summaries_to(self._run):
            tf.summary.text(name, text, step=0)

    def write_picture(self, name: str, picture: np.ndarray) -> None:
        """Writes a picture, uint8 [height, width, 3]."""
        with self._writing(), summaries_to(self._run):
            tf.summary.image(name, picture[None], step=0)

    def write_history(self, history: dict[str, list]) -> None:
        """Writes the completed epochs of a run that is resumed."""
        for epoch, values in enumerate(zip(*history.values(), strict=True)):
            self.on_epoch_end(epoch, dict(zip(history, values, strict=True)))

    def on_epoch_end(self, epoch, logs=None):
        train = {
            "loss": logs["loss"],
            "accuracy": logs["accuracy"],
            "learning_rate": logs["learning_rate"],
            "images_per_second": self._examples / logs["seconds"],
        }
        if self._config.weight_decay:
            train["penalty"] = logs["penalty"]
        test = {
            "loss": logs["test_loss"],
            "accuracy": logs["test_accuracy"],
            "top5_accuracy": logs["test_top5_accuracy"],
        }
        if self._config.randomize == "labels":
            test["accuracy_corrupted"] = logs["test_accuracy_corrupted"]
        if self._config.partly_corrupted:
            for name in MEMORIZATION_METRICS:
                train[f"memorization/{name}"] = logs[name]
            for label, accuracy in enumerate(logs["test_accuracy_by_class"]):
                test[f"class_accuracy/{label}"] = accuracy
        step = (epoch + 1) * self._steps_per_epoch
        with self._writing():
            _scalars(self._train, train, step)
            _scalars(self._test, test, step)

    def write_result(self, result: dict[str, Any]) -> None:
        """Writes the final metrics for the HParams table."""
        final = {f"final/{name}": result[name] for name in FINAL_METRICS}
        with self._writing():
            _scalars(self._run, final, result["steps"])

    def close(self) -> None:
        """Flushes and closes the event files."""
        with self._writing():
            for writer in (self._train, self._test, self._run):
                writer.close()


def _main_first(summary):
    """Marks MAIN_HPARAMS as differing, so that TensorBoard shows them first."""
    plugin = summary.value[0].metadata.plugin_data
    data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
    for info in data.experiment.hparam_infos:
        info.differs = info.name in MAIN_HPARAMS
    plugin.content = data.SerializeToString()
    return summary


def _scalars(writer, values: dict[str, float | None], step: int) -> None:
    with summaries_to(writer):
        for name, value in values.items():
            if value is None:
                continue
            tf.summary.scalar(name, value, step=step)
