"""Defines the flags for the data set of commands that use one."""

from absl import flags

DATASET = flags.DEFINE_string(
    "dataset", "cifar10_sample", "data set: the embedded sample or a TFDS name"
)
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory (default: TFDS's own)"
)
