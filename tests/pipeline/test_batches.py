"""Batches do not depend on the number of devices."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rethink_keras import pipeline
from rethink_keras.data import Examples
from rethink_keras.pipeline import BatchShard, EvaluationBatches
from rethink_keras.randomization import Randomization
from tests.support.helpers import assert_same_batches, collect, indexed


def positions(batches) -> list[list[int]]:
    """Returns the positions of the examples in each batch or piece."""
    return [images[:, 0, 0, 0].astype(int).tolist() for images, *_ in batches]


def training(
    count: int,
    batch_size: int,
    shard: BatchShard = pipeline.batches.WHOLE_BATCH,
):
    batches = pipeline.TrainingBatches(
        indexed(count), batch_size=batch_size, seed=0, epochs=range(2), skip=1
    )
    return positions(collect(batches.dataset(shard)))


def joined(pipelines: list, local: int) -> list[list[int]]:
    """Joins the pieces of all input pipelines to batches."""
    steps = len(pipelines[0]) // local
    return [
        [
            position
            for pieces in pipelines
            for piece in pieces[step * local : (step + 1) * local]
            for position in piece
        ]
        for step in range(steps)
    ]


@given(
    count=st.integers(20, 60),
    batch_size=st.sampled_from([4, 8, 12]),
    workers=st.sampled_from([1, 2]),
    local=st.sampled_from([1, 2]),
)
@settings(max_examples=8)
def test_joined_pieces_equal_the_batches_of_one_device(
    count, batch_size, workers, local
):
    pieces = workers * local
    pipelines = [
        training(count, batch_size, BatchShard(pieces, first, local))
        for first in range(0, pieces, local)
    ]
    assert joined(pipelines, local) == training(count, batch_size)


@given(count=st.integers(4, 60), multiple=st.sampled_from([1, 2, 4]))
@settings(max_examples=8)
def test_batches_of_one_size_contain_every_example(count, multiple):
    batch_size = 4 * multiple
    shard = BatchShard(multiple, 0, multiple, multiple)
    steps = -(-count // batch_size)
    second = joined([training(count, batch_size, shard)], multiple)[-steps:]
    sizes = {len(batch) for batch in second}
    assert len(sizes) == 1
    assert sizes.pop() % multiple == 0
    assert set(np.concatenate(second)) == set(range(count))


@pytest.mark.parametrize("count", [16, 64])
def test_batches_of_one_size_do_not_overlap_if_sizes_divide(count):
    shard = BatchShard(multiple=8)
    assert training(count, 16, shard) == training(count, 16)


def test_at_returns_the_batch_of_a_step():
    batches = pipeline.TrainingBatches(
        indexed(30), batch_size=8, seed=0, epochs=range(3)
    )
    (fields,) = collect(batches.whole().take(1))
    found = [
        batches.at(fields, np.int64(epoch), np.int64(step))
        for epoch in range(3)
        for step in range(4)
    ]
    numbered = [tuple(part.numpy() for part in batch) for batch in found]
    assert positions(numbered) == positions(collect(batches.dataset()))


@pytest.mark.parametrize("count", [3, 130, 1001])
@pytest.mark.parametrize("pieces", [1, 2, 8])
def test_pieces_contain_every_evaluation_example_once(count, pieces):
    batches = pipeline.EvaluationBatches(indexed(count))
    counted = [
        image[0, 0, 0]
        for first in range(pieces)
        for images, *_, weights in collect(
            batches.dataset(BatchShard(pieces, first, 1))
        )
        for image, weight in zip(images, weights, strict=True)
        if weight
    ]
    assert sorted(counted) == list(range(count))


@pytest.mark.parametrize("count", [3, 1001])
def test_evaluation_batches_are_those_of_their_dataset(count):
    batches = pipeline.EvaluationBatches(indexed(count), convert=tf.sqrt)
    for _ in range(2):
        found = [tuple(part.numpy() for part in batch) for batch in batches]
        assert_same_batches(found, collect(batches.dataset()))


@pytest.mark.parametrize("multiple", [None, 4])
def test_the_order_of_an_epoch_names_the_examples_of_its_batches(multiple):
    """With batches of one size, neighbours share examples."""
    shard = BatchShard(multiple=multiple)
    batches = pipeline.TrainingBatches(
        indexed(11), batch_size=4, seed=0, epochs=range(2)
    )
    found = np.concatenate(positions(collect(batches.dataset(shard))))
    orders = [batches.order(epoch, shard) for epoch in range(2)]
    np.testing.assert_array_equal(found, np.concatenate(orders))
    assert len(orders[0]) == (11 if multiple is None else 12)


@pytest.mark.parametrize("multiple", [None, 8])
def test_the_beginning_of_an_epoch_has_the_bits_of_the_data_set(few, multiple):
    batches = pipeline.TrainingBatches(
        few.take(np.arange(20)),
        batch_size=8,
        seed=0,
        epochs=range(4),
        augment=pipeline.Augmentation(
            Randomization("none", num_classes=10, seed=0),
            crop=True,
            flip_and_rotate=True,
            seed=0,
        ),
    )
    shard = BatchShard(multiple=multiple)
    stream = collect(batches.dataset(shard))
    assert_same_batches(list(batches.beginning(2, 2, shard)), stream[6:8])
    assert_same_batches(list(batches.beginning(3, 10, shard)), stream[9:])


@pytest.mark.parametrize(
    ("side", "smallest", "size"),
    [(32, 8, 500), (64, 8, 125), (64, 200, 200), (4_000, 1, 1)],
)
def test_evaluation_batches_of_large_images_are_smaller(side, smallest, size):
    count = 600
    pixel = np.zeros((1, 1, 1, 1), np.uint8)
    images = np.broadcast_to(pixel, (count, side, side, 3))
    numbers = np.zeros(count, np.int32)
    examples = Examples(images, numbers, numbers, numbers.astype(np.int64))
    batches = EvaluationBatches(examples, smallest=smallest)
    assert batches._batch_size(pipeline.batches.WHOLE_BATCH) == size
