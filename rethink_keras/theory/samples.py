"""Uncropped images with labels, for kernel machines."""

from rethink_keras import data, runs
from rethink_keras.config import RunConfig
from rethink_keras.data import Examples


def load_samples(config: RunConfig) -> tuple[Examples, Examples]:
    """Loads training and test examples, uncropped and with true labels.

    Raises:
      InputError: the data cannot be read.
    """
    loaded = data.load(config.dataset, config.data_dir)
    return runs.choose_examples(config, loaded)
