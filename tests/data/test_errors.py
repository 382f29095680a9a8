"""Errors of loading data: absent, unsuitable and corrupt data sets."""

import concurrent.futures
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
from rethink_keras.data import builders, concatenation
from tests.support.tiny_sets import (
    SERVER_THAT_HANGS,
    TRAIN_FILE,
    everything_under,
    loading_error,
    picture,
    pictures,
    write_set,
)

# Absent and unsuitable data sets


@pytest.mark.parametrize("name", ["cifar11", "no such", "../tiny", "tiny/"])
def test_unknown_names_list_the_allowed_ones(name, tmp_path):
    message = loading_error(tmp_path, name)
    assert name in message
    for allowed in ("cifar10_sample", "mnist", "data_dir=DIR"):
        assert allowed in message
    assert everything_under(tmp_path) == []


def test_unknown_names_suggest_the_most_similar_one(tmp_path):
    (tmp_path / "my_photographs").mkdir()
    for name, suggested in (
        ("CIFAR10", "cifar10"),
        ("cifar10-sample", "cifar10_sample"),
        ("my_photograph", "my_photographs"),
    ):
        message = loading_error(tmp_path, name)
        assert message.endswith(f"; did you mean {suggested}?")


def test_without_a_network_the_error_says_what_to_do(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise requests.ConnectionError("no route\nto host")

    monkeypatch.setattr(requests, "head", fail)
    message = loading_error(tmp_path, "cifar10")
    for word in ("cifar10", str(tmp_path), "data_dir=DIR", "cifar10_sample"):
        assert word in message
    assert everything_under(tmp_path) == []


def test_a_failed_download_says_what_to_do(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk\nfull")

    monkeypatch.setattr(requests, "head", lambda *_, **__: requests.Response())
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    message = loading_error(tmp_path, "cifar10")
    for word in ("disk full", "data_dir=DIR", "cifar10_sample"):
        assert word in message


def test_threads_that_need_a_data_set_download_it_once(tmp_path, monkeypatch):
    downloads = []

    def download(builder, name):
        time.sleep(0.2)
        downloads.append(name)
        builder.data_path.mkdir(parents=True)
        builder.info.write_to_directory(builder.data_path)

    monkeypatch.setattr(builders, "_download", download)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = [
            pool.submit(builders.find_builder, "cifar10", str(tmp_path))
            for _ in range(4)
        ]
    assert len({future.result().data_path for future in found}) == 1
    assert downloads == ["cifar10"]


@pytest.mark.slow
def test_a_server_that_hangs_fails_within_seconds(tmp_path):
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
            assert "data_dir=DIR" in message
            assert "cifar10_sample" in message
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert everything_under(tmp_path) == []


@pytest.mark.parametrize(
    ("splits", "word"),
    [
        ({"train": 3}, "pass them as data=(train, test)"),
        ({"test": 3}, "train"),
        ({"train": 3, "test": 0}, "test"),
    ],
)
def test_missing_and_empty_splits_raise(splits, word, tmp_path):
    write_set(tmp_path, {name: pictures(n) for name, n in splits.items()})
    message = loading_error(tmp_path)
    assert "tiny" in message
    assert word in message


def test_an_empty_test_split_leaves_the_validation_split(tmp_path):
    splits = {"train": 3, "test": 0, "validation": 4}
    write_set(tmp_path, {name: pictures(n) for name, n in splits.items()})
    assert len(data.load("tiny", str(tmp_path)).test) == 4


def test_images_that_do_not_fit_into_memory_can_be_streamed(
    tmp_path, monkeypatch
):
    write_set(tmp_path, {"train": pictures(3), "test": pictures(3)})

    def empty(*_):
        raise MemoryError("Unable to allocate 55.5 GiB")

    monkeypatch.setattr(concatenation.np, "empty", empty)
    message = loading_error(tmp_path)
    assert "3 images do not fit into memory (Unable to allo" in message
    assert "set image_size=N" in message


def test_data_sets_other_than_image_classifications_raise(tmp_path):
    text = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Text(),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
    )
    examples = [{"image": "a", "label": 0}]
    splits = {"train": examples, "test": examples}
    write_set(tmp_path, splits, text)
    assert "not an image classification" in loading_error(tmp_path)
    splits = {"train": pictures(1), "test": pictures(1)}
    write_set(tmp_path, splits, supervised_keys=None, name="unsupervised")
    message = loading_error(tmp_path, "unsupervised")
    assert "not an image classification" in message


def test_16_bit_images_raise(tmp_path):
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(8, 8, 1), dtype=np.uint16),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
    )
    examples = [{"image": np.zeros((8, 8, 1), np.uint16), "label": 0}]
    write_set(tmp_path, {"train": examples, "test": examples}, features)
    assert "uint8" in loading_error(tmp_path)


def test_labels_outside_the_classes_raise(tmp_path):
    unlabelled = [{"image": picture(0), "label": -1}]
    write_set(tmp_path, {"train": pictures(3), "test": unlabelled})
    message = loading_error(tmp_path)
    assert "test" in message
    assert "0 to 2" in message


# Corrupt files


@given(cut=st.integers(0, 2000))
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_truncated_file_is_named(tiny, cut):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: cut % len(whole)])
        message = loading_error(tiny.parents[1])
    finally:
        path.write_bytes(whole)
    assert str(path) in message
    assert "of 7 records" in message


@pytest.mark.parametrize("records", [0, 1, 6])
def test_a_file_truncated_between_records_is_named(tiny, records):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    end = 0
    for _ in range(records):
        (length,) = struct.unpack_from("<Q", whole, end)
        end += 8 + 4 + length + 4
    path.write_bytes(whole[:end])
    message = loading_error(tiny.parents[1])
    assert str(path) in message
    assert f"{records} of 7 records" in message


@given(place=st.integers(0, 2000), bit=st.integers(0, 7))
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_file_with_a_flipped_bit_is_named(tiny, place, bit):
    path = tiny / TRAIN_FILE
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[place % len(whole)] ^= 1 << bit
    try:
        path.write_bytes(flipped)
        message = loading_error(tiny.parents[1])
    finally:
        path.write_bytes(whole)
    assert str(path) in message


def test_a_file_with_extra_records_is_named(tiny):
    path = tiny / TRAIN_FILE
    path.write_bytes(path.read_bytes() * 2)
    message = loading_error(tiny.parents[1])
    assert str(path) in message
    assert "14 of 7 records" in message


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_file_is_named(tiny, split):
    path = tiny / TRAIN_FILE.replace("train", split)
    path.unlink()
    assert str(path) in loading_error(tiny.parents[1])


def test_a_file_with_undecodable_images_is_named(tmp_path):
    example = tf.train.Example()
    example.features.feature["image"].bytes_list.value.append(b"no PNG")
    example.features.feature["label"].int64_list.value.append(0)
    train = [*pictures(2), example.SerializeToString()]
    target = write_set(tmp_path, {"train": train, "test": pictures(1)})
    message = loading_error(tmp_path)
    assert str(target / TRAIN_FILE) in message
    assert "decoded" in message


def record(**features) -> bytes:
    """A serialized tf.train.Example of bytes and integers."""
    example = tf.train.Example()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        else:
            feature.int64_list.value.append(value)
    return example.SerializeToString()


def png(height: int) -> bytes:
    return tf.io.encode_png(picture(0, height=height)).numpy()


@pytest.mark.parametrize(
    "wrong",
    [
        record(image=png(8)),
        record(label=1),
        record(image=png(8), label=b"1"),
        record(image=1, label=1),
        record(image=png(9), label=1),
        b"\xff" * 50,
    ],
    ids=["no label", "no image", "text", "number", "size", "no example"],
)
def test_a_file_that_contradicts_features_json_is_named(wrong, tmp_path):
    splits = {"train": [*pictures(2), wrong], "test": pictures(1)}
    target = write_set(tmp_path, splits)
    message = loading_error(tmp_path)
    assert str(target / TRAIN_FILE) in message
    assert "features.json" in message


@pytest.mark.parametrize("file", ["dataset_info.json", "features.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff\xfe", None])
def test_corrupt_metadata_files_are_named(tiny, file, content):
    path = tiny / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    message = loading_error(tiny.parents[1])
    assert file in message
    assert str(tiny.parent) in message
