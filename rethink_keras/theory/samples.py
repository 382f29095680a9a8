"""Whole images with labels, for machines that are not trained in steps."""

from rethink_keras import data, runs
from rethink_keras.config import RunConfig
from rethink_keras.data import Examples


def load_samples(config: RunConfig) -> tuple[Examples, Examples]:
    """Training and test examples of a run, uncropped, with their true labels.

    Raises:
      InputError: the data cannot be read.
    """
    loaded = data.load(config.dataset, config.data_dir)
    return runs.choose_examples(config, loaded)
