"""The public `randomize`: arrays and tf.data data sets."""

import itertools
import sys

import numpy as np
import pytest
import tensorflow as tf

import rethink_keras as rk
from rethink_keras import pipeline
from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.randomization import Randomization
from tests.support import threefry
from tests.support.processes import finish

COUNT, SEED = 150, 5
PIXEL_KINDS = ("shuffled_pixels", "random_pixels", "gaussian")
FORMS = {
    "colour": ((7, 6, 3), "uint8"),
    "grey": ((7, 6), "uint8"),
    "one channel": ((5, 5, 1), "uint8"),
    "floats": ((7, 6, 3), "float32"),
    "doubles": ((5, 4), "float64"),
}
"""Shapes and dtypes of images."""


def arrays(form: str = "colour") -> tuple[np.ndarray, np.ndarray]:
    shape, dtype = FORMS[form]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (COUNT, *shape)).astype(dtype)
    return images, rng.integers(0, 4, COUNT)


def dataset(*columns) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(columns or arrays())


def columns(data: tf.data.Dataset, join=np.stack) -> tuple[np.ndarray, ...]:
    fields = zip(*data.as_numpy_iterator(), strict=True)
    return tuple(map(join, fields))


def shapes(data: tf.data.Dataset) -> list[tuple[int, ...]]:
    return [image.shape for image, _ in data]


def assert_pairs_equal(one, other) -> None:
    for left, right in zip(one, other, strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def randomized(data, kind, **options):
    return rk.randomize(data, kind, num_classes=4, seed=SEED, **options)


# Bits


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", PIXEL_KINDS)
def test_pixels_are_those_of_threefry_and_of_runs(kind, form):
    images, labels = arrays(form)
    colour = images if images.ndim == 4 else images[..., None]
    moments = pipeline.channel_moments(colour, crop=False)
    result, kept = randomized((images, labels), kind)
    random = Randomization(
        kind, num_classes=4, seed=SEED, mean=moments[0], stddev=moments[1]
    )
    of_runs = random.pixels(tf.constant(colour), tf.range(COUNT, dtype="int64"))
    np.testing.assert_array_equal(result.reshape(colour.shape), of_runs)
    if kind == "gaussian":
        assert result.dtype == np.float32
        expected = threefry.noise(colour.shape, *moments, SEED)
        tolerance = {"rtol": 1e-5, "atol": 1e-5 * np.max(moments)}
    else:
        assert result.dtype == images.dtype
        again = {
            "shuffled_pixels": threefry.shuffled,
            "random_pixels": threefry.permuted,
        }[kind]
        expected, tolerance = again(colour, SEED), {"rtol": 0}
    np.testing.assert_allclose(
        result, expected.reshape(images.shape), **tolerance
    )
    np.testing.assert_array_equal(kept, labels)


@pytest.mark.parametrize("probability", [0.4, 1.0])
def test_labels_are_those_of_threefry_and_of_corrupt_labels(probability):
    images, labels = arrays()
    kept, noisy = randomized(
        (images, labels), "labels", probability=probability
    )
    np.testing.assert_array_equal(kept, images)
    np.testing.assert_array_equal(
        noisy, threefry.noisy_labels(labels, 4, probability, SEED)
    )
    _, of_dataset = columns(
        randomized(dataset(), "labels", probability=probability)
    )
    np.testing.assert_array_equal(of_dataset, noisy)


def test_arrays_without_num_classes_have_the_distinct_labels_as_classes():
    images, labels = arrays()
    _, noisy = rk.randomize((images, 10 * labels), "labels", seed=SEED)
    _, expected = randomized((images, labels), "labels")
    np.testing.assert_array_equal(noisy, 10 * expected)


# Datasets


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("none", "colour"),
        ("labels", "colour"),
        *itertools.product(PIXEL_KINDS, ["colour", "grey", "floats"]),
    ],
)
def test_datasets_keep_their_batches_and_agree_with_arrays(kind, form):
    expected = randomized(arrays(form), kind)
    plain = dataset(*arrays(form))
    for data, join in (
        (plain, np.stack),
        (plain.batch(32), np.concatenate),
        (plain.batch(50, drop_remainder=True), np.concatenate),
    ):
        result = randomized(data, kind)
        image, label = data.element_spec
        if kind == "gaussian":
            image = tf.TensorSpec(image.shape, tf.float32)
        assert result.element_spec == (image, label)
        assert result.cardinality() == data.cardinality()
        assert shapes(result) == shapes(data)
        for _ in range(2):  # epochs
            assert_pairs_equal(columns(result, join), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint64"])
def test_label_columns_and_dtypes_are_kept(dtype):
    images, labels = arrays()
    column = labels[:, None].astype(dtype)
    expected = randomized((images, column), "labels")
    assert expected[1].dtype == dtype
    assert expected[1].shape == (COUNT, 1)
    plain = dataset(images, column)
    assert_pairs_equal(columns(randomized(plain, "labels")), expected)
    assert_pairs_equal(
        columns(randomized(plain.batch(32), "labels"), np.concatenate), expected
    )


@pytest.mark.parametrize("length", [10, 7, 4])
@pytest.mark.parametrize("kind", ["none", *PIXEL_KINDS])
def test_pixels_next_to_one_hot_labels_agree_with_arrays(kind, length):
    """The labels may be as long as the image is high, which is 7."""
    images, labels = arrays()
    vectors = np.eye(length, dtype="float32")[labels]
    expected = randomized((images, vectors), kind)
    for smoothed in (vectors, 0.9 * vectors + 0.1 / length):
        data = dataset(images, smoothed)
        result = columns(randomized(data, kind))
        assert_pairs_equal(result, (expected[0], smoothed))
        result = columns(randomized(data.batch(32), kind), np.concatenate)
        assert_pairs_equal(result, (expected[0], smoothed))


def test_batches_of_series_with_one_positive_each_are_batches():
    """Not one image of 2 x 9 pixels with a one-hot label."""
    labels = np.array([0, 1] * 70 + [0, 0] * 5)
    series = np.zeros((COUNT, 9, 3), "float32")
    data = dataset(series, labels).batch(2, drop_remainder=True)
    data = data.skip(69)
    _, expected = randomized((series[138:], labels[138:]), "labels")
    found = columns(randomized(data, "labels"), np.concatenate)
    np.testing.assert_array_equal(found[1], expected)


def test_labels_of_images_of_unknown_size_are_randomized():
    def generate():
        for size in range(2, 12):
            yield np.zeros((size, size, 3), np.uint8), size % 4

    signature = (
        tf.TensorSpec((None, None, 3), tf.uint8),
        tf.TensorSpec((), tf.int64),
    )
    data = tf.data.Dataset.from_generator(generate, output_signature=signature)
    result = list(randomized(data, "labels"))
    assert [len(image) for image, _ in result] == list(range(2, 12))
    labels = np.arange(2, 12) % 4
    np.testing.assert_array_equal(
        [int(label) for _, label in result],
        threefry.noisy_labels(labels, 4, 1.0, SEED),
    )
    with pytest.raises(rk.InputError, match=r"^data: .*one known size"):
        randomized(data, "random_pixels")


def test_a_fixed_order_is_accepted():
    data = dataset().shuffle(COUNT, seed=1, reshuffle_each_iteration=False)
    result = randomized(data, "labels")
    assert_pairs_equal(columns(result), columns(result))


def test_workers_share_examples_and_not_files():
    policy = randomized(dataset(), "labels").options().experimental_distribute
    assert policy.auto_shard_policy == tf.data.experimental.AutoShardPolicy.DATA


def test_labels_out_of_range_stop_the_dataset():
    result = rk.randomize(dataset(), "labels", num_classes=3)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"labels: must be from 0 to 2.*3"
    ):
        list(result)


# Arguments


def test_large_images_need_a_few_times_their_memory():
    script = """
import resource
import numpy as np
import rethink_keras as rk

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

labels = np.arange(100) % 2
small = np.zeros((2, 8, 8, 3), np.uint8)
rk.randomize((small, labels[:2]), "random_pixels")
images = np.zeros((100, 256, 256, 3), np.uint8)
before = peak()
rk.randomize((images, labels), "random_pixels")
print((peak() - before) / images.nbytes)
"""
    done = finish((sys.executable, "-c", script))
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 8


def test_inputs_are_not_modified():
    for kind in RANDOMIZATIONS:
        data = arrays()
        randomized(data, kind)
        assert_pairs_equal(data, arrays())


def test_tensors_lists_and_numpy_scalars_are_accepted():
    images, labels = arrays()
    for kind in ("labels", "random_pixels"):
        assert_pairs_equal(
            rk.randomize(
                [tf.constant(images), labels.tolist()],
                kind=np.str_(kind),
                num_classes=np.uint8(4),
                seed=np.int64(SEED),
            ),
            randomized((images, labels), kind),
        )


IMAGES, LABELS = arrays()


@pytest.mark.parametrize("shape", [(COUNT, 9), (COUNT, 2, 3, 3, 1)])
def test_random_labels_take_any_inputs(shape):
    inputs = np.zeros(shape, "int64")
    _, wanted = randomized((IMAGES, LABELS), "labels")
    same, labels = randomized((inputs, LABELS), "labels")
    assert same is inputs
    np.testing.assert_array_equal(labels, wanted)
    data = dataset(inputs, LABELS)
    for noisy in (
        randomized(data, "labels"),
        randomized(data.batch(7), "labels").unbatch(),
        randomized(
            dataset(inputs, LABELS[:, None]).batch(7), "labels"
        ).unbatch(),
    ):
        found = columns(noisy)
        assert found[0].shape == shape
        np.testing.assert_array_equal(found[1].ravel(), wanted)


@pytest.mark.parametrize("batched", [False, True])
def test_random_labels_take_columns_of_texts(batched):
    texts = np.array([f"text {index}" for index in range(COUNT)])[:, None]
    data = dataset(texts, LABELS)
    noisy = randomized(data.batch(7) if batched else data, "labels")
    _, wanted = randomized((IMAGES, LABELS), "labels")
    found = columns(noisy.unbatch() if batched else noisy)
    assert [text.decode() for text in found[0].ravel()] == list(texts.ravel())
    np.testing.assert_array_equal(found[1], wanted)
