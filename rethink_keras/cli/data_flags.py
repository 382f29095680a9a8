"""Defines the flags for the data set of commands that use one."""

from absl import flags

DATASET = flags.DEFINE_string(
    "dataset",
    "cifar10_sample",
    "data set: the embedded sample, a TFDS name, or a folder of images in"
    " --data_dir",
)
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "directory of the data sets (default: TFDS's own)"
)
