"""Folders of images: `train/CLASS/IMAGE` and `test/CLASS/IMAGE`."""

import multiprocessing.pool
import os
from collections.abc import Sequence

import tensorflow as tf
from etils import epath

from rethink_keras.config import SAMPLE
from rethink_keras.data.identities import identities
from rethink_keras.data.shuffling import shuffle
from rethink_keras.errors import InputError
from rethink_keras.files import reading, reason_of, visible

LAYOUT = "train/CLASS/IMAGE and test/CLASS/IMAGE"
TESTS = ("test", "validation")
_FILES_AT_A_TIME = 16
_SUFFIXES = (".jpg", ".jpeg", ".png")


class ImageFiles:
    """A split of an image folder: a file for each image, in any order.

    The identity is the path below the folder: `train/CLASS/IMAGE`.

    Args:
      root: the image folder.
      split: the folder's name in it.
      classes: the names of the folders in that, in the order of the labels.

    Raises:
      InputError: a folder cannot be read, there are no images, or the name of
        one is not UTF-8.
    """

    def __init__(self, root: epath.Path, split: str, classes: Sequence[str]):
        found = [
            (path, label)
            for label, name in enumerate(classes)
            for path in entries(root / split / name)
            if path.suffix.lower() in _SUFFIXES
        ]
        if not found:
            raise InputError(
                f"dataset={root.name}: its split {split} is empty; needs images"
                f" as {LAYOUT}, in files {', '.join(_SUFFIXES)}"
            )
        paths, labels = zip(*found, strict=True)
        self.place = os.fspath(root / split)
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
        return self._read(shuffle(tf.range(len(self)), seed, epoch))

    def _read(self, indices: tf.Tensor) -> tf.data.Dataset:
        fields = self._paths, self._labels, self._ids

        def read(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            path, label, identity = (field[index] for field in fields)
            return tf.io.read_file(path), label, identity

        dataset = tf.data.Dataset.from_tensor_slices(indices)
        return dataset.map(read, num_parallel_calls=_FILES_AT_A_TIME)

    def find_damage(self) -> str | None:
        """The first file that cannot be decoded, in one line.

        Reads all the files. None if there is no such file.
        """
        paths = [path.decode() for path in self._paths.numpy()]
        with multiprocessing.pool.ThreadPool(_FILES_AT_A_TIME) as pool:
            return next(filter(None, pool.imap(_damage, paths)), None)


def _damage(path: str) -> str | None:
    try:
        tf.io.decode_image(epath.Path(path).read_bytes())
    except OSError as error:
        reason = reason_of(error)
        return f"{path}: cannot be read ({reason}); mend it or remove it"
    except tf.errors.OpError as error:
        reason = reason_of(error)
        return (
            f"{path}: cannot be decoded as an image ({reason}); replace it or"
            " remove it"
        )
    return None


def find_folder(name: str, data_dir: str | None) -> epath.Path | None:
    """The image folder `data_dir/name`; None where there is none."""
    if data_dir is None or "/" in name or name == SAMPLE:
        return None
    folder = epath.Path(data_dir, name)
    return folder if _folders(folder / "train") else None


def open_folder(
    folder: epath.Path,
) -> tuple[ImageFiles, ImageFiles, int]:
    """The training split, the test split and the number of classes.

    Hidden folders, and those that are not a split, do not count.

    Raises:
      InputError: a split is missing or empty, the two differ in their
        classes, or a file or folder cannot be read.
    """
    found = _folders(folder)
    test = next((split for split in TESTS if split in found), None)
    if test is None:
        raise InputError(
            f"dataset={folder.name}: needs the splits train and test or"
            f" validation; received {', '.join(found)}"
        )
    classes = _folders(folder / "train")
    _check_classes(folder.name, test, classes, _folders(folder / test))
    train_files, test_files = (
        ImageFiles(folder, split, classes) for split in ("train", test)
    )
    return train_files, test_files, len(classes)


def _check_classes(
    name: str, test: str, trained: Sequence[str], tested: Sequence[str]
) -> None:
    differing = [
        f"{split}/{label}"
        for split, ours, theirs in (
            ("train", trained, tested),
            (test, tested, trained),
        )
        for label in sorted(set(ours) - set(theirs))
    ]
    if differing:
        raise InputError(
            f"dataset={name}: train and {test} must have the same classes;"
            f" received {', '.join(differing[:5])} in one alone; add the"
            " folder to the other, or remove it"
        )


def _folders(directory: epath.Path) -> list[str]:
    """The names of the visible folders in a directory, sorted."""
    return [path.name for path in entries(directory) if path.is_dir()]


def entries(directory: epath.Path) -> list[epath.Path]:
    """The visible entries of a directory, sorted; none if it is absent.

    Raises:
      InputError: it cannot be read, or a name in it is not UTF-8.
    """
    with reading(directory):
        found = visible(directory)
    for path in found:
        try:
            os.fspath(path).encode()
        except UnicodeEncodeError as error:
            raw = os.fsencode(path).decode(errors="backslashreplace")
            raise InputError(
                f"{raw}: its name is not UTF-8; rename it"
            ) from error
    return found
