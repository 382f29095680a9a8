"""Writes small data sets in the format of TFDS."""

import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core.file_adapters import (
    ADAPTER_FOR_FORMAT,
    FileFormat,
)

from rethink_keras import data
from rethink_keras.errors import InputError

TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
TRAIN_FILE = "tiny-train.tfrecord-00000-of-00001"
SERVER_THAT_HANGS = """
import time
import requests
requests.head = lambda *args, **kwargs: time.sleep(60)
from rethink_keras import data
from rethink_keras.errors import InputError
begun = time.monotonic()
try:
    data.load("cifar10", "nowhere")
except InputError as error:
    print(time.monotonic() - begun, error, sep="\\n", flush=True)
"""


def picture(index: int, height: int = 8, width: int = 8) -> np.ndarray:
    return np.full((height, width, 3), index, np.uint8)


def picture_features(shape=(8, 8, 3), num_classes: int = 3):
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=shape),
            "label": tfds.features.ClassLabel(num_classes=num_classes),
        }
    )


def write_set(
    data_dir: pathlib.Path,
    splits: dict[str, list],
    features=None,
    supervised_keys=("image", "label"),
    name: str = "tiny",
    shards: int = 1,
    file_format: str = "tfrecord",
) -> pathlib.Path:
    """Writes a TFDS data set, with consecutive examples in each shard.

    Args:
      data_dir: directory to write to.
      splits: examples of each split, as features or serialized records.
      features: features of an example; default: `picture_features()`.
      supervised_keys: names of the image and label features.
      name: name of the data set.
      shards: number of files per split.
      file_format: format of the files, as TFDS names it.

    Returns:
      The directory of the files.
    """
    features = features or picture_features()
    target = data_dir / name / "1.0.0"
    target.mkdir(parents=True)
    adapter = ADAPTER_FOR_FORMAT[FileFormat(file_format)]
    infos = []
    for split, examples in splits.items():
        lengths = []
        for shard in range(shards):
            file = f"{name}-{split}.{file_format}-{shard:05}-of-{shards:05}"
            first, end = (
                len(examples) * s // shards for s in (shard, shard + 1)
            )
            part = [
                (None, example)
                if isinstance(example, bytes)
                else (None, features.serialize_example(example))
                for example in examples[first:end]
            ]
            lengths.append(len(part))
            adapter.write_examples(target / file, part)
        infos.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=lengths,
                num_bytes=0,
                filename_template=tfds.core.ShardedFileTemplate(
                    data_dir=target,
                    dataset_name=name,
                    split=split,
                    filetype_suffix=file_format,
                    template=TEMPLATE,
                ),
            )
        )
    tfds.folder_dataset.write_metadata(
        data_dir=str(target),
        features=features,
        split_infos=infos,
        filename_template=TEMPLATE,
        supervised_keys=supervised_keys,
        check_data=False,
    )
    return target


def pictures(count: int, first: int = 0) -> list[dict]:
    return [
        {"image": picture(first + index), "label": index % 3}
        for index in range(count)
    ]


def loading_error(data_dir, name: str = "tiny", **options) -> str:
    """The message of the error that loading a data set raises: one line."""
    with pytest.raises(InputError) as error:
        data.load(name, str(data_dir), **options)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def everything_under(directory: pathlib.Path) -> list[pathlib.Path]:
    return sorted(directory.rglob("*"))
