"""Training batches that the device assembles on TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import pipeline
from rethink_keras.data import Examples
from rethink_keras.randomization import Randomization
from rethink_keras.training.tensorflow_batches import ResidentBatches
from tests.support.helpers import assert_same_batches, collect, indexed

pytestmark = pytest.mark.quick


def photographs(count: int) -> Examples:
    """Examples of random pixels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int32)
    return Examples(images, labels, labels + 1, labels.astype(np.int64))


def augmentation(*, crop: bool) -> pipeline.Augmentation:
    random = Randomization("labels", num_classes=10, seed=0)
    return pipeline.Augmentation(random, crop, flip_and_rotate=False, seed=3)


@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.parametrize("converted", [False, True])
@pytest.mark.parametrize(
    ("examples", "augment"),
    [
        (indexed(11), None),
        (photographs(11), augmentation(crop=False)),
        (photographs(11), augmentation(crop=True)),
    ],
    ids=["inputs", "images", "crops"],
)
def test_the_device_assembles_the_batches_of_tf_data(
    examples, augment, converted, skip
):
    batches = pipeline.TrainingBatches(
        examples,
        batch_size=4,
        seed=3,
        epochs=range(1, 4),
        skip=skip,
        augment=augment,
    )
    found = []

    def record(batch):
        tf.numpy_function(lambda *parts: found.append(parts), batch, [])
        return tf.cast(batch[1], tf.float32)

    resident = batches.resident()
    if converted:
        resident = resident.converted()
    resident_batches = ResidentBatches(resident, record)
    labels = [resident_batches.train(steps) for steps in (1, 3, 9 - 4 - skip)]
    expected = collect(batches.dataset())
    assert_same_batches(found, expected)
    np.testing.assert_array_equal(
        np.concatenate(labels),
        np.concatenate([targets for _, targets, *_ in expected]),
    )
