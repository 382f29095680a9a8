"""Streamed data sets: ImageNet-like records and image folders."""

import dataclasses
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from rethink_keras import (
    InputError,
    RunConfig,
    data,
    pipeline,
    run,
    runs,
    training,
)
from rethink_keras.data.identities import identities
from rethink_keras.pipeline import BatchShard
from tests.support.helpers import assert_same_batches, collect
from tests.support.streamed_sets import (
    CLASSES,
    numbered,
    write_folder,
    write_imagenet,
)
from tests.support.tiny_sets import loading_error

TRAIN, TEST = 29, 11
KINDS = ("photos", "folder")


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> str:
    """A data_dir that holds the same images as records and as a folder."""
    directory = tmp_path_factory.mktemp("photos")
    train, test = numbered(TRAIN), numbered(TEST, first=100)
    write_imagenet(directory, {"train": train, "validation": test})
    write_folder(directory / "folder", {"train": train, "test": test})
    return str(directory)


def streamed(photos: str, name: str = "photos", **options) -> RunConfig:
    given = {"image_size": 16, "batch_size": 8, "epochs": 2, **options}
    return RunConfig(dataset=name, data_dir=photos, **given)


def to_train(config: RunConfig, progress: training.Progress | None = None):
    inputs = runs.make_inputs(config)
    return inputs.training_batches(progress or training.Progress())


def ids_of(examples: tf.data.Dataset) -> list[int]:
    return [int(identity) for _, _, identity in examples]


def epoch_of(number: int) -> tf.Tensor:
    return tf.constant(number, tf.int64)


# Reading


def test_identities_are_the_tfds_ids_of_a_single_file(photos, tmp_path):
    write_imagenet(tmp_path, {"train": numbered(TRAIN), "test": []}, shards=1)
    builder = tfds.builder("photos", data_dir=str(tmp_path))
    stored = builder.as_dataset(
        split="train", read_config=tfds.ReadConfig(add_tfds_id=True)
    )
    names = tf.stack([example["tfds_id"] for example in stored])
    found = ids_of(data.stream("photos", photos).train.in_order())
    assert found == identities(names).numpy().tolist()


@pytest.mark.parametrize("name", KINDS)
def test_epochs_contain_every_example_once_in_different_orders(photos, name):
    streams = data.stream(name, photos)
    assert (len(streams.train), len(streams.test)) == (TRAIN, TEST)
    assert streams.num_classes == CLASSES
    stored = ids_of(streams.train.in_order())
    orders = [
        ids_of(streams.train.shuffled(seed, epoch_of(epoch)))
        for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0))
    ]
    for order in orders:
        assert sorted(order) == sorted(stored)
    assert orders[0] == orders[3]
    assert len({tuple(order) for order in (stored, *orders)}) == 4


def test_identities_in_a_folder_are_relative_paths(photos, tmp_path):
    write_folder(
        tmp_path / "folder", {"train": numbered(5), "test": numbered(5)}
    )
    found = ids_of(data.stream("folder", str(tmp_path)).train.in_order())
    assert set(found) < set(
        ids_of(data.stream("folder", photos).train.in_order())
    )
    first = identities(tf.constant("train/class_0/n00000000.JPEG"))
    assert int(first) in found


def test_a_test_split_without_labels_is_not_used(tmp_path):
    secret = [{**record, "label": -1} for record in numbered(4, 50)]
    splits = {
        "train": numbered(6),
        "test": secret,
        "validation": numbered(5, 90),
    }
    write_imagenet(tmp_path, splits)
    assert len(data.stream("photos", str(tmp_path)).test) == 5


def test_loading_images_of_several_sizes_raises(photos):
    assert "image_size=N" in loading_error(photos, "photos")
    assert "image_size=N" in loading_error(photos, "folder")


# Batches


@pytest.mark.parametrize("name", KINDS)
def test_labels_depend_only_on_the_identity(photos, name):
    config = streamed(photos, name, randomize="labels")
    inputs = runs.make_inputs(config)
    expected = {}
    for encoded, label, identity in inputs.streams.train.in_order():
        image = inputs.preprocessing.decode(encoded, None)[None]
        seen = inputs.preprocessing.finish(image, identity[None], None)
        random = inputs.preprocessing.randomization.labels(
            label[None], identity[None]
        )
        expected[seen.numpy().tobytes()] = int(label), int(random[0])
    assert len(expected) == TRAIN
    for size in (8, 5):
        sized = dataclasses.replace(config, batch_size=size)
        seen = collect(to_train(sized).dataset())
        assert len(seen) == 2 * (TRAIN // size)
        for images, _, labels, true_labels in seen:
            for image, *pair in zip(images, true_labels, labels, strict=True):
                assert expected[image.tobytes()] == tuple(pair)


@pytest.mark.parametrize("randomize", ["labels", "random_pixels", "gaussian"])
def test_a_run_can_resume_at_any_step(photos, randomize):
    config = streamed(photos, randomize=randomize)
    whole = collect(to_train(config).dataset())
    progress = training.Progress(epoch=0, step=2)
    rest = collect(to_train(config, progress).dataset())
    assert_same_batches(rest, whole[2:])
    progress = training.Progress(epoch=1, step=1)
    rest = collect(to_train(config, progress).dataset())
    assert_same_batches(rest, whole[4:])


@pytest.mark.parametrize(
    "options",
    [
        {"distort": True},
        {"cutout": True, "randomize": "shuffled_pixels"},
    ],
)
def test_joined_pieces_equal_the_batches_of_one_device(photos, options):
    config = streamed(photos, **options)
    for split in (to_train(config), runs.make_inputs(config).test_set):
        whole = collect(split.dataset())
        pipelines = [
            collect(split.dataset(BatchShard(4, first=first, count=2)))
            for first in (0, 2)
        ]
        joined = []
        for step in range(0, len(pipelines[0]), 2):
            pieces = [piece for p in pipelines for piece in p[step : step + 2]]
            joined.append(tuple(map(np.concatenate, zip(*pieces, strict=True))))
        assert_same_batches(joined, whole)


def test_distortion_differs_between_epochs_but_not_between_runs(photos):
    config = streamed(photos, distort=True, batch_size=TRAIN, randomize="none")
    first, second = collect(to_train(config).dataset())
    again = collect(to_train(config).dataset())
    assert_same_batches(again, [first, second])
    plain = dataclasses.replace(config, distort=False)
    seen, _ = collect(to_train(plain).dataset())
    by_mean = [np.sort(b[0].mean((1, 2, 3))) for b in (first, second, seen)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(by_mean[one] - by_mean[other]).max() > 0.01
    assert np.abs(first[0]).max() <= 1


@pytest.mark.parametrize("pieces", [1, 2, 8])
def test_every_example_is_evaluated_once(photos, pieces):
    batches = runs.make_inputs(streamed(photos, distort=True)).test_set
    counted = []
    for first in range(pieces):
        for images, *_, weights in collect(
            batches.dataset(BatchShard(pieces, first, 1))
        ):
            assert len(images) == 8 // pieces
            counted += [i.tobytes() for i in images[weights == 1]]
    assert len(counted) == len(set(counted)) == TEST


def test_fingerprints_distinguish_randomized_pixels(photos):
    """Those of true and random labels equal those of earlier versions."""
    prints = {
        (kind, seed): runs.make_inputs(
            streamed(photos, "folder", randomize=kind, seed=seed)
        ).fingerprint
        for kind in (
            "none",
            "labels",
            "shuffled_pixels",
            "random_pixels",
            "gaussian",
        )
        for seed in (0, 1)
    }
    assert prints["none", 0] == prints["none", 1]
    assert len(set(prints.values())) == len(prints) - 1
    assert prints["none", 0].startswith("1ce09694ebcc6e55")
    assert prints["labels", 0].startswith("d56abbb04469aeff")


# Errors


def test_a_truncated_file_is_named(tmp_path):
    target = write_imagenet(
        tmp_path, {"train": numbered(TRAIN), "test": numbered(TEST)}
    )
    path = target / "photos-train.tfrecord-00001-of-00003"
    path.write_bytes(path.read_bytes()[:-40])
    message = run_error(streamed(str(tmp_path)), tmp_path)
    assert str(path) in message
    assert "9 of 10 records" in message


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"image": b"no image"}, "image"), ({"label": CLASSES}, "0 to 6")],
)
def test_invalid_images_and_labels_raise(tmp_path, wrong, word):
    records = numbered(TRAIN)
    records[20] |= wrong
    write_imagenet(tmp_path, {"train": records, "test": numbered(TEST)})
    message = run_error(streamed(str(tmp_path)), tmp_path)
    assert message.startswith("dataset=photos")
    assert word in message


def test_a_batch_larger_than_the_training_set_raises(photos, tmp_path):
    message = run_error(streamed(photos, batch_size=30), tmp_path)
    assert message.startswith("batch_size=30: must be at most ")


def test_a_parameter_server_needs_images_in_memory(photos):
    with pytest.raises(InputError, match="strategy=parameter_server"):
        runs.make_inputs(streamed(photos), "parameter_server")


def run_error(config: RunConfig, tmp_path: pathlib.Path) -> str:
    with pytest.raises(InputError) as error:
        run(config, tmp_path / "run", verbose=False)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


# Runs


def test_a_data_set_of_one_image_size_can_stream(tmp_path, sample):
    config = RunConfig(image_size=14, batch_size=500, epochs=1)
    result = run(config, tmp_path / "run", verbose=False)
    assert result["steps"] == 10
    assert 0 < result["train_accuracy"] < 1
    inputs = runs.make_inputs(config)
    randomization = inputs.preprocessing.randomization
    in_memory = pipeline.randomize_examples(sample.train, randomization)
    labels = dict(zip(sample.train.ids, in_memory.labels.numpy(), strict=True))
    for _, true_labels, ids in inputs.streams.train.in_order().batch(5_000):
        random = randomization.labels(true_labels, ids).numpy()
        assert dict(zip(ids.numpy(), random, strict=True)) == labels


def test_photographs_of_several_sizes_and_colours_can_stream(tmp_path):
    default = pathlib.Path(__file__).parents[3] / "shared" / "imagenet_sample"
    given = os.environ.get("RETHINK_PHOTOGRAPHS", default)
    photographs = pathlib.Path(given) / "train"
    if not photographs.is_dir():
        pytest.skip(f"no folder {photographs} (RETHINK_PHOTOGRAPHS)")
    for split in ("train", "test"):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / split).symlink_to(photographs)
    config = RunConfig(
        dataset="set",
        data_dir=str(tmp_path),
        image_size=75,
        distort=True,
        batch_size=20,
        epochs=1,
    )
    seen = collect(to_train(config).dataset())
    assert sum(len(labels) for _, _, labels, _ in seen) == 200
    for images, _, labels, _ in seen:
        assert np.isfinite(images).all()
        assert images.std((1, 2, 3)).min() > 0.01
        assert labels.max() < 200
    test_set = runs.make_inputs(config).test_set
    assert sum(b[-1].sum() for b in collect(test_set.dataset())) == 200
