"""Finds the corrupt file of a prepared data set."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_datasets as tfds
from etils import epath

from rethink_keras.data.records import Open, find_reader
from rethink_keras.files import reason_of


def damage_of(
    builder: tfds.core.DatasetBuilder, splits: Sequence[str]
) -> str | None:
    """Finds the first file with too few or too many readable records.

    Reads all files.

    Returns:
      One line that names the file; None if all files are intact.
    """
    read = find_reader(builder)
    for split in splits:
        info = builder.info.splits[split]
        shards = zip(info.filepaths, info.shard_lengths, strict=True)
        for path, expected in shards:
            damage = _damage(read, str(path), expected)
            if damage:
                return f"{path}: {damage}"
    return None


def _damage(read: Open, path: str, expected: int) -> str | None:
    """Describes what is wrong with a file of records.

    Args:
      read: reads the records of a file.
      path: path of the file.
      expected: number of records that the file should hold.
    """
    try:
        epath.Path(path).open("rb").close()
    except OSError as error:
        return f"cannot be read ({reason_of(error)}); fix it or copy it again"
    count = 0
    try:
        for _ in read(tf.constant(path)):
            count += 1
    except tf.errors.OpError:
        pass
    if count == expected:
        return None
    return (
        f"damaged or truncated; {count} of {expected} records can be read;"
        " prepare or copy the file again"
    )
