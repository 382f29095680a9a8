"""Data sets: what is read, and what is said of what cannot be read."""

import pathlib
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rethink_keras import data
from rethink_keras.errors import InputError

TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
TRAIN_FILE = "tiny-train.tfrecord-00000-of-00001"
SERVER_THAT_HANGS = """
import time
import requests
requests.head = lambda *args, **kwargs: time.sleep(60)
from rethink_keras import data
from rethink_keras.errors import InputError
begun = time.monotonic()
try:
    data.load("cifar10", "nowhere")
except InputError as error:
    print(time.monotonic() - begun, error, sep="\\n", flush=True)
"""


def picture(index: int, height: int = 8, width: int = 8) -> np.ndarray:
    return np.full((height, width, 3), index, np.uint8)


def picture_features(shape=(8, 8, 3), classes: int = 3):
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=shape),
            "label": tfds.features.ClassLabel(num_classes=classes),
        }
    )


def write_set(
    data_dir: pathlib.Path,
    splits: dict[str, list],
    features=None,
    supervised_keys=("image", "label"),
    name: str = "tiny",
) -> pathlib.Path:
    """Writes a TFDS data set; its records are examples or bytes."""
    features = features or picture_features()
    target = data_dir / name / "1.0.0"
    target.mkdir(parents=True)
    infos = []
    for split, examples in splits.items():
        path = target / f"{name}-{split}.tfrecord-00000-of-00001"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for example in examples:
                if not isinstance(example, bytes):
                    example = features.serialize_example(example)
                writer.write(example)
        infos.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=[len(examples)],
                num_bytes=path.stat().st_size,
                filename_template=tfds.core.ShardedFileTemplate(
                    data_dir=target,
                    dataset_name=name,
                    split=split,
                    filetype_suffix="tfrecord",
                    template=TEMPLATE,
                ),
            )
        )
    tfds.folder_dataset.write_metadata(
        data_dir=str(target),
        features=features,
        split_infos=infos,
        filename_template=TEMPLATE,
        supervised_keys=supervised_keys,
    )
    return target


def pictures(count: int, first: int = 0) -> list[dict]:
    return [
        {"image": picture(first + index), "label": index % 3}
        for index in range(count)
    ]


@pytest.fixture
def tiny(tmp_path) -> pathlib.Path:
    """A sound data set of 7 training and 5 test images: its directory."""
    return write_set(
        tmp_path, {"train": pictures(7), "test": pictures(5, first=100)}
    )


def complaint(data_dir, name: str = "tiny", **options) -> str:
    """What is said, in one line, of a data set that cannot be loaded."""
    with pytest.raises(InputError) as error:
        data.load(name, str(data_dir), **options)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def everything_under(directory: pathlib.Path) -> list[pathlib.Path]:
    return sorted(directory.rglob("*"))


# The embedded sample


def test_the_sample_is_balanced_and_of_cifar10s_shape(sample):
    assert sample.classes == 10
    for split, size in ((sample.train, 5_000), (sample.test, 1_000)):
        assert len(split) == size
        assert split.images.shape == (size, 32, 32, 3)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert np.bincount(split.labels).tolist() == [size // 10] * 10
        np.testing.assert_array_equal(split.true_labels, split.labels)


def test_identities_are_unique(sample):
    ids = np.concatenate([sample.train.ids, sample.test.ids])
    assert ids.dtype == np.int64
    assert len(np.unique(ids)) == 6_000


def test_a_second_load_gives_the_same(sample):
    again = data.load("cifar10_sample")
    for one, other in (
        (sample.train, again.train),
        (sample.test, again.test),
    ):
        for name in ("images", "labels", "true_labels", "ids"):
            np.testing.assert_array_equal(
                getattr(one, name), getattr(other, name)
            )


def test_the_sample_needs_no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was used")

    monkeypatch.setattr(requests.sessions.Session, "request", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert len(data.load("cifar10_sample").test) == 1_000


# Prepared data sets


@pytest.fixture(scope="module")
def cifar10(tfds_dir) -> data.ImageClassification:
    return data.load("cifar10", tfds_dir)


def test_cifar10_is_complete(cifar10):
    assert cifar10.classes == 10
    for split, size in ((cifar10.train, 50_000), (cifar10.test, 10_000)):
        assert split.images.shape == (size, 32, 32, 3)
        assert np.bincount(split.labels).tolist() == [size // 10] * 10
        assert len(np.unique(split.ids)) == size
    assert not set(cifar10.train.ids) & set(cifar10.test.ids)


def test_the_sample_is_the_first_of_each_class_of_cifar10(sample, cifar10):
    for part, whole, per_class in (
        (sample.train, cifar10.train, 500),
        (sample.test, cifar10.test, 100),
    ):
        where = np.sort(
            np.concatenate(
                [
                    np.flatnonzero(whole.labels == label)[:per_class]
                    for label in range(10)
                ]
            )
        )
        np.testing.assert_array_equal(part.labels, whole.labels[where])
        np.testing.assert_array_equal(part.images, whole.images[where])


def test_mnist_is_complete(tfds_dir):
    mnist = data.load("mnist", tfds_dir)
    assert mnist.classes == 10
    assert mnist.train.images.shape == (60_000, 28, 28, 1)
    assert mnist.test.images.shape == (10_000, 28, 28, 1)
    # 5923 zeros and 6742 ones, as on the data set's own page.
    assert np.bincount(mnist.train.labels)[:2].tolist() == [5_923, 6_742]


def test_a_set_in_data_dir_is_read_as_it_is(tiny):
    loaded = data.load("tiny", str(tiny.parents[1]))
    assert loaded.classes == 3
    np.testing.assert_array_equal(
        loaded.train.images, [picture(index) for index in range(7)]
    )
    np.testing.assert_array_equal(
        loaded.test.images, [picture(100 + index) for index in range(5)]
    )
    assert loaded.train.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_identities_do_not_depend_on_the_directory(tiny, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_set(elsewhere, {"train": pictures(7), "test": pictures(5)})
    one = data.load("tiny", str(tiny.parents[1])).train.ids
    other = data.load("tiny", str(elsewhere)).train.ids
    np.testing.assert_array_equal(one, other)


def test_validation_stands_in_for_test(tmp_path):
    write_set(tmp_path, {"train": pictures(3), "validation": pictures(4, 50)})
    assert len(data.load("tiny", str(tmp_path)).test) == 4
    both = {"train": pictures(3), "validation": pictures(4)}
    write_set(tmp_path, {**both, "test": pictures(5)}, name="three")
    assert len(data.load("three", str(tmp_path)).test) == 5


# Image sizes


@pytest.fixture
def varied(tmp_path) -> pathlib.Path:
    """Images of varied size, black but for a white central square."""
    examples = []
    for height, width in ((20, 40), (40, 20), (30, 30), (9, 16)):
        side = min(height, width)
        image = np.zeros((height, width, 3), np.uint8)
        top, left = (height - side) // 2, (width - side) // 2
        image[top : top + side, left : left + side] = 255
        examples.append({"image": image, "label": 1})
    features = picture_features(shape=(None, None, 3))
    write_set(tmp_path, {"train": examples, "test": examples}, features)
    return tmp_path


def test_varied_images_are_resized_from_their_central_square(varied):
    loaded = data.load("tiny", str(varied), image_size=12)
    assert loaded.train.images.shape == (4, 12, 12, 3)
    assert loaded.train.images.dtype == np.uint8
    np.testing.assert_array_equal(loaded.train.images, 255)


def test_varied_images_need_a_size(varied):
    assert "--image_size" in complaint(varied)


@pytest.mark.parametrize("channels", [1, 3])
def test_resizing_keeps_the_mean_and_rounds(tmp_path, channels):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (64, 64, channels), np.uint8)
    features = picture_features(shape=(64, 64, channels))
    examples = [{"image": image, "label": 0}]
    write_set(tmp_path, {"train": examples, "test": examples}, features)
    small = data.load("tiny", str(tmp_path), image_size=16).train.images[0]
    expected = tf.image.resize(image, (16, 16), antialias=True).numpy()
    assert small.shape == (16, 16, channels)
    assert np.abs(small - expected).max() <= 0.5
    assert abs(small.mean() - image.mean()) < 2


def test_a_size_that_images_have_changes_nothing(tiny):
    directory = str(tiny.parents[1])
    np.testing.assert_array_equal(
        data.load("tiny", directory, image_size=8).train.images,
        data.load("tiny", directory).train.images,
    )


# What cannot be used


@pytest.mark.parametrize("name", ["cifar11", "no such", "../tiny", "tiny/"])
def test_an_unknown_name_is_told_with_the_allowed_ones(name, tmp_path):
    message = complaint(tmp_path, name)
    assert name in message
    for allowed in ("cifar10_sample", "mnist", "--data_dir"):
        assert allowed in message
    assert everything_under(tmp_path) == []


def test_without_network_the_way_out_is_told_at_once(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise requests.ConnectionError("no route\nto host")

    monkeypatch.setattr(requests, "head", fail)
    begun = time.monotonic()
    message = complaint(tmp_path, "cifar10")
    assert time.monotonic() - begun < 15
    for word in ("cifar10", str(tmp_path), "--data_dir", "cifar10_sample"):
        assert word in message
    assert everything_under(tmp_path) == []


def test_a_failed_download_is_told_with_the_way_out(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk\nfull")

    monkeypatch.setattr(requests, "head", lambda *_, **__: requests.Response())
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    message = complaint(tmp_path, "cifar10")
    for word in ("disk full", "--data_dir", "cifar10_sample"):
        assert word in message


def test_a_server_that_hangs_ends_the_program_within_seconds(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", SERVER_THAT_HANGS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    ) as process:
        try:
            seconds = float(process.stdout.readline())
            message = process.stdout.readline()
            assert seconds < 15
            assert "--data_dir" in message
            assert "cifar10_sample" in message
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert everything_under(tmp_path) == []


@pytest.mark.parametrize(
    ("splits", "word"),
    [
        ({"train": 3}, "test"),
        ({"test": 3}, "train"),
        ({"train": 3, "test": 0}, "test"),
    ],
)
def test_missing_and_empty_splits_are_told(splits, word, tmp_path):
    write_set(tmp_path, {name: pictures(n) for name, n in splits.items()})
    message = complaint(tmp_path)
    assert "tiny" in message
    assert word in message


def test_what_is_no_image_classification_is_told(tmp_path):
    text = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Text(),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
    )
    examples = [{"image": "a", "label": 0}]
    splits = {"train": examples, "test": examples}
    write_set(tmp_path, splits, text)
    assert "no image classification" in complaint(tmp_path)
    splits = {"train": pictures(1), "test": pictures(1)}
    write_set(tmp_path, splits, supervised_keys=None, name="unsupervised")
    assert "no image classification" in complaint(tmp_path, "unsupervised")


def test_16_bit_images_are_told(tmp_path):
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(8, 8, 1), dtype=np.uint16),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
    )
    examples = [{"image": np.zeros((8, 8, 1), np.uint16), "label": 0}]
    write_set(tmp_path, {"train": examples, "test": examples}, features)
    assert "uint8" in complaint(tmp_path)


def test_labels_outside_the_classes_are_told(tmp_path):
    unlabelled = [{"image": picture(0), "label": -1}]
    write_set(tmp_path, {"train": pictures(3), "test": unlabelled})
    message = complaint(tmp_path)
    assert "test" in message
    assert "0 to 2" in message


# Damage


@given(cut=st.integers(0, 2000))
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_file_cut_anywhere_is_named(tiny, cut):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: cut % len(whole)])
        message = complaint(tiny.parents[1])
    finally:
        path.write_bytes(whole)
    assert str(path) in message
    assert "of 7 records" in message


@pytest.mark.parametrize("records", [0, 1, 6])
def test_a_file_cut_between_records_is_named(tiny, records):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    end = 0
    for _ in range(records):
        (length,) = struct.unpack_from("<Q", whole, end)
        end += 8 + 4 + length + 4
    path.write_bytes(whole[:end])
    message = complaint(tiny.parents[1])
    assert str(path) in message
    assert f"{records} of 7 records" in message


@given(place=st.integers(0, 2000), bit=st.integers(0, 7))
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_flipped_bit_is_told_with_its_file(tiny, place, bit):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[place % len(whole)] ^= 1 << bit
    try:
        path.write_bytes(flipped)
        message = complaint(tiny.parents[1])
    finally:
        path.write_bytes(whole)
    assert str(path) in message


def test_a_record_too_many_is_told_with_its_file(tiny):
    path = tiny / TRAIN_FILE
    path.write_bytes(path.read_bytes() * 2)
    message = complaint(tiny.parents[1])
    assert str(path) in message
    assert "14 of 7 records" in message


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_removed_file_is_named(tiny, split):
    path = tiny / TRAIN_FILE.replace("train", split)
    path.unlink()
    assert str(path) in complaint(tiny.parents[1])


def test_records_that_hold_no_image_are_told_with_their_file(tmp_path):
    example = tf.train.Example()
    example.features.feature["image"].bytes_list.value.append(b"no PNG")
    example.features.feature["label"].int64_list.value.append(0)
    train = [*pictures(2), example.SerializeToString()]
    target = write_set(tmp_path, {"train": train, "test": pictures(1)})
    message = complaint(tmp_path)
    assert str(target / TRAIN_FILE) in message
    assert "decoded" in message


@pytest.mark.parametrize("file", ["dataset_info.json", "features.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff\xfe", None])
def test_broken_metadata_are_named(tiny, file, content):
    path = tiny / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    message = complaint(tiny.parents[1])
    assert file in message
    assert str(tiny.parent) in message
