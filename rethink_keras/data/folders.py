"""Image folders: `train/CLASS/IMAGE` and `test/CLASS/IMAGE`."""

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
_NO_DATA = ("thumbs.db", "desktop.ini")  # of file managers, in lower case
_ADVICE = f"add images as {LAYOUT}, with a suffix of {', '.join(_SUFFIXES)}"


class ImageFiles:
    """A split of an image folder, with one file per image.

    The identity of an example is its path relative to the image folder:
    `train/CLASS/IMAGE`.

    Args:
      root: the image folder.
      split: name of the split's folder in `root`.
      classes: names of the class folders, in the order of the labels.

    Raises:
      InputError: a folder cannot be read, the split or a class of the training
        split has no images, a class has other files or folders, or a file name
        is not UTF-8.
    """

    def __init__(self, root: epath.Path, split: str, classes: Sequence[str]):
        found, others = [], []
        for label, name in enumerate(classes):
            files = [
                path
                for path in entries(root / split / name)
                if path.name.lower() not in _NO_DATA
            ]
            for path in files:
                if path.suffix.lower() in _SUFFIXES:
                    found.append((path, label))
                else:
                    others.append(path)
            if not files and split == "train":
                raise InputError(
                    f"dataset={root.name}: {split}/{name} has no images;"
                    f" {_ADVICE}"
                )
        if others:
            raise InputError(
                f"dataset={root.name}: {others[0].relative_to(root).as_posix()}"
                f" is not a {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]} file"
                f" (such entries in {split}: {len(others)}); convert or remove"
                " them"
            )
        if not found:
            raise InputError(
                f"dataset={root.name}: its split {split} is empty; {_ADVICE}"
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
        """Reads all examples, class by class."""
        return self._read(tf.range(len(self)))

    def shuffled(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """Reads all examples in an order that depends on (seed, epoch)."""
        return self._read(shuffle(tf.range(len(self)), seed, epoch))

    def _read(self, indices: tf.Tensor) -> tf.data.Dataset:
        fields = self._paths, self._labels, self._ids

        def read(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            path, label, identity = (field[index] for field in fields)
            return tf.io.read_file(path), label, identity

        dataset = tf.data.Dataset.from_tensor_slices(indices)
        return dataset.map(read, num_parallel_calls=_FILES_AT_A_TIME)

    def find_damage(self) -> str | None:
        """Finds the first file that cannot be decoded.

        Reads all files.

        Returns:
          One line that names the file; None if all files are intact.
        """
        paths = [path.decode() for path in self._paths.numpy()]
        with multiprocessing.pool.ThreadPool(_FILES_AT_A_TIME) as pool:
            return next(filter(None, pool.imap(_damage, paths)), None)


def _damage(path: str) -> str | None:
    try:
        tf.io.decode_image(epath.Path(path).read_bytes())
    except OSError as error:
        reason = reason_of(error)
        return f"{path}: cannot be read ({reason}); fix it or remove it"
    except tf.errors.OpError as error:
        reason = reason_of(error)
        return (
            f"{path}: cannot be decoded as an image ({reason}); replace it or"
            " remove it"
        )
    return None


def find_folder(name: str, data_dir: str | None) -> epath.Path | None:
    """Returns the image folder `data_dir/name`; None if it does not exist."""
    if data_dir is None or "/" in name or name == SAMPLE:
        return None
    folder = epath.Path(os.path.expanduser(data_dir), name)
    return folder if _folders(folder / "train") else None


def open_folder(
    folder: epath.Path,
) -> tuple[ImageFiles, ImageFiles, int]:
    """Returns the training split, the test split and the number of classes.

    Ignores hidden folders and folders that are not a split.

    Raises:
      InputError: a split is missing or empty, the splits have different
        classes, or a file or folder cannot be read.
    """
    found = _folders(folder)
    test = next((split for split in TESTS if split in found), None)
    if test is None:
        raise InputError(
            f"dataset={folder.name}: must have the splits train and test (or"
            f" validation); received {', '.join(found)}"
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
        for split, own, other in (
            ("train", trained, tested),
            (test, tested, trained),
        )
        for label in sorted(set(own) - set(other))
    ]
    if differing:
        raise InputError(
            f"dataset={name}: train and {test} must have the same classes;"
            f" received {', '.join(differing[:5])} in only one split; add"
            " each folder to the other split, or remove it"
        )


def _folders(directory: epath.Path) -> list[str]:
    """Returns the sorted names of the visible folders in a directory."""
    return [path.name for path in entries(directory) if path.is_dir()]


def entries(directory: epath.Path) -> list[epath.Path]:
    """Lists the visible entries of a directory, sorted.

    Returns:
      The paths; an empty list if the directory does not exist.

    Raises:
      InputError: the directory cannot be read, or a name is not UTF-8.
    """
    with reading(directory):
        found = visible(directory)
    for path in found:
        try:
            os.fspath(path).encode()
        except UnicodeEncodeError as error:
            raw = os.fsencode(path).decode(errors="backslashreplace")
            raise InputError(
                f"{raw}: the name is not UTF-8; rename it"
            ) from error
    return found
