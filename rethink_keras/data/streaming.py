"""Data sets read from disk anew in each epoch, for those beyond memory."""

import contextlib
import dataclasses
import functools
import os
import re
from collections.abc import Callable, Iterator
from typing import Protocol

import tensorflow as tf
import tensorflow_datasets as tfds
from etils import epath

from rethink_keras.data.builders import find_builder
from rethink_keras.data.damage import damage_of
from rethink_keras.data.identities import identities
from rethink_keras.data.splits import count_classes, find_splits
from rethink_keras.errors import InputError

_FILES_AT_A_TIME = 16
_RECORDS_IN_A_ROW = 16
_WINDOW = 2_048  # records shuffled together: 0.2 GB of ImageNet
_SUFFIXES = (".jpg", ".jpeg", ".png")  # as tfds.ImageFolder
_READING = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
)


class EncodedExamples(Protocol):
    """Labelled images of a split as they are stored, undecoded.

    Elements are (encoded image, label, identity): scalars of type string,
    int32 and int64; the identity as in `Examples`.
    """

    def __len__(self) -> int:
        """How many."""

    def in_order(self) -> tf.data.Dataset:
        """All, in the order of storage."""

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """All, in an order that is a function of (seed, epoch)."""


@dataclasses.dataclass(frozen=True)
class ImageStreams:
    """A data set: a training split, a test split and the number of classes.

    Attributes:
      name: as asked for.
      train, test: the splits.
      classes: how many.
      find_damage: reads all the files; names the first that is damaged.
    """

    name: str
    train: EncodedExamples
    test: EncodedExamples
    classes: int
    find_damage: Callable[[], str | None]

    @contextlib.contextmanager
    def naming_damage(self) -> Iterator[None]:
        """Ends with one line where what streams cannot be read.

        Raises:
          InputError: names the file where it can be found.
        """
        try:
            yield
        except _READING as error:
            raise InputError(
                self.find_damage()
                or f"dataset={self.name}: an image or label cannot be used"
                f" ({_reason(error)}); prepare the data set again without it"
            ) from error


def stream(name: str, data_dir: str | None = None) -> ImageStreams:
    """Opens a data set, reading nothing yet.

    Args:
      name: `cifar10_sample`, any TFDS image-classification data set, or an
        image folder (see `builders.find_builder`).
      data_dir: where it lies; None for TFDS's own directory.

    Raises:
      InputError: no such data set, or no image classification.
    """
    builder = find_builder(name, data_dir)
    classes = count_classes(builder, name)
    splits = find_splits(builder, name)
    train, test = (_open(builder, split) for split in splits)
    find_damage = functools.partial(damage_of, builder, splits)
    return ImageStreams(name, train, test, classes, find_damage)


def _reason(error: tf.errors.OpError) -> str:
    """What an operation complains of, without where in the graph it is."""
    text = re.sub(r"{{.*?}}|\[\[.*?\]\]|\[Op:.*", "", error.message)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rpartition("Map: ")[2][:200]


def _open(builder: tfds.core.DatasetBuilder, split: str) -> EncodedExamples:
    if isinstance(builder, tfds.ImageFolder):
        return ImageFiles(builder, split)
    return RecordFiles(builder, split)


class RecordFiles:
    """A split that TFDS has prepared: files of records, read in sequence.

    An epoch takes the files in a random order, 16 at a time, and shuffles
    each window of 2,048 records. TFDS has distributed the examples over the
    files at random before.

    Raises:
      InputError: the files are no TFRecords.
    """

    def __init__(self, builder: tfds.core.DatasetBuilder, split: str):
        info = builder.info.splits[split]
        if info.filename_template.filetype_suffix != "tfrecord":
            raise InputError(
                f"dataset={builder.name}: is stored as"
                f" {info.filename_template.filetype_suffix}; allowed with"
                " image_size are tfrecord and image folders"
            )
        self._count = info.num_examples
        self._paths = [os.fspath(path) for path in info.filepaths]
        self._features = builder.info.features
        self._keys = builder.info.supervised_keys

    def __len__(self) -> int:
        return self._count

    def in_order(self) -> tf.data.Dataset:
        """All, in the order of storage."""
        paths = tf.data.Dataset.from_tensor_slices(self._paths)
        return self._parsed(paths.flat_map(_numbered_records))

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """All, in an order that is a function of (seed, epoch)."""
        paths = _shuffle(tf.constant(self._paths), seed, epoch)
        records = tf.data.Dataset.from_tensor_slices(paths).interleave(
            _numbered_records,
            cycle_length=_FILES_AT_A_TIME,
            block_length=_RECORDS_IN_A_ROW,
            num_parallel_calls=_FILES_AT_A_TIME,
            deterministic=True,
        )

        def mix(window: tf.Tensor, records: tuple[tf.Tensor, ...]):
            order = _shuffle(
                tf.range(tf.shape(records[0])[0]), seed, 2**32 * epoch + window
            )
            return tuple(tf.gather(field, order) for field in records)

        windows = records.batch(_WINDOW).enumerate().map(mix)
        return self._parsed(windows.unbatch())

    def _parsed(self, records: tf.data.Dataset) -> tf.data.Dataset:
        image, label = self._keys
        undecoded = {image: tfds.decode.SkipDecoding()}

        def parse(tfds_id: tf.Tensor, record: tf.Tensor):
            example = self._features.deserialize_example(
                record, decoders=undecoded
            )
            return (
                example[image],
                tf.cast(example[label], tf.int32),
                identities(tfds_id),
            )

        # A file with fewer or more must not shift the epochs that follow.
        whole = tf.data.experimental.assert_cardinality(self._count)
        return records.map(parse).apply(whole)


def _numbered_records(path: tf.Tensor) -> tf.data.Dataset:
    """The records of a file with their TFDS ids: file name and position."""
    name = tf.strings.split(path, "/")[-1]

    def identify(number: tf.Tensor, record: tf.Tensor):
        tfds_id = tf.strings.join([name, tf.strings.as_string(number)], "__")
        return tfds_id, record

    return tf.data.TFRecordDataset(path).enumerate().map(identify)


class ImageFiles:
    """A split of an image folder: a file for each image, in any order.

    The identity is the path below the folder: `train/CLASS/IMAGE`.
    """

    def __init__(self, builder: tfds.ImageFolder, split: str):
        root = epath.Path(builder.data_dir)
        label = builder.info.features["label"]
        found = [
            (path, label.str2int(name))
            for name in label.names
            for path in sorted((root / split / name).glob("*"))
            if path.suffix.lower() in _SUFFIXES
        ]
        paths, labels = zip(*found, strict=True)
        self._paths = tf.constant([os.fspath(path) for path in paths])
        self._labels = tf.constant(labels, tf.int32)
        self._ids = identities(
            tf.constant([path.relative_to(root).as_posix() for path in paths])
        )

    def __len__(self) -> int:
        return len(self._paths)

    def in_order(self) -> tf.data.Dataset:
        """All, class by class."""
        return self._read(tf.range(len(self)))

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """All, in an order that is a function of (seed, epoch)."""
        return self._read(_shuffle(tf.range(len(self)), seed, epoch))

    def _read(self, indices: tf.Tensor) -> tf.data.Dataset:
        fields = self._paths, self._labels, self._ids

        def read(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            path, label, identity = (field[index] for field in fields)
            return tf.io.read_file(path), label, identity

        dataset = tf.data.Dataset.from_tensor_slices(indices)
        return dataset.map(read, num_parallel_calls=_FILES_AT_A_TIME)


def _shuffle(values: tf.Tensor, seed: int, number: tf.Tensor) -> tf.Tensor:
    return tf.random.experimental.stateless_shuffle(
        values, seed=tf.stack([tf.cast(seed, tf.int64), number])
    )
