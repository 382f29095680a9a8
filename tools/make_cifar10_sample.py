"""Creates the embedded data set `cifar10_sample` from TFDS's CIFAR-10.

  python tools/make_cifar10_sample.py --data_dir=DIR

Copies the first 500 training and 100 test examples of each class in the order
of the source. Encoded images are copied unchanged, so the same source gives the
same bytes.
"""

import collections
import pathlib

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import flags

from rethink_keras.cli.terminal import run_command
from rethink_keras.data.builders import EMBEDDED

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory with cifar10", required=True
)
_VERSION = "1.0.0"
_PER_CLASS = {"train": 500, "test": 100}
_DESCRIPTION = (
    "6,000 images of CIFAR-10: of each class the first 500 training and 100"
    " test examples of the TFDS data set cifar10."
)


def main() -> None:
    """Writes the data set into the package."""
    source = tfds.builder("cifar10", data_dir=_DATA_DIR.value)
    target = EMBEDDED / _VERSION
    target.mkdir(parents=True, exist_ok=True)
    splits = [
        write_split(source, target, split, count)
        for split, count in _PER_CLASS.items()
    ]
    tfds.folder_dataset.write_metadata(
        data_dir=str(target),
        features=source.info.features,
        split_infos=splits,
        filename_template=_template(),
        description=_DESCRIPTION,
        homepage=source.info.homepage,
        supervised_keys=source.info.supervised_keys,
        citation=source.info.citation,
    )


def _template() -> str:
    return "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


def write_split(
    source: tfds.core.DatasetBuilder,
    target: pathlib.Path,
    split: str,
    per_class: int,
) -> tfds.core.SplitInfo:
    """Writes the first records of each class of a split."""
    name = f"{EMBEDDED.name}-{split}.tfrecord-00000-of-00001"
    paths = [str(path) for path in source.info.splits[split].filepaths]
    features = source.info.features
    taken: collections.Counter[int] = collections.Counter()
    size = 0
    with tf.io.TFRecordWriter(str(target / name)) as writer:
        for record in tf.data.TFRecordDataset(paths):
            example = features.deserialize_example(
                record, decoders={"image": tfds.decode.SkipDecoding()}
            )
            label = int(example["label"])
            if taken[label] < per_class:
                taken[label] += 1
                writer.write(record.numpy())
                size += len(record.numpy())
    return tfds.core.SplitInfo(
        name=split,
        shard_lengths=[taken.total()],
        num_bytes=size,
        filename_template=tfds.core.ShardedFileTemplate(
            data_dir=target,
            dataset_name=EMBEDDED.name,
            split=split,
            filetype_suffix="tfrecord",
            template=_template(),
        ),
    )


if __name__ == "__main__":
    run_command(main)
