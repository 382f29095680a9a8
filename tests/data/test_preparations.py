"""Loading does not depend on how a data set is stored."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras import InputError, data
from rethink_keras.data import ImageClassification
from rethink_keras.data.identities import identities
from rethink_keras.randomization import Randomization
from tests.support.tiny_sets import (
    loading_error,
    picture_features,
    pictures,
    write_set,
)

TRAIN, TEST = 37, 5
PREPARATIONS = [
    ("tfrecord", 3),
    ("tfrecord", 20),
    ("array_record", 1),
    ("array_record", 3),
    ("parquet", 2),
]


def prepare(directory, file_format: str = "tfrecord", shards: int = 1, **kinds):
    splits = {"train": pictures(TRAIN), "test": pictures(TEST, first=100)}
    write_set(
        directory, splits, shards=shards, file_format=file_format, **kinds
    )
    return str(directory)


@pytest.fixture(scope="module")
def one_file(tmp_path_factory) -> ImageClassification:
    return data.load("tiny", prepare(tmp_path_factory.mktemp("one")))


def test_identities_are_those_of_one_tfrecord_file(one_file):
    names = [f"tiny-train.tfrecord-00000-of-00001__{n}" for n in range(TRAIN)]
    expected = identities(tf.constant(names)).numpy()
    np.testing.assert_array_equal(one_file.train.ids, expected)


@pytest.mark.parametrize(("file_format", "shards"), PREPARATIONS)
def test_examples_do_not_depend_on_files_and_formats(
    one_file, tmp_path, file_format, shards
):
    directory = prepare(tmp_path, file_format, shards)
    loaded = data.load("tiny", directory)
    for one, other in (
        (one_file.train, loaded.train),
        (one_file.test, loaded.test),
    ):
        for left, right in zip(one.fields, other.fields, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(("file_format", "shards"), PREPARATIONS)
def test_streaming_gives_the_same_random_labels(
    one_file, tmp_path, file_format, shards
):
    random = Randomization("labels", num_classes=3, seed=4)
    train = one_file.train
    expected = dict(
        zip(
            train.images[:, 0, 0, 0].tolist(),
            random.labels(train.labels, train.ids).numpy().tolist(),
            strict=True,
        )
    )
    streams = data.stream("tiny", prepare(tmp_path, file_format, shards))
    for examples in (
        streams.train.in_order(),
        streams.train.shuffled(0, tf.constant(1, tf.int64)),
    ):
        found = {}
        for encoded, labels, ids in examples.batch(1):
            image = tf.io.decode_png(encoded[0])
            found[int(image[0, 0, 0])] = int(random.labels(labels, ids)[0])
        assert found == expected


def test_images_load_without_a_declared_size(one_file, tmp_path):
    features = picture_features(shape=(None, None, 3))
    loaded = data.load("tiny", prepare(tmp_path, features=features))
    np.testing.assert_array_equal(loaded.train.images, one_file.train.images)


def test_a_third_supervised_key_is_ignored(one_file, tmp_path):
    features = tfds.features.FeaturesDict(
        {**picture_features(), "weight": np.float32}
    )
    splits = {
        split: [{**example, "weight": 0.5} for example in examples]
        for split, examples in (
            ("train", pictures(TRAIN)),
            ("test", pictures(TEST, first=100)),
            ("validation", pictures(1)),
        )
    }
    keys = ("image", "label", "weight")
    write_set(tmp_path, splits, features, supervised_keys=keys)
    loaded = data.load("tiny", str(tmp_path))
    assert len(loaded.test) == TEST
    np.testing.assert_array_equal(loaded.train.images, one_file.train.images)
    np.testing.assert_array_equal(loaded.train.ids, one_file.train.ids)
    assert len(data.stream("tiny", str(tmp_path)).train) == TRAIN


def test_nested_supervised_keys_raise(tmp_path):
    keys = ({"image": "image"}, "label")
    directory = prepare(tmp_path, supervised_keys=keys)
    assert "not an image classification" in loading_error(directory)


def test_a_format_whose_package_is_missing_raises(tmp_path):
    directory = prepare(tmp_path, "array_record")
    info = tmp_path / "tiny" / "1.0.0" / "dataset_info.json"
    info.write_text(info.read_text().replace("array_record", "riegeli"))
    message = loading_error(directory)
    assert message == (
        "dataset=tiny: is stored as riegeli, which requires the package"
        " riegeli; install it, or prepare the data set with"
        " file_format=tfrecord"
    )
    with pytest.raises(InputError, match="is stored as riegeli"):
        data.stream("tiny", directory)


def truncated(content: bytes) -> bytes:
    return content[:-40]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    other = bytes(255 - byte for byte in content[middle : middle + 20])
    return content[:middle] + other + content[middle + 20 :]


@pytest.mark.parametrize(
    ("file_format", "damage"),
    [
        ("array_record", truncated),
        ("array_record", flipped),
        ("parquet", truncated),
    ],
)
def test_a_corrupt_file_is_named(tmp_path, file_format, damage):
    directory = prepare(tmp_path, file_format, 3)
    (path,) = (tmp_path / "tiny" / "1.0.0").glob("*train*-00001-of-00003")
    path.write_bytes(damage(path.read_bytes()))
    message = loading_error(directory)
    assert message.startswith(f"{path}: damaged or truncated;")
    with pytest.raises(InputError) as error:  # noqa: PT012
        streams = data.stream("tiny", directory)
        with streams.naming_damage():
            list(streams.train.in_order())
    assert str(error.value) == message


def test_an_error_of_the_network_is_not_blamed_on_the_data(tmp_path):
    streams = data.stream("tiny", prepare(tmp_path))
    wrong = pytest.raises(tf.errors.InvalidArgumentError)
    with wrong, streams.naming_damage():
        tf.reshape(tf.zeros(3), (2, 2))


def test_a_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path):
    directory = prepare(tmp_path)
    (path,) = (tmp_path / "tiny" / "1.0.0").glob("*train*")
    path.unlink()
    path.mkdir()
    message = loading_error(directory)
    assert message.startswith(f"{path}: cannot be read (Is a directory);")
