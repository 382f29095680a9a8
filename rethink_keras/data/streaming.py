"""Data sets read from disk anew in each epoch, for those beyond memory."""

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
from rethink_keras.data.folders import find_folder, open_folder
from rethink_keras.data.records import RecordFiles
from rethink_keras.data.splits import count_classes, find_splits
from rethink_keras.errors import InputError

_READING = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    UnicodeDecodeError,  # of an error that quotes the file's bytes
)


class EncodedExamples(Protocol):
    """Labelled images of a split as they are stored, undecoded.

    Elements are (encoded image, label, identity): scalars of type string,
    int32 and int64; the identity as in `Examples`.
    """

    @property
    def place(self) -> str:
        """Where they are stored, for error messages."""

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
      num_classes: how many.
      shape: (height, width, channels) of all the images, None where it is not
        known before reading.
      find_damage: reads all the files; names the first that is damaged.
    """

    name: str
    train: EncodedExamples
    test: EncodedExamples
    num_classes: int
    shape: tuple[int | None, int | None, int | None]
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
        image folder in `data_dir` (see `folders`).
      data_dir: where it lies; None for TFDS's own directory.

    Raises:
      InputError: no such data set, or no image classification.
    """
    folder = find_folder(name, data_dir)
    if folder is not None:
        return _stream_folder(name, folder)
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
    """What an operation complains of, without where in the graph it is."""
    message = getattr(error, "message", str(error))
    text = re.sub(r"{{.*?}}|\[\[.*?\]\]|\[Op:.*", "", message)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rpartition("Map: ")[2][:200]
