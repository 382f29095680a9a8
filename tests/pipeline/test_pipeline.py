"""In-memory batches, and the inputs of a run."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import RunConfig, data, pipeline, runs, training
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.errors import InputError
from rethink_keras.pipeline import preprocessing
from rethink_keras.randomization import Randomization, shuffle_pixels
from tests.support.helpers import (
    assert_same_batches,
    by_example,
    collect,
    indexed,
    numbered,
)

# Batches


@given(
    count=st.integers(1, 30),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=15)
def test_each_epoch_contains_every_example_once(count, batch_size, seed):
    batches = collect(
        pipeline.TrainingBatches(
            indexed(count), batch_size=batch_size, seed=seed, epochs=range(2)
        ).dataset()
    )
    steps = -(-count // batch_size)
    assert len(batches) == 2 * steps
    for epoch in (batches[:steps], batches[steps:]):
        sizes = [len(labels) for _, _, labels, _ in epoch]
        assert max(sizes) <= min(batch_size, min(sizes) + 1)
        images, targets, labels, true_labels = map(
            np.concatenate, zip(*epoch, strict=True)
        )
        np.testing.assert_array_equal(targets, labels)
        index = images[:, 0, 0, 0].astype(int)
        assert sorted(index) == list(range(count))
        np.testing.assert_array_equal(labels, 7 * index)
        np.testing.assert_array_equal(true_labels, 11 * index)


def order_of(seed: int, epochs: range, count: int = 40) -> np.ndarray:
    """Returns the order of the examples in each epoch: [epochs, count]."""
    batches = pipeline.TrainingBatches(
        indexed(count), batch_size=count, seed=seed, epochs=epochs
    ).dataset()
    return np.array([labels // 7 for _, _, labels, _ in collect(batches)])


def test_order_depends_only_on_epoch_and_seed():
    first, second = order_of(0, range(2))
    other = order_of(1, range(1))[0]
    plain = np.arange(40)
    orders = [plain, first, second, other]
    for index, one in enumerate(orders):
        for two in orders[:index]:
            assert (one == two).mean() < 0.25
    np.testing.assert_array_equal(order_of(0, range(2)), [first, second])


def test_all_orders_are_equally_likely():
    orders = order_of(0, range(600), count=3)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("augmented", [False, True])
def test_a_run_can_resume_at_any_epoch(few, augmented):
    augment = None
    if augmented:
        augment = pipeline.Augmentation(
            Randomization("random_pixels", num_classes=10, seed=0),
            crop=True,
            flip_and_rotate=True,
            seed=0,
        )

    def batches(epochs):
        return collect(
            pipeline.TrainingBatches(
                few.take(np.arange(20)),
                batch_size=8,
                seed=0,
                epochs=epochs,
                augment=augment,
            ).dataset()
        )

    assert_same_batches(batches(range(2, 4)), batches(range(4))[6:])


@pytest.mark.parametrize("count", [1, 499, 500, 1003])
def test_evaluation_contains_every_example_once_in_order(count):
    batches = collect(pipeline.EvaluationBatches(indexed(count)).dataset())
    images, labels, true_labels, weights = map(
        np.concatenate, zip(*batches, strict=True)
    )
    assert len({len(batch[0]) for batch in batches}) == 1
    assert not weights[count:].any()
    assert weights[:count].all()
    images, labels, true_labels = (
        field[:count] for field in (images, labels, true_labels)
    )
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(count))
    np.testing.assert_array_equal(labels, 7 * np.arange(count))
    np.testing.assert_array_equal(true_labels, 11 * np.arange(count))


# Inputs of a run


@pytest.fixture(scope="module")
def tiny(sample):
    """Replaces every data set by 60 training and 40 test images."""
    loaded = data.ImageClassification(
        sample.train.take(np.arange(60)),
        sample.test.take(np.arange(40)),
        num_classes=10,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda *_: loaded)
        yield loaded


@pytest.fixture(scope="module")
def inputs_by_kind(tiny) -> dict[str, runs.InMemoryInputs]:
    """The inputs of a run for each randomization."""
    return {
        kind: runs.InMemoryInputs.load(RunConfig(randomize=kind))
        for kind in RANDOMIZATIONS
    }


def epochs_of(config: RunConfig, inputs: runs.InMemoryInputs) -> list[list]:
    """Returns the training batches of each epoch."""
    batches = collect(
        dataclasses.replace(inputs, config=config)
        .training_batches(training.Progress())
        .dataset()
    )
    steps = -(-inputs.num_train_examples // config.batch_size)
    assert len(batches) == steps * config.epochs
    return [
        batches[start : start + steps]
        for start in range(0, len(batches), steps)
    ]


@pytest.mark.parametrize("kind", RANDOMIZATIONS)
def test_each_epoch_has_the_same_images_and_labels(inputs_by_kind, kind):
    config = RunConfig(randomize=kind, epochs=2, batch_size=16)
    inputs = inputs_by_kind[kind]
    first, second = map(by_example, epochs_of(config, inputs))
    assert first == second
    whitened = pipeline.whiten(tf.constant(inputs.train_crops.images)).numpy()
    labels = np.asarray(inputs.train_crops.labels)
    assert first == {
        image.tobytes(): label
        for image, label in zip(whitened, labels, strict=True)
    }


def test_inputs_are_randomized_as_the_config_says(tiny, inputs_by_kind):
    assert len({inputs.fingerprint for inputs in inputs_by_kind.values()}) == 5
    for kind, inputs in inputs_by_kind.items():
        for given_, made in (
            (tiny.train, inputs.train_crops),
            (tiny.test, inputs.test_crops),
        ):
            crops = given_.images[:, 2:30, 2:30]
            images, labels = map(np.asarray, (made.images, made.labels))
            same_pixels = (images == crops).all()
            same_labels = (labels == given_.labels).all()
            assert same_pixels == (kind in ("none", "labels"))
            assert same_labels == (kind != "labels")
            np.testing.assert_array_equal(made.true_labels, given_.labels)


def test_training_and_test_set_share_the_permutation(tiny, inputs_by_kind):
    inputs = inputs_by_kind["shuffled_pixels"]
    order = shuffle_pixels(tf.constant(numbered(28, 28)[None]), seed=0)
    order = order.numpy().ravel()
    for given_, made in (
        (tiny.train, inputs.train_crops),
        (tiny.test, inputs.test_crops),
    ):
        crops = given_.images[:, 2:30, 2:30].reshape(-1, 784, 3)
        np.testing.assert_array_equal(
            np.reshape(made.images, crops.shape), crops[:, order]
        )


def test_noise_has_the_moments_of_the_training_set(tiny, inputs_by_kind):
    inputs = inputs_by_kind["gaussian"]
    crops = tiny.train.images[:, 2:30, 2:30] / 255
    for split in (inputs.train_crops, inputs.test_crops):
        noise = np.asarray(split.images, np.float64)
        count = noise[..., 0].size
        error = noise.mean(axis=(0, 1, 2)) - crops.mean(axis=(0, 1, 2))
        spread = crops.std(axis=(0, 1, 2))
        assert (np.abs(error) < 4 * spread / np.sqrt(count)).all()
        ratio = noise.var(axis=(0, 1, 2)) / crops.var(axis=(0, 1, 2))
        assert np.abs(ratio - 1).max() < 4 * np.sqrt(2 / count)


def test_noise_of_a_subset_has_the_moments_of_the_whole_set(tiny):
    config = RunConfig(randomize="gaussian", train_examples=10)
    expected = pipeline.channel_moments(tiny.train.images)
    random = runs.InMemoryInputs.load(config).randomization
    assert (random.mean, random.stddev) == expected


@pytest.mark.parametrize("kind", ["labels", "shuffled_pixels"])
def test_random_crops_are_randomized_windows(tiny, kind):
    config = RunConfig(
        randomize=kind, random_crop=True, epochs=2, batch_size=16
    )
    inputs = runs.InMemoryInputs.load(config)
    positions = numbered(28, 28)[None]
    order = positions.ravel()
    if kind == "shuffled_pixels":
        order = (
            shuffle_pixels(tf.constant(positions), seed=config.seed)
            .numpy()
            .ravel()
        )
    windows = {}
    for index, image in enumerate(tiny.train.images):
        cuts = [
            image[top : top + 28, left : left + 28].reshape(784, 3)[order]
            for top in range(5)
            for left in range(5)
        ]
        cuts = np.reshape(cuts, (25, 28, 28, 3))
        for place, part in enumerate(pipeline.whiten(cuts).numpy()):
            windows[part.tobytes()] = index, place
    seen = []
    for epoch in epochs_of(config, inputs):
        places = {}
        for image, label in by_example(epoch).items():
            index, place = windows[image]
            places[index] = place
            assert label == inputs.train_crops.labels[index]
        assert sorted(places) == list(range(60))
        seen.append(places)
    assert len(set(seen[0].values())) > 10
    changed = sum(seen[0][index] != seen[1][index] for index in range(60))
    assert changed > 45


def test_without_random_crop_only_the_order_changes(tiny):
    plain = RunConfig(randomize="none", random_crop=False, epochs=2)
    crops = pipeline.whiten(tf.constant(tiny.train.images[:, 2:30, 2:30]))
    expected = {image.tobytes() for image in crops.numpy()}
    inputs = runs.InMemoryInputs.load(plain)
    for epoch in epochs_of(plain, inputs):
        assert set(by_example(epoch)) == expected
    cropped = dataclasses.replace(plain, random_crop=True)
    inputs = runs.InMemoryInputs.load(cropped)
    for epoch in epochs_of(cropped, inputs):
        assert len(set(by_example(epoch)) & expected) < 15


def test_augmentation_changes_images_but_not_labels(tiny):
    config = RunConfig(randomize="labels", augment=True, epochs=2)
    inputs = runs.InMemoryInputs.load(config)
    first, second = map(by_example, epochs_of(config, inputs))
    assert not first.keys() & second.keys()
    labels = np.sort(inputs.train_crops.labels).tolist()
    assert sorted(first.values()) == sorted(second.values()) == labels
    moved = pipeline.flip_and_rotate(
        tf.constant(inputs.train_crops.images),
        tf.constant(tiny.train.ids),
        seed=config.seed,
        epoch=1,
    )
    assert second == {
        image.tobytes(): int(label)
        for image, label in zip(
            pipeline.whiten(moved).numpy(),
            inputs.train_crops.labels,
            strict=True,
        )
    }


def test_the_test_set_is_not_augmented(inputs_by_kind):
    plain = inputs_by_kind["labels"]
    varied = runs.InMemoryInputs.load(RunConfig(random_crop=True, augment=True))
    np.testing.assert_array_equal(
        varied.test_crops.images, plain.test_crops.images
    )
    np.testing.assert_array_equal(
        varied.test_crops.labels, plain.test_crops.labels
    )


def test_a_subset_is_randomized_like_the_whole_set(inputs_by_kind):
    whole = inputs_by_kind["random_pixels"].train_crops
    part = runs.InMemoryInputs.load(
        RunConfig(randomize="random_pixels", train_examples=20)
    ).train_crops
    where = np.flatnonzero(np.isin(whole.ids, part.ids))
    assert len(where) == len(part.labels) == 20
    np.testing.assert_array_equal(part.images, np.asarray(whole.images)[where])


def test_a_run_that_chooses_tests_on_held_out_training_images(tiny):
    inputs = runs.InMemoryInputs.load(RunConfig(validation_examples=10))
    train = np.asarray(inputs.train_crops.ids)
    test = np.asarray(inputs.test_crops.ids)
    assert (len(train), len(test)) == (50, 10)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([train, test])), np.sort(tiny.train.ids)
    )


def test_images_too_small_for_random_crops_raise(tiny, monkeypatch):
    small = dataclasses.replace(
        tiny,
        train=dataclasses.replace(tiny.train, images=tiny.train.images[:, :27]),
    )
    monkeypatch.setattr(data, "load", lambda *_: small)
    with pytest.raises(InputError, match="27 x 32"):
        runs.InMemoryInputs.load(RunConfig(random_crop=True))


def test_crop_size_is_28_of_32():
    assert preprocessing.crop_size(32, 32) == (28, 28)
    assert preprocessing.crop_size(64, 96) == (56, 84)
