"""Streams data sets from disk, for those that do not fit in memory."""

import contextlib
import dataclasses
import functools
import re
from collections.abc import Callable, Iterator
from typing import Protocol

import tensorflow as tf
from etils import epath

from rethink_keras.data.builders import find_builder
from rethink_keras.data.damage import damage_of
from rethink_keras.data.folders import LAYOUT, find_folder, open_folder
from rethink_keras.data.records import RecordFiles
from rethink_keras.data.splits import count_classes, find_splits
from rethink_keras.errors import InputError

_READING = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    UnicodeDecodeError,  # from an error message that quotes bytes of the file
)


_OF_DATA = re.compile("Iterator|Dataset|Decode|Jpeg")


class EncodedExamples(Protocol):
    """Labelled images of a split, not yet decoded.

    The elements of its data sets are (encoded image, label, identity), scalars
    of dtype string, int32 and int64. See `Examples` for identities.
    """

    @property
    def place(self) -> str:
        """Where the examples are stored, for error messages."""

    def __len__(self) -> int:
        """Returns the number of examples."""

    def in_order(self) -> tf.data.Dataset:
        """Reads all examples in the order of storage."""

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """Reads all examples in an order that depends on (seed, epoch)."""


@dataclasses.dataclass(frozen=True)
class ImageStreams:
    """A streamed data set.

    Attributes:
      name: the name given to `stream`.
      train: training split.
      test: test split.
      num_classes: number of classes.
      shape: (height, width, channels) of all images; None for a dimension that
        is unknown before reading.
      find_damage: reads all files and returns one line that names the first
        corrupt file, or None.
    """

    name: str
    train: EncodedExamples
    test: EncodedExamples
    num_classes: int
    shape: tuple[int | None, int | None, int | None]
    find_damage: Callable[[], str | None]

    @contextlib.contextmanager
    def naming_damage(self) -> Iterator[None]:
        """Context manager that converts read errors to InputErrors.

        Errors of operations that neither read nor decode are not converted.

        Raises:
          InputError: an example could not be read. The message names the
            corrupt file if it can be found.
        """
        try:
            yield
        except _READING as error:
            if isinstance(error, tf.errors.OpError) and not _OF_DATA.search(
                error.message
            ):
                raise
            raise InputError(
                self.find_damage()
                or f"dataset={self.name}: an image or label is invalid"
                f" ({_reason(error)}); prepare the data set again without it"
            ) from error


def stream(name: str, data_dir: str | None = None) -> ImageStreams:
    """Opens a data set without reading its examples.

    Args:
      name: `cifar10_sample`, a TFDS image-classification data set with a
        training and a test or validation split, or an image folder in
        `data_dir` (see `folders`).
      data_dir: directory of data sets; None for TFDS's own directory.

    Raises:
      InputError: the data set does not exist, is not an image classification,
        or has one class only.
    """
    folder = find_folder(name, data_dir)
    if folder is None:
        streams = _stream_tfds(name, data_dir)
    else:
        streams = _stream_folder(name, folder)
    if streams.num_classes < 2:
        raise InputError(
            f"dataset={name}: must have at least two classes; has one (folders"
            f" of images: {LAYOUT})"
        )
    return streams


def _stream_tfds(name: str, data_dir: str | None) -> ImageStreams:
    builder = find_builder(name, data_dir)
    num_classes = count_classes(builder, name)
    splits = find_splits(builder, name)
    train, test = (RecordFiles(builder, split) for split in splits)
    return ImageStreams(
        name,
        train,
        test,
        num_classes,
        shape=builder.info.features[train.image].shape,
        find_damage=functools.partial(damage_of, builder, splits),
    )


def _stream_folder(name: str, folder: epath.Path) -> ImageStreams:
    train, test, num_classes = open_folder(folder)

    def find_damage() -> str | None:
        return train.find_damage() or test.find_damage()

    shape = None, None, None
    return ImageStreams(name, train, test, num_classes, shape, find_damage)


def _reason(error: tf.errors.OpError | UnicodeDecodeError) -> str:
    """Returns the reason of an error, without the location in the graph."""
    message = getattr(error, "message", str(error))
    text = re.sub(r"{{.*?}}|\[\[.*?\]\]|\[Op:.*", "", message)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rpartition("Map: ")[2][:200]
