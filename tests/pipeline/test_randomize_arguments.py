"""What the public `randomize` refuses, and how it says so."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import rethink_keras as rk
from tests.pipeline.test_randomized_data import (
    COUNT,
    IMAGES,
    LABELS,
    arrays,
    dataset,
)


def changing() -> tf.data.Dataset:
    """A data set whose elements differ between passes under every seed."""
    numbers = itertools.count()

    def change(image, label):
        number = tf.numpy_function(lambda: next(numbers), [], tf.int64)
        return image + tf.cast(number % 200, tf.uint8), label

    return dataset().map(change)


def images_of_all_sizes(label) -> tf.data.Dataset:
    """Images whose size is unknown before reading."""

    def generate():
        for size in (5, 7, 6):
            yield np.zeros((size, 9, 3), np.uint8), label

    return tf.data.Dataset.from_generator(
        generate,
        output_signature=(
            tf.TensorSpec((None, None, 3), tf.uint8),
            tf.TensorSpec(label.shape, label.dtype),
        ),
    )


ONE_HOT = np.eye(4)[LABELS]
AS_LONG = np.eye(7)[LABELS]  # as the images are high
OTHER_INPUTS = r"randomize the labels with corrupt_labels\(y\)"
REFUSED = {
    "kind": (dataset, {"kind": "label"}, "kind='label': must be none | labels"),
    "array": (lambda: IMAGES, {}, "data: received a ndarray; must be a tf"),
    "text": (lambda: "cifar10", {}, "data: received a str; must be a tf.data"),
    "two sets": (
        lambda: (dataset(), dataset()),
        {},
        "data: received a pair of data sets; .* one at a time",
    ),
    "two pairs": (
        lambda: (arrays(), arrays()),
        {},
        "data: received a pair of data sets; .* one at a time",
    ),
    "lengths": (
        lambda: (IMAGES, LABELS[:-1]),
        {},
        r"data: received 150 images and labels of shape \[149\]",
    ),
    "vectors": (
        lambda: (IMAGES.reshape(COUNT, -1), LABELS),
        {"kind": "random_pixels"},
        r"data: received images of shape \[150, 126\]",
    ),
    "ragged": (
        lambda: ([[[1], [2, 3]]], [0]),
        {},
        f"data: received no pair of arrays .*{OTHER_INPUTS}",
    ),
    "named inputs": (
        lambda: ({"a": IMAGES, "b": IMAGES}, LABELS),
        {},
        f"data: received inputs of type dict; .*{OTHER_INPUTS}",
    ),
    "ragged texts": (
        lambda: (tf.ragged.constant([[1], [2, 3]]), LABELS[:2]),
        {},
        f"data: received inputs of type RaggedTensor; .*{OTHER_INPUTS}",
    ),
    "several inputs": (
        lambda: ([IMAGES, IMAGES], LABELS),
        {},
        f"data: received 2 images .*{OTHER_INPUTS}",
    ),
    "empty": (lambda: (IMAGES[:0], LABELS[:0]), {}, "data: received no images"),
    "range": (arrays, {"num_classes": 3}, "labels: .* from 0 to 3; .* 0 to 2"),
    "seed": (arrays, {"seed": -1}, "seed=-1: must be a whole number"),
    "probability": (
        arrays,
        {"probability": 0.5, "kind": "gaussian"},
        "probability=0.5: requires kind=labels",
    ),
    "integers": (
        lambda: (IMAGES.astype("int32"), LABELS),
        {"kind": "gaussian"},
        "data: received images of dtype int32",
    ),
    "empty dataset": (
        lambda: dataset().take(0),
        {},
        "data: received no images",
    ),
    "infinite": (
        lambda: dataset().repeat(),
        {},
        "data: received an infinite dataset; repeat after randomizing",
    ),
    "reshuffled": (
        lambda: dataset().shuffle(COUNT),
        {},
        "data: received a dataset that yields other elements in each pass",
    ),
    "reshuffled batches": (
        lambda: dataset().shuffle(COUNT).batch(10),
        {},
        "data: received a dataset that yields other elements in each pass",
    ),
    "augmented": (
        changing,
        {"kind": "none"},
        "data: received a dataset that yields other elements in each pass",
    ),
    "no classes": (
        dataset,
        {"num_classes": None},
        "num_classes=None: must be the number of classes",
    ),
    "small dtype": (
        lambda: dataset(IMAGES, LABELS.astype("uint8")),
        {"num_classes": 300},
        "num_classes=300: labels of dtype uint8",
    ),
    "one-hot": (
        lambda: dataset(IMAGES, ONE_HOT),
        {},
        r"data: received labels of shape \(4,\) .*one-hot.*tf.argmax",
    ),
    "one-hot as long as the image is high": (
        lambda: dataset(IMAGES, AS_LONG.astype(int)),
        {"num_classes": 7},
        r"data: received labels of shape \(7,\) .*one-hot.*tf.argmax",
    ),
    "one-hot of images of all sizes": (
        lambda: images_of_all_sizes(np.eye(5)[2]),
        {"num_classes": 5},
        r"data: received labels of shape \(5,\) .*one-hot.*tf.argmax",
    ),
    "vectors of numbers and images of all sizes": (
        lambda: images_of_all_sizes(np.eye(5)[2]),
        {"kind": "random_pixels"},
        "data: received images of shape .*one known size",
    ),
    "words": (
        lambda: dataset(IMAGES, LABELS.astype(str)),
        {},
        "data: received labels of shape .*string.*StringLookup",
    ),
    "empty batches": (
        lambda: dataset().batch(10).take(0),
        {},
        "data: received no images",
    ),
    "one-hot batches": (
        lambda: dataset(IMAGES, ONE_HOT).batch(10),
        {},
        "data: received labels of shape .*tf.argmax",
    ),
    "float labels": (
        lambda: dataset(IMAGES, LABELS / 1),
        {},
        "data: received labels of shape .*float64",
    ),
    "dictionaries": (
        lambda: tf.data.Dataset.from_tensor_slices({"image": IMAGES}),
        {},
        "data: received elements of .*must be pairs",
    ),
    "weights": (
        lambda: dataset(IMAGES, LABELS, LABELS),
        {},
        "data: received elements of .*must be pairs",
    ),
    "video": (
        lambda: dataset(IMAGES[:, None], LABELS),
        {"kind": "random_pixels"},
        r"data: received images of shape \(1, 7, 6, 3\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_are_named_on_one_line(name):
    make, options, expected = REFUSED[name]
    options = {"kind": "labels", "num_classes": 4, **options}
    with pytest.raises(rk.InputError, match=f"^{expected}") as error:
        rk.randomize(make(), **options)
    assert "\n" not in str(error.value)
