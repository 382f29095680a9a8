"""Sizes of the paper's data sets, for run-time estimates and error bars."""

import dataclasses

SAMPLE = "cifar10_sample"


@dataclasses.dataclass(frozen=True)
class DatasetSize:
    """The number of examples in each split of a data set."""

    num_train_examples: int
    num_test_examples: int


DATASET_SIZES = {
    SAMPLE: DatasetSize(5_000, 1_000),
    "cifar10": DatasetSize(50_000, 10_000),
    "mnist": DatasetSize(60_000, 10_000),
    "imagenet2012": DatasetSize(1_281_167, 50_000),
}
