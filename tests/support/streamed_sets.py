"""Writes small photographs as TFDS stores ImageNet, and as image folders."""

import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.support.tiny_sets import write_set

CLASSES = 7


def photograph(index: int, height: int, width: int) -> np.ndarray:
    """A smooth image whose colours encode its number."""
    rows = np.linspace(0, 120, height)[:, None, None]
    columns = np.linspace(0, 80, width)[None, :, None]
    shade = np.array([index * 37 % 256, index * 91 % 256, index * 53 % 256])
    return ((rows + columns + shade) / 2).clip(0, 255).astype(np.uint8)


def jpeg(image: np.ndarray) -> bytes:
    return tf.io.encode_jpeg(image, quality=95).numpy()


def numbered(count: int, first: int = 0) -> list[dict]:
    """Records like those of imagenet2012, of several sizes; 1 in 4 is grey."""
    records = []
    for index in range(first, first + count):
        image = photograph(index, 40 + index % 17, 60 - index % 13)
        if index % 4 == 3:
            image = image[..., :1]
        records.append(
            {
                "image": jpeg(image),
                "label": index % CLASSES,
                "file_name": f"n{index:08}.JPEG",
            }
        )
    return records


def imagenet_features() -> tfds.features.FeaturesDict:
    """The features of imagenet2012, with another number of classes."""
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "label": tfds.features.ClassLabel(num_classes=CLASSES),
            "file_name": tfds.features.Text(),
        }
    )


def write_imagenet(
    data_dir: pathlib.Path,
    splits: dict[str, list],
    name: str = "photos",
    shards: int = 3,
) -> pathlib.Path:
    """Writes records as TFDS prepares imagenet2012, in several files."""
    features = imagenet_features()
    encoded = {
        split: [_as_stored(record) for record in records]
        for split, records in splits.items()
    }
    return write_set(data_dir, encoded, features, name=name, shards=shards)


def _as_stored(record: dict) -> bytes:
    """Serializes a record whose image is already encoded as JPEG."""
    feature = tf.train.Feature
    values = {
        "image": feature(
            bytes_list=tf.train.BytesList(value=[record["image"]])
        ),
        "label": feature(
            int64_list=tf.train.Int64List(value=[record["label"]])
        ),
        "file_name": feature(
            bytes_list=tf.train.BytesList(value=[record["file_name"].encode()])
        ),
    }
    features = tf.train.Features(feature=values)
    return tf.train.Example(features=features).SerializeToString()


def write_folder(root: pathlib.Path, splits: dict[str, list]) -> None:
    """Writes the images of records as files, with one folder per class."""
    for split, records in splits.items():
        for record in records:
            folder = root / split / f"class_{record['label']}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / record["file_name"]).write_bytes(record["image"])
