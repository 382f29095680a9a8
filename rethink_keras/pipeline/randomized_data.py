"""Randomized arrays and tf.data data sets (public `randomize`)."""

from typing import Any

import numpy as np
import tensorflow as tf

from rethink_keras.elements import Arrays, as_pair
from rethink_keras.errors import InputError
from rethink_keras.pipeline.dataset_checks import (
    check_arguments,
    check_passes,
    is_batched,
    specs_of,
)
from rethink_keras.pipeline.moments import Moments, moments_of_batches
from rethink_keras.pipeline.preprocessing import batch_of
from rethink_keras.randomization import Randomization
from rethink_keras.randomization.arguments import Arguments
from rethink_keras.randomization.label_noise import corrupt_labels

_BATCH = 128

ACCEPTED = (
    "a tf.data.Dataset of (image, label), or a pair of arrays (images, labels)"
)
_OTHER_INPUTS = (
    "for several inputs or ragged texts, randomize the labels with"
    " corrupt_labels(y)"
)


def randomize(
    data: Any,
    kind: str,
    *,
    probability: float = 1.0,
    num_classes: int | None = None,
    seed: int = 0,
) -> Any:
    """Randomizes the labels or the pixels of a data set.

    These are the five conditions of Zhang et al. (2017), Section 2:

    - `none`: true images and true labels.
    - `labels`: each label becomes, with `probability`, a uniformly random
      class, which may be the true one.
    - `shuffled_pixels`: one random permutation of the pixels of all images.
    - `random_pixels`: a random permutation of the pixels of each image.
    - `gaussian`: images of Gaussian noise, float32, with the mean and standard
      deviation of each channel over `data`. Float images keep their scale;
      uint8 images become noise on the scale from 0 to 1.

    The result is the same in each epoch. The draw for an example depends only
    on the seed and on its index in the order of iteration, so batches do not
    matter. Give the training and the test set the same seed for
    `shuffled_pixels`, and different seeds otherwise.

    Args:
      data: a finite `tf.data.Dataset` of (image, label), batched or not, that
        yields the same elements in each pass; or a pair of arrays. Images have
        the shape [height, width] or [height, width, channels]; for
        `kind="labels"`, they may be any inputs, such as texts.
      kind: what to randomize: `none`, `labels`, `shuffled_pixels`,
        `random_pixels` or `gaussian`.
      probability: probability of replacing a label; requires `kind="labels"`.
      num_classes: number of classes, for `kind="labels"`; labels must be from
        0 to `num_classes - 1`. A dataset requires it. For arrays the default
        is the distinct labels; see `corrupt_labels`.
      seed: non-negative integer.

    Returns:
      A dataset with the structure and batches of `data`, or a pair of NumPy
      arrays. An array that `kind` does not change is returned as it is,
      without a copy.

    Raises:
      InputError: an argument is not allowed.

    Example:
      >>> noisy = randomize(train, "labels", num_classes=10, probability=0.4)
      >>> model.fit(noisy.shuffle(10_000).batch(128), epochs=10)
    """
    arguments = Arguments(
        kind=kind, probability=probability, num_classes=num_classes, seed=seed
    )
    if isinstance(data, tf.data.Dataset):
        return _randomize_dataset(data, arguments)
    return _randomize_arrays(data, arguments)


# Arrays


def _randomize_arrays(data: Any, arguments: Arguments) -> Arrays:
    images, labels = _as_pair(data, arguments.changes_pixels)
    if arguments.kind == "none":
        return images, labels
    if arguments.kind == "labels":
        return images, corrupt_labels(
            labels,
            num_classes=arguments.num_classes,
            probability=arguments.probability,
            seed=arguments.seed,
        )
    size = _batch_size(tf.TensorShape(images.shape[1:]))
    slices = [
        slice(begin, begin + size) for begin in range(0, len(images), size)
    ]
    random = _randomization(arguments, (images[part] for part in slices))
    dtype = np.float32 if arguments.kind == "gaussian" else images.dtype
    result = np.empty(images.shape, dtype)
    ids = np.arange(len(images))
    with tf.device("CPU"):
        for part in slices:
            result[part] = _new_pixels(
                random, tf.constant(images[part]), tf.constant(ids[part])
            )
    return result, labels


def _as_pair(data: Any, pixels: bool) -> Arrays:
    """Returns images and labels as arrays of the same length.

    Args:
      data: a pair.
      pixels: whether the first must be images; otherwise anything may be.
    """
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise InputError(
            f"data: received a {type(data).__name__}; must be {ACCEPTED}"
        )
    images, labels = as_pair(data, "data: received", _OTHER_INPUTS)
    if images.ndim == 0:
        raise InputError(
            f"data: received inputs of type {type(data[0]).__name__}; must be"
            f" an array; {_OTHER_INPUTS}"
        )
    if pixels and images.ndim not in (3, 4):
        raise InputError(
            f"data: received images of shape {list(images.shape)}; must be"
            " [n, height, width] or [n, height, width, channels]"
        )
    if labels.shape[:1] != images.shape[:1]:
        raise InputError(
            f"data: received {len(images)} images and labels of shape"
            f" {list(labels.shape)}; must be one label for each image;"
            f" {_OTHER_INPUTS}"
        )
    if images.size == 0:
        raise InputError("data: received no images; must be at least one")
    return images, labels


# Datasets


def _randomize_dataset(
    data: tf.data.Dataset, arguments: Arguments
) -> tf.data.Dataset:
    image, label = specs_of(data)
    batched = is_batched(data, label, arguments.changes_pixels)
    check_passes(data, batched)
    check_arguments(arguments, image, label, batched)
    if arguments.kind == "none":
        return data
    batches = data if batched else data.batch(_batch_size(image.shape))
    random = _randomization(
        arguments, (images for images, _ in batches.as_numpy_iterator())
    )

    def number(first: tf.Tensor, batch: Any) -> Any:
        count = tf.shape(batch[1], out_type=tf.int64)[0]
        return first + count, (first + tf.range(count), *batch)

    def apply(ids: tf.Tensor, images: tf.Tensor, labels: tf.Tensor) -> Any:
        if arguments.kind == "labels":
            return images, _new_labels(random, labels, ids)
        return _new_pixels(random, images, ids), labels

    numbered = batches.scan(tf.constant(0, tf.int64), number)
    result = numbered.map(apply, tf.data.AUTOTUNE, deterministic=True)
    if not batched:
        result = result.unbatch()
    if data.cardinality() != tf.data.UNKNOWN_CARDINALITY:
        result = result.apply(
            tf.data.experimental.assert_cardinality(data.cardinality())
        )
    # Workers that read different files would number their examples alike.
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return result.with_options(options)


def _batch_size(shape: tf.TensorShape) -> int:
    """Returns how many images of a shape to randomize at once."""
    if shape.rank is None or not shape.is_fully_defined():
        return 1
    return min(_BATCH, batch_of(shape))


# Batches


def _randomization(arguments: Arguments, batches: Any) -> Randomization:
    """Returns the randomization; reads `batches` of images for gaussian."""
    moments: Moments = (), ()
    if arguments.kind == "gaussian":
        moments = moments_of_batches(map(_with_channels, batches))
    return Randomization(
        arguments.kind,
        num_classes=arguments.num_classes or 0,
        seed=arguments.seed,
        label_corruption=arguments.probability,
        mean=moments[0],
        stddev=moments[1],
    )


def _with_channels(images: Any) -> Any:
    """Appends a dimension to grey images [n, height, width]."""
    return images[..., None] if len(images.shape) == 3 else images


def _new_pixels(
    random: Randomization, images: tf.Tensor, ids: tf.Tensor
) -> tf.Tensor:
    result = random.pixels(_with_channels(images), ids)
    result = tf.reshape(result, tf.shape(images))
    return tf.ensure_shape(result, images.shape)


def _new_labels(
    random: Randomization, labels: tf.Tensor, ids: tf.Tensor
) -> tf.Tensor:
    true = tf.cast(tf.reshape(labels, [-1]), tf.int64)
    wrong = tf.boolean_mask(true, (true < 0) | (true >= random.num_classes))
    tf.debugging.Assert(
        tf.size(wrong) == 0,
        [
            f"labels: must be from 0 to {random.num_classes - 1}; received",
            wrong,
        ],
    )
    noisy = random.labels(tf.cast(true, tf.int32), ids)
    noisy = tf.reshape(tf.cast(noisy, labels.dtype), tf.shape(labels))
    return tf.ensure_shape(noisy, labels.shape)
