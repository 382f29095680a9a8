"""Reads splits that TFDS has prepared from their record files."""

import functools
import os
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.file_adapters import (
    ADAPTER_FOR_FORMAT,
    FileFormat,
)

from rethink_keras.data.identities import identities
from rethink_keras.data.shuffling import shuffle
from rethink_keras.errors import InputError
from rethink_keras.graphs import as_written

_FILES_AT_A_TIME = 16
_RECORDS_IN_A_ROW = 16
_WINDOW = 2_048  # records in the shuffle buffer: 0.2 GB for ImageNet
_BUFFER = 1 << 20  # bytes per file

Open = Callable[[tf.Tensor], tf.data.Dataset]
Rows = Callable[[str], Iterator[bytes]]


def find_reader(builder: tfds.core.DatasetBuilder) -> Open:
    """Returns a function from the path of a file to its records.

    Raises:
      InputError: the file format needs a package that is not installed.
    """
    file_format = builder.info.file_format or FileFormat.TFRECORD
    try:
        if file_format in _PYTHON_READERS:
            return _generated(_PYTHON_READERS[file_format]())
        make = ADAPTER_FOR_FORMAT[file_format].make_tf_data
        make("")  # opens no file yet
    except ImportError as error:
        raise InputError(
            f"dataset={builder.name}: is stored as {file_format.value}, which"
            f" requires the package {error.name}; install it, or prepare the"
            " data set with file_format=tfrecord"
        ) from error
    return functools.partial(make, buffer_size=_BUFFER)


def _array_record_reader() -> Rows:
    from array_record.python.array_record_module import ArrayRecordReader

    def rows(path: str) -> Iterator[bytes]:
        reader = ArrayRecordReader(path)
        count = reader.num_records()
        for first in range(0, count, _RECORDS_IN_A_ROW):
            end = min(first + _RECORDS_IN_A_ROW, count)
            yield from reader.read(range(first, end))

    return rows


def _parquet_reader() -> Rows:
    from pyarrow import parquet

    def rows(path: str) -> Iterator[bytes]:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_RECORDS_IN_A_ROW):
                yield from batch.column("data").to_pylist()

    return rows


_PYTHON_READERS = {
    FileFormat.ARRAY_RECORD: _array_record_reader,
    FileFormat.PARQUET: _parquet_reader,
}


def _generated(rows: Rows) -> Open:
    """Wraps a Python reader, for formats that TensorFlow cannot read."""

    def generate(path: bytes) -> Iterator[bytes]:
        try:
            yield from rows(path.decode())
        except Exception as error:  # readers raise many types
            raise ValueError(f"{path.decode()}: {error}") from error

    @as_written
    def read(path: tf.Tensor) -> tf.data.Dataset:
        return tf.data.Dataset.from_generator(
            generate,
            args=(path,),
            output_signature=tf.TensorSpec((), tf.string),
        )

    return read


def image_and_label(builder: tfds.core.DatasetBuilder) -> tuple[str, str]:
    """Returns the names of the image and label features.

    Ignores a third supervised key, which would hold weights of the examples.
    """
    image, label = builder.info.supervised_keys[:2]
    return image, label


class RecordFiles:
    """A split that TFDS has prepared, stored as files of records.

    Each epoch reads the files in a random order, 16 at a time, and shuffles
    windows of 2,048 records. This suffices because TFDS distributes examples
    over files at random when it prepares a data set.

    The identity of an example is the TFDS id (file name and position) that it
    would have in a single TFRecord file. It therefore depends neither on the
    number of files nor on their format.

    Attributes:
      image: name of the feature that holds the image.

    Raises:
      InputError: the file format cannot be read.
    """

    def __init__(self, builder: tfds.core.DatasetBuilder, split: str):
        info = builder.info.splits[split]
        self._count = info.num_examples
        self._paths = [os.fspath(path) for path in info.filepaths]
        self._firsts = np.cumsum([0, *info.shard_lengths[:-1]], dtype=np.int64)
        one_file = info.filename_template.replace(filetype_suffix="tfrecord")
        self._name = one_file.sharded_filepath(shard_index=0, num_shards=1).name
        self._read = find_reader(builder)
        self._features = builder.info.features
        self.image, self._label = image_and_label(builder)

    def __len__(self) -> int:
        return self._count

    @property
    def place(self) -> str:
        """The path of the first file, and the number of other files."""
        others = len(self._paths) - 1
        return self._paths[0] + (f" and {others} more" if others else "")

    def in_order(self) -> tf.data.Dataset:
        """Reads all examples in the order of storage."""
        files = tf.data.Dataset.from_tensor_slices((self._paths, self._firsts))
        return self._parsed(files.flat_map(self._numbered))

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """Reads all examples in an order that depends on (seed, epoch)."""
        order = shuffle(tf.range(len(self._paths)), seed, epoch)
        files = tf.gather(self._paths, order), tf.gather(self._firsts, order)
        records = tf.data.Dataset.from_tensor_slices(files).interleave(
            self._numbered,
            cycle_length=_FILES_AT_A_TIME,
            block_length=_RECORDS_IN_A_ROW,
            num_parallel_calls=_FILES_AT_A_TIME,
            deterministic=True,
        )

        @as_written
        def mix(window: tf.Tensor, records: tuple[tf.Tensor, ...]):
            order = shuffle(
                tf.range(tf.shape(records[0])[0]), seed, 2**32 * epoch + window
            )
            return tuple(tf.gather(field, order) for field in records)

        windows = records.batch(_WINDOW).enumerate().map(mix)
        return self._parsed(windows.unbatch())

    @as_written
    def _numbered(self, path: tf.Tensor, first: tf.Tensor) -> tf.data.Dataset:
        """Reads the records of a file, with their positions in the split."""
        return self._read(path).enumerate(first)

    def _parsed(self, records: tf.data.Dataset) -> tf.data.Dataset:
        undecoded = {self.image: tfds.decode.SkipDecoding()}

        @as_written
        def parse(number: tf.Tensor, record: tf.Tensor):
            example = self._features.deserialize_example(
                record, decoders=undecoded
            )
            tfds_id = tf.strings.join(
                [self._name, tf.strings.as_string(number)], "__"
            )
            return (
                example[self.image],
                tf.cast(example[self._label], tf.int32),
                identities(tfds_id),
            )

        # A file with missing or extra records would shift later epochs.
        whole = tf.data.experimental.assert_cardinality(self._count)
        return records.map(parse).apply(whole)
