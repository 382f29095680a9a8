"""Finds the file of a prepared data set that cannot be read."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_datasets as tfds


def damage_of(
    builder: tfds.core.DatasetBuilder, splits: Sequence[str]
) -> str | None:
    """The first file with too few readable records, in one line.

    Reads all the files. None where there is no such file; also of image
    folders, which have no records.
    """
    if isinstance(builder, tfds.ImageFolder):
        return None
    for split in splits:
        info = builder.info.splits[split]
        shards = zip(info.filepaths, info.shard_lengths, strict=True)
        for path, expected in shards:
            readable = _readable(str(path))
            if readable != expected:
                return (
                    f"{path}: damaged or truncated; {readable} of {expected}"
                    " records can be read; prepare or copy the file again"
                )
    return None


def _readable(path: str) -> int:
    """How many records can be read before the first that cannot."""
    count = 0
    try:
        for _ in tf.data.TFRecordDataset(path):
            count += 1
    except tf.errors.OpError:
        pass
    return count
