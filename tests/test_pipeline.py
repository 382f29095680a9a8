"""Crops, augmentation, whitening, batches and the data of a run."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import RunConfig, data, parts, pipeline
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.data import Examples
from rethink_keras.errors import InputError
from rethink_keras.pipeline import preprocessing
from rethink_keras.randomization import Randomization, shuffle_pixels


def identities(count: int, first: int = 0) -> tf.Tensor:
    return tf.range(first, first + count, dtype=tf.int64)


def numbered(height: int, width: int) -> np.ndarray:
    """An image of one channel whose values tell their positions: int32."""
    return np.arange(height * width, dtype=np.int32).reshape(height, width, 1)


def copies(image: np.ndarray, count: int) -> tf.Tensor:
    return tf.constant(np.broadcast_to(image, (count, *image.shape)))


def indexed(count: int) -> Examples:
    """Examples whose image, labels and identity all tell their position."""
    index = np.arange(count)
    return Examples(
        images=np.tile(index[:, None, None, None], (1, 2, 2, 1)).astype("f4"),
        labels=(7 * index).astype(np.int32),
        true_labels=(11 * index).astype(np.int32),
        ids=index - 2**40,
    )


def collect(batches: tf.data.Dataset) -> list[tuple[np.ndarray, ...]]:
    return list(batches.as_numpy_iterator())


def assert_same_batches(one, other) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)


def by_example(batches) -> dict[bytes, int]:
    """The label of each image of an epoch."""
    pairs = {}
    for images, labels, *_ in batches:
        for image, label in zip(images, labels, strict=True):
            assert image.tobytes() not in pairs
            pairs[image.tobytes()] = int(label)
    return pairs


# Whitening


def test_whitened_natural_images_have_mean_0_and_deviation_1(sample):
    images = pipeline.whiten(tf.constant(sample.train.images[:500])).numpy()
    assert images.dtype == np.float32
    flat = images.reshape(500, -1).astype(np.float64)
    np.testing.assert_allclose(flat.mean(axis=1), 0, atol=2e-5)
    np.testing.assert_allclose(flat.std(axis=1), 1, atol=2e-5)


def test_whitening_is_tensorflows_of_images_between_0_and_1(few):
    expected = tf.image.per_image_standardization(
        tf.constant(few.images, tf.float32) / 255
    )
    whitened = pipeline.whiten(tf.constant(few.images))
    np.testing.assert_allclose(whitened, expected, atol=1e-5)


def test_the_deviation_has_a_floor():
    image = np.full((28, 28, 3), 100, np.uint8)
    whitened = pipeline.whiten(copies(image, 1)).numpy()
    np.testing.assert_allclose(whitened, 0, atol=1e-4)
    image[5, 6, 0] = 101
    whitened = pipeline.whiten(copies(image, 1)).numpy()[0]
    size = 28 * 28 * 3
    rest = np.delete(whitened.ravel(), (5 * 28 + 6) * 3)
    step = whitened[5, 6, 0] - rest.mean()
    np.testing.assert_allclose(step, np.sqrt(size) / 255, rtol=1e-3)


def test_noise_is_whitened_on_the_scale_it_has():
    noise = np.random.default_rng(0).normal(0.5, 0.25, (3, 28, 28, 3))
    noise = noise.astype(np.float32)
    whitened = pipeline.whiten(tf.constant(noise)).numpy()
    for before, after in zip(noise, whitened, strict=True):
        expected = (before - before.mean()) / before.std()
        np.testing.assert_allclose(after, expected, atol=1e-4)


def test_whitening_examples_keeps_all_but_the_images(few):
    whitened = pipeline.whitened(few)
    np.testing.assert_allclose(
        whitened.images, pipeline.whiten(tf.constant(few.images)), atol=1e-6
    )
    for name in ("labels", "true_labels", "ids"):
        np.testing.assert_array_equal(
            getattr(whitened, name), getattr(few, name)
        )


# Crops


def test_centre_crop_of_32_starts_at_2():
    crop = pipeline.centre_crop(copies(numbered(32, 32), 2)).numpy()
    expected = numbered(32, 32)[2:30, 2:30]
    np.testing.assert_array_equal(crop, [expected, expected])


@given(height=st.integers(8, 80), width=st.integers(8, 80))
@settings(max_examples=30)
def test_centre_crop_keeps_28_of_32_and_the_middle(height, width):
    image = numbered(height, width)
    crop = pipeline.centre_crop(image[None])[0]
    assert crop.shape == (height * 28 // 32, width * 28 // 32, 1)
    top, left = divmod(int(crop[0, 0, 0]), width)
    np.testing.assert_array_equal(
        crop, image[top : top + len(crop), left : left + crop.shape[1]]
    )
    for before, kept, size in (
        (top, crop.shape[0], height),
        (left, crop.shape[1], width),
    ):
        assert size - kept - before - before in (0, 1)


def test_every_random_crop_is_a_window_and_all_are_as_likely():
    count, image = 5_000, numbered(32, 32)
    crops = pipeline.random_crop(
        copies(image, count), identities(count), seed=0, epoch=0
    ).numpy()
    top, left = np.divmod(crops[:, 0, 0, 0], 32)
    assert max(top.max(), left.max()) == 4
    np.testing.assert_array_equal(
        crops - crops[:, :1, :1],
        numbered(32, 32)[:28, :28][None].repeat(count, 0),
    )
    counts = np.zeros((5, 5))
    np.add.at(counts, (top, left), 1)
    assert counts.min() > 0
    statistic = ((counts - count / 25) ** 2 / (count / 25)).sum()
    assert 1e-3 < stats.chi2.sf(statistic, 24) < 1 - 1e-3


def test_random_crops_of_images_that_are_not_square():
    image = numbered(40, 64)
    crops = pipeline.random_crop(
        copies(image, 400), identities(400), seed=0, epoch=0
    ).numpy()
    assert crops.shape == (400, 35, 56, 1)
    starts = set(zip(*np.divmod(crops[:, 0, 0, 0], 64), strict=True))
    assert {top for top, _ in starts} == set(range(6))
    assert {left for _, left in starts} == set(range(9))
    for crop in crops[:20]:
        top, left = divmod(int(crop[0, 0, 0]), 64)
        np.testing.assert_array_equal(
            crop, image[top : top + 35, left : left + 56]
        )


@pytest.mark.parametrize(
    "operation", [pipeline.random_crop, pipeline.flip_and_rotate]
)
class TestKeyedByExampleAndEpoch:
    """What is random each epoch follows from (seed, epoch, identity)."""

    def test_batch_and_order_do_not_matter(self, few, operation):
        def apply(indices):
            return operation(
                tf.constant(few.images[indices]),
                tf.constant(few.ids[indices]),
                seed=5,
                epoch=3,
            ).numpy()

        whole = apply(np.arange(130))
        order = np.random.default_rng(0).permutation(130)
        np.testing.assert_array_equal(apply(order), whole[order])
        np.testing.assert_array_equal(apply([77]), whole[[77]])

    def test_epochs_and_seeds_differ(self, few, operation):
        images, ids = tf.constant(few.images), tf.constant(few.ids)
        results = [
            operation(images, ids, seed=seed, epoch=epoch).numpy()
            for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1))
        ]
        for index, one in enumerate(results):
            for other in results[:index]:
                # One crop in 25 is the same by chance: 5.2 of 130.
                same = (one == other).all(axis=(1, 2, 3)).sum()
                assert same <= 17

    def test_same_in_graphs_with_the_epoch_as_a_tensor(self, few, operation):
        images = tf.constant(few.images[:20])
        ids = tf.constant(few.ids[:20])

        def apply(epoch):
            return operation(images, ids, seed=0, epoch=epoch)

        mapped = tf.data.Dataset.range(2, 3).map(apply).get_single_element()
        np.testing.assert_array_equal(mapped, apply(2))

    def test_dtype_is_kept(self, few, operation):
        for dtype in (tf.uint8, tf.float32):
            result = operation(
                tf.constant(few.images, dtype),
                tf.constant(few.ids),
                seed=0,
                epoch=0,
            )
            assert result.dtype == dtype


# Flips and rotations


@pytest.fixture(scope="module")
def turns() -> np.ndarray:
    """The linear maps of 4,000 augmentations, from output to input: [n,2,2]."""
    count, size = 4_000, 16
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    ramps = np.stack([x, y], axis=-1).astype(np.float32)
    # Bilinear interpolation of a ramp is exact away from the border.
    moved = pipeline.flip_and_rotate(
        copies(ramps, count), identities(count), seed=0, epoch=0
    ).numpy()[:, 6:10, 6:10]
    np.testing.assert_allclose(moved.mean(axis=(1, 2)), 0, atol=1e-4)
    columns = moved[:, 0, 1] - moved[:, 0, 0]
    rows = moved[:, 1, 0] - moved[:, 0, 0]
    return np.stack([columns, rows], axis=-1).astype(np.float64)


def test_augmentation_is_rigid(turns):
    identity = turns @ np.swapaxes(turns, 1, 2)
    np.testing.assert_allclose(
        identity, np.broadcast_to(np.eye(2), identity.shape), atol=1e-4
    )


def test_half_the_images_are_mirrored_left_to_right(turns):
    mirrored = np.linalg.det(turns) < 0
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(turns))
    # Left to right, not upside down: rows keep their order.
    assert (turns[:, 1, 1] > 0.9).all()


def test_angles_are_uniform_up_to_25_degrees(turns):
    mirrored = np.linalg.det(turns) < 0
    angles = np.degrees(np.arctan2(-turns[:, 0, 1], turns[:, 1, 1]))
    assert np.abs(angles).max() <= 25 + 1e-3
    for group in (angles, angles[mirrored], angles[~mirrored]):
        uniform = stats.uniform(-25, 50)
        assert stats.kstest(group, uniform.cdf).pvalue > 1e-3


@pytest.mark.parametrize("value", [0, 37, 255])
def test_an_even_image_stays_even_to_its_corners(value):
    image = np.full((28, 28, 3), value, np.uint8)
    moved = pipeline.flip_and_rotate(
        copies(image, 100), identities(100), seed=0, epoch=0
    ).numpy()
    assert np.abs(moved.astype(int) - value).max() <= 1


def test_a_round_image_stays_nearly_the_same():
    y, x = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(x, y)
    disc = 255 / (1 + np.exp((radius - 8) / 2))
    moved = pipeline.flip_and_rotate(
        copies(disc[..., None].astype(np.float32), 100),
        identities(100),
        seed=0,
        epoch=0,
    )
    error = np.abs(moved[..., 0] - disc)
    assert error[:, radius < 13].max() < 3


def test_turning_stored_images_does_not_darken_them(few):
    ids = tf.constant(few.ids)
    stored, exact = (
        pipeline.flip_and_rotate(
            tf.constant(few.images, dtype), ids, seed=0, epoch=0
        )
        for dtype in (tf.uint8, tf.float32)
    )
    error = tf.cast(stored, tf.float32) - exact
    assert abs(float(tf.reduce_mean(error))) < 0.05
    assert float(tf.reduce_max(tf.abs(error))) < 0.51


# Moments


def test_moments_are_of_the_training_sets_centre_crops(sample):
    crops = sample.train.images[:, 2:30, 2:30].astype(np.float64) / 255
    mean, stddev = pipeline.channel_moments(sample.train.images)
    np.testing.assert_allclose(mean, crops.mean(axis=(0, 1, 2)), rtol=1e-9)
    np.testing.assert_allclose(stddev, crops.std(axis=(0, 1, 2)), rtol=1e-9)


# Batches


@given(
    count=st.integers(1, 30),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=15)
def test_each_epoch_visits_every_example_once(count, batch_size, seed):
    batches = collect(
        pipeline.training_batches(
            indexed(count), batch_size=batch_size, seed=seed, epochs=range(2)
        )
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
    """The order of the examples in each epoch: [epochs, count]."""
    batches = pipeline.training_batches(
        indexed(count), batch_size=count, seed=seed, epochs=epochs
    )
    return np.array([labels // 7 for _, _, labels, _ in collect(batches)])


def test_order_differs_between_epochs_and_seeds_alone():
    first, second = order_of(0, range(2))
    other = order_of(1, range(1))[0]
    plain = np.arange(40)
    orders = [plain, first, second, other]
    for index, one in enumerate(orders):
        for two in orders[:index]:
            assert (one == two).mean() < 0.25
    np.testing.assert_array_equal(order_of(0, range(2)), [first, second])


def test_every_order_is_as_likely():
    orders = order_of(0, range(600), count=3)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("augmented", [False, True])
def test_a_run_can_start_at_any_epoch(few, augmented):
    augment = None
    if augmented:
        augment = pipeline.augmentation(
            Randomization("random_pixels", classes=10, seed=0),
            crop=True,
            flip_and_rotate=True,
            seed=0,
        )

    def batches(epochs):
        return collect(
            pipeline.training_batches(
                few.take(np.arange(20)),
                batch_size=8,
                seed=0,
                epochs=epochs,
                augment=augment,
            )
        )

    assert_same_batches(batches(range(2, 4)), batches(range(4))[6:])


@pytest.mark.parametrize("count", [1, 499, 500, 1003])
def test_evaluation_sees_every_example_once_in_order(count):
    batches = collect(pipeline.evaluation_batches(indexed(count)))
    images, labels, true_labels = map(
        np.concatenate, zip(*batches, strict=True)
    )
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(count))
    np.testing.assert_array_equal(labels, 7 * np.arange(count))
    np.testing.assert_array_equal(true_labels, 11 * np.arange(count))


# The data of a run


@pytest.fixture(scope="module")
def tiny(sample):
    """60 training and 40 test images, in place of every data set."""
    loaded = data.ImageClassification(
        sample.train.take(np.arange(60)),
        sample.test.take(np.arange(40)),
        classes=10,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda *_: loaded)
        yield loaded


@pytest.fixture(scope="module")
def tasks(tiny) -> dict[str, parts.Task]:
    """The data of a run of each kind."""
    return {
        kind: parts.make_task(RunConfig(randomize=kind))
        for kind in RANDOMIZATIONS
    }


def epochs_of(config: RunConfig, task: parts.Task) -> list[list]:
    """What the model is fed, epoch for epoch."""
    batches = collect(
        parts.training_batches(
            config, task, pipeline.whitened(task.train_crops)
        )
    )
    steps = -(-len(task.train) // config.batch_size)
    assert len(batches) == steps * config.epochs
    return [
        batches[start : start + steps]
        for start in range(0, len(batches), steps)
    ]


@pytest.mark.parametrize("kind", RANDOMIZATIONS)
def test_the_model_is_fed_the_same_pairs_each_epoch(tasks, kind):
    config = RunConfig(randomize=kind, epochs=2, batch_size=16)
    task = tasks[kind]
    first, second = map(by_example, epochs_of(config, task))
    assert first == second
    whitened = pipeline.whiten(tf.constant(task.train_crops.images)).numpy()
    labels = np.asarray(task.train_crops.labels)
    assert first == {
        image.tobytes(): label
        for image, label in zip(whitened, labels, strict=True)
    }


def test_the_conditions_of_a_run_are_those_of_its_name(tiny, tasks):
    assert len({task.fingerprint for task in tasks.values()}) == 5
    for kind, task in tasks.items():
        for given_, made in (
            (tiny.train, task.train_crops),
            (tiny.test, task.test_crops),
        ):
            crops = given_.images[:, 2:30, 2:30]
            images, labels = map(np.asarray, (made.images, made.labels))
            same_pixels = (images == crops).all()
            same_labels = (labels == given_.labels).all()
            assert same_pixels == (kind in ("none", "labels"))
            assert same_labels == (kind != "labels")
            np.testing.assert_array_equal(made.true_labels, given_.labels)


def test_a_run_shuffles_training_and_test_set_alike(tiny, tasks):
    task = tasks["shuffled_pixels"]
    order = shuffle_pixels(tf.constant(numbered(28, 28)[None]), seed=0)
    order = order.numpy().ravel()
    for given_, made in (
        (tiny.train, task.train_crops),
        (tiny.test, task.test_crops),
    ):
        crops = given_.images[:, 2:30, 2:30].reshape(-1, 784, 3)
        np.testing.assert_array_equal(
            np.reshape(made.images, crops.shape), crops[:, order]
        )


def test_noise_of_a_run_matches_the_training_set(tiny, tasks):
    task = tasks["gaussian"]
    crops = tiny.train.images[:, 2:30, 2:30] / 255
    for split in (task.train_crops, task.test_crops):
        noise = np.asarray(split.images, np.float64)
        count = noise[..., 0].size
        error = noise.mean(axis=(0, 1, 2)) - crops.mean(axis=(0, 1, 2))
        spread = crops.std(axis=(0, 1, 2))
        assert (np.abs(error) < 4 * spread / np.sqrt(count)).all()
        ratio = noise.var(axis=(0, 1, 2)) / crops.var(axis=(0, 1, 2))
        assert np.abs(ratio - 1).max() < 4 * np.sqrt(2 / count)


def test_noise_matches_the_whole_set_also_for_a_subset(tiny):
    config = RunConfig(randomize="gaussian", train_examples=10)
    expected = pipeline.channel_moments(tiny.train.images)
    random = parts.make_task(config).randomization
    assert (random.mean, random.stddev) == expected


@pytest.mark.parametrize("kind", ["labels", "shuffled_pixels"])
def test_random_crops_are_windows_randomized_like_the_rest(tiny, kind):
    config = RunConfig(
        randomize=kind, random_crop=True, epochs=2, batch_size=16
    )
    task = parts.make_task(config)
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
    for epoch in epochs_of(config, task):
        places = {}
        for image, label in by_example(epoch).items():
            index, place = windows[image]
            places[index] = place
            assert label == task.train_crops.labels[index]
        assert sorted(places) == list(range(60))
        seen.append(places)
    assert len(set(seen[0].values())) > 10
    changed = sum(seen[0][index] != seen[1][index] for index in range(60))
    assert changed > 45


def test_without_random_crop_nothing_but_the_order_changes(tiny):
    plain = RunConfig(randomize="none", random_crop=False, epochs=2)
    crops = pipeline.whiten(tf.constant(tiny.train.images[:, 2:30, 2:30]))
    expected = {image.tobytes() for image in crops.numpy()}
    task = parts.make_task(plain)
    for epoch in epochs_of(plain, task):
        assert set(by_example(epoch)) == expected
    cropped = dataclasses.replace(plain, random_crop=True)
    task = parts.make_task(cropped)
    for epoch in epochs_of(cropped, task):
        assert len(set(by_example(epoch)) & expected) < 15


def test_augmented_images_change_and_their_labels_do_not(tiny):
    config = RunConfig(randomize="labels", augment=True, epochs=2)
    task = parts.make_task(config)
    first, second = map(by_example, epochs_of(config, task))
    assert not first.keys() & second.keys()
    labels = np.sort(task.train_crops.labels).tolist()
    assert sorted(first.values()) == sorted(second.values()) == labels
    moved = pipeline.flip_and_rotate(
        tf.constant(task.train_crops.images),
        tf.constant(tiny.train.ids),
        seed=config.seed,
        epoch=1,
    )
    assert second == {
        image.tobytes(): int(label)
        for image, label in zip(
            pipeline.whiten(moved).numpy(),
            task.train_crops.labels,
            strict=True,
        )
    }


def test_the_test_set_is_never_augmented(tasks):
    plain = tasks["labels"]
    varied = parts.make_task(RunConfig(random_crop=True, augment=True))
    np.testing.assert_array_equal(
        varied.test_crops.images, plain.test_crops.images
    )
    np.testing.assert_array_equal(
        varied.test_crops.labels, plain.test_crops.labels
    )


def test_a_subset_has_the_randomization_of_the_whole(tasks):
    whole = tasks["random_pixels"].train_crops
    part = parts.make_task(
        RunConfig(randomize="random_pixels", train_examples=20)
    ).train_crops
    where = np.flatnonzero(np.isin(whole.ids, part.ids))
    assert len(where) == len(part.labels) == 20
    np.testing.assert_array_equal(part.images, np.asarray(whole.images)[where])


def test_a_run_that_chooses_tests_on_held_out_training_images(tiny):
    task = parts.make_task(RunConfig(validation_examples=10))
    train, test = (
        np.asarray(split.ids) for split in (task.train_crops, task.test_crops)
    )
    assert (len(train), len(test)) == (50, 10)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([train, test])), np.sort(tiny.train.ids)
    )


def test_images_too_small_to_crop_at_random_are_refused(tiny, monkeypatch):
    small = dataclasses.replace(
        tiny,
        train=dataclasses.replace(tiny.train, images=tiny.train.images[:, :27]),
    )
    monkeypatch.setattr(data, "load", lambda *_: small)
    with pytest.raises(InputError, match="27 x 32"):
        parts.make_task(RunConfig(random_crop=True))


def test_crops_stay_28_of_32():
    assert preprocessing.crop_size(32, 32) == (28, 28)
    assert preprocessing.crop_size(64, 96) == (56, 84)
