"""Data sets that stream: records as ImageNet's, folders, photographs."""

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
from rethink_keras.pipeline import BatchShard, encoded_images
from tests.support.helpers import assert_same_batches, collect
from tests.support.streamed_sets import (
    CLASSES,
    jpeg,
    numbered,
    photograph,
    write_folder,
    write_imagenet,
)
from tests.support.tiny_sets import complaint

TRAIN, TEST = 29, 11
KINDS = ("photos", "folder")


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> str:
    """A data_dir with the same images as records and as a folder."""
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


def test_identities_are_those_of_tfds_in_one_file(photos, tmp_path):
    write_imagenet(tmp_path, {"train": numbered(TRAIN), "test": []}, shards=1)
    builder = tfds.builder("photos", data_dir=str(tmp_path))
    stored = builder.as_dataset(
        split="train", read_config=tfds.ReadConfig(add_tfds_id=True)
    )
    names = tf.stack([example["tfds_id"] for example in stored])
    found = ids_of(data.stream("photos", photos).train.in_order())
    assert found == identities(names).numpy().tolist()


@pytest.mark.parametrize("name", KINDS)
def test_each_epoch_has_every_example_once_in_an_order_of_its_own(photos, name):
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


def test_a_folder_is_known_by_its_paths_and_not_by_its_place(photos, tmp_path):
    write_folder(
        tmp_path / "folder", {"train": numbered(5), "test": numbered(5)}
    )
    found = ids_of(data.stream("folder", str(tmp_path)).train.in_order())
    assert set(found) < set(
        ids_of(data.stream("folder", photos).train.in_order())
    )
    first = identities(tf.constant("train/class_0/n00000000.JPEG"))
    assert int(first) in found


def test_secret_labels_are_not_tested_on(tmp_path):
    secret = [{**record, "label": -1} for record in numbered(4, 50)]
    splits = {
        "train": numbered(6),
        "test": secret,
        "validation": numbered(5, 90),
    }
    write_imagenet(tmp_path, splits)
    assert len(data.stream("photos", str(tmp_path)).test) == 5


def test_a_set_in_memory_does_not_take_images_of_varied_size(photos):
    assert "--image_size" in complaint(photos, "photos")
    assert "--image_size" in complaint(photos, "folder")


# Batches


@pytest.mark.parametrize("name", KINDS)
def test_labels_are_a_function_of_the_identity(photos, name):
    config = streamed(photos, name, randomize="labels")
    task = runs.make_inputs(config)
    expected = {}
    for encoded, label, identity in task.streams.train.in_order():
        image = task.preprocessing.decode(encoded, None)[None]
        seen = task.preprocessing.finish(image, identity[None], None)
        random = task.preprocessing.randomization.labels(
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
def test_a_run_may_start_at_any_step(photos, randomize):
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
def test_pieces_make_up_the_batches_of_one_device(photos, options):
    config = streamed(photos, **options)
    for split in (to_train(config), runs.make_inputs(config).test_set):
        whole = collect(split.dataset())
        pipelines = [
            collect(split.dataset(BatchShard(pieces=4, first=first, count=2)))
            for first in (0, 2)
        ]
        joined = []
        for step in range(0, len(pipelines[0]), 2):
            pieces = [piece for p in pipelines for piece in p[step : step + 2]]
            joined.append(tuple(map(np.concatenate, zip(*pieces, strict=True))))
        assert_same_batches(joined, whole)


def test_distortion_is_another_in_each_epoch_and_the_same_in_each_run(photos):
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


def test_fingerprints_tell_randomized_pixels_apart(photos):
    """Those of true and random labels stay what they were."""
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


# Images


def test_the_centre_is_the_same_as_of_the_whole_image():
    image = photograph(5, 64, 96)
    encoded = jpeg(image)
    whole = tf.io.decode_jpeg(encoded)
    middle = whole[4:60, 6:90]
    expected = tf.image.resize(middle, (24, 24)) / 255
    found = encoded_images.centred(encoded, 24)
    assert np.abs(found - expected).max() < 2 / 255
    png = tf.io.encode_png(whole)
    assert np.abs(encoded_images.centred(png, 24) - expected).max() < 1e-6


def test_grey_images_become_rgb():
    grey = photograph(3, 40, 50)[..., :1]
    image, expected = (
        encoded_images.centred(jpeg(np.repeat(grey, channels, -1)), 8).numpy()
        for channels in (1, 3)
    )
    assert expected.std() > 0.01
    np.testing.assert_allclose(image, expected, atol=4 / 255)


def test_windows_have_the_papers_areas_and_are_not_decoded_in_whole():
    """Of an image whose values are positions, a window tells its extent."""
    columns = np.broadcast_to(np.arange(200, dtype=np.uint8), (200, 200))
    image = np.stack([columns.T, columns, np.full_like(columns, 100)], -1)
    png = tf.io.encode_png(image)
    seeds = np.zeros((64, encoded_images.SEEDS, 2), np.int32)
    seeds[:, :2, 0] = np.arange(64)[:, None]
    still = {
        name: getattr(tf.image, name)
        for name in dir(tf.image)
        if name.startswith("stateless_random_")
    }
    areas, mirrored = [], 0
    with pytest.MonkeyPatch.context() as patch:
        for name in still:
            if not name.endswith("left_right"):
                patch.setattr(tf.image, name, lambda image, *_: image)
        for seed in seeds:
            seen = encoded_images.distorted(png, 50, seed).numpy() * 255
            height, width = (
                np.ptp(seen[..., channel]) + 1 for channel in (0, 1)
            )
            assert 0.7 < width / height < 1.4
            areas.append(height * width / 200**2)
            mirrored += seen[0, 0, 1] > seen[0, -1, 1]
    assert 0.05 < min(areas) < 0.3
    assert 0.7 < max(areas) <= 1
    assert 20 < mirrored < 44


# Errors


def test_a_truncated_file_is_named_in_one_line(tmp_path):
    target = write_imagenet(
        tmp_path, {"train": numbered(TRAIN), "test": numbered(TEST)}
    )
    path = target / "photos-train.tfrecord-00001-of-00003"
    path.write_bytes(path.read_bytes()[:-40])
    message = refused(streamed(str(tmp_path)), tmp_path)
    assert str(path) in message
    assert "9 of 10 records" in message


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"image": b"no image"}, "image"), ({"label": CLASSES}, "0 to 6")],
)
def test_what_cannot_be_used_is_told(tmp_path, wrong, word):
    records = numbered(TRAIN)
    records[20] |= wrong
    write_imagenet(tmp_path, {"train": records, "test": numbered(TEST)})
    message = refused(streamed(str(tmp_path)), tmp_path)
    assert message.startswith("dataset=photos")
    assert word in message


def test_a_batch_larger_than_the_data_is_refused(photos, tmp_path):
    message = refused(streamed(photos, batch_size=30), tmp_path)
    assert message.startswith("batch_size=30: allowed is at most the 29")


def test_a_parameter_server_needs_images_in_memory(photos):
    with pytest.raises(InputError, match="strategy=parameter_server"):
        runs.make_inputs(streamed(photos), "parameter_server")


def refused(config: RunConfig, tmp_path: pathlib.Path) -> str:
    with pytest.raises(InputError) as error:
        run(config, tmp_path / "run", verbose=False)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


# Runs


def test_a_small_set_may_stream_too(tmp_path, sample):
    config = RunConfig(image_size=14, batch_size=500, epochs=1)
    result = run(config, tmp_path / "run", verbose=False)
    assert result["steps"] == 10
    assert 0 < result["train_accuracy"] < 1
    task = runs.make_inputs(config)
    memory = pipeline.randomize(sample.train, task.preprocessing.randomization)
    labels = dict(zip(sample.train.ids, memory.labels.numpy(), strict=True))
    for _, true_labels, ids in task.streams.train.in_order().batch(5_000):
        random = task.preprocessing.randomization.labels(
            true_labels, ids
        ).numpy()
        assert dict(zip(ids.numpy(), random, strict=True)) == labels


def test_photographs_of_all_sizes_grey_and_colour(tmp_path):
    beside = pathlib.Path(__file__).parents[3] / "shared" / "imagenet_sample"
    given = os.environ.get("RETHINK_PHOTOGRAPHS", beside)
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
