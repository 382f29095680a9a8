"""Randomized labels, properties of all randomizations, fingerprints."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rethink_keras import pipeline, runs
from rethink_keras.config import RANDOMIZATIONS, RunConfig
from rethink_keras.data import Examples
from rethink_keras.randomization import (
    Randomization,
    fingerprint,
)
from tests.support.randomized import (
    FRESH_PROCESS,
    SEEDS,
    N,
    assert_same,
    chi_square,
    corrupted,
    cycling_labels,
    identities,
    make,
    rows,
)

# Labels


def test_random_labels_are_independent_of_the_true_labels():
    labels = cycling_labels(N)
    table = np.zeros((10, 10))
    np.add.at(table, (labels, corrupted(labels, identities(N))), 1)
    # 90 degrees of freedom: ten true classes of exactly 5,000 examples.
    statistic = ((table - N / 100) ** 2 / (N / 100)).sum()
    assert 1e-3 < stats.chi2.sf(statistic, 90) < 1 - 1e-3


@pytest.mark.parametrize("num_classes", [2, 10, 1000])
@pytest.mark.parametrize("probability", [0.1, 0.5, 1.0])
def test_expected_number_of_labels_is_unchanged(probability, num_classes):
    labels = cycling_labels(N, num_classes)
    noisy = corrupted(
        labels, identities(N), num_classes=num_classes, probability=probability
    )
    kept = 1 - probability + probability / num_classes
    deviation = np.sqrt(N * kept * (1 - kept))
    assert abs((noisy == labels).sum() - N * kept) < 5 * deviation


@settings(max_examples=25)
@given(num_classes=st.integers(2, 1000), seed=SEEDS)
def test_new_labels_are_uniform_over_any_number_of_classes(num_classes, seed):
    count = 20 * num_classes
    labels = np.zeros(count, np.int32)
    noisy = corrupted(
        labels, identities(count), num_classes=num_classes, seed=seed
    )
    assert noisy.dtype == np.int32
    assert noisy.min() >= 0
    counts = np.bincount(noisy, minlength=num_classes)
    assert len(counts) == num_classes
    assert chi_square(counts, 20) > 1e-6


def test_the_new_class_is_independent_of_the_corruption():
    labels = cycling_labels(N)
    noisy = corrupted(labels, identities(N), probability=0.3)
    step = (noisy - labels) % 10
    counts = np.bincount(step, minlength=10)[1:]
    assert chi_square(counts, counts.sum() / 9) > 1e-3
    assert chi_square(np.bincount(noisy), N / 10) > 1e-3


def test_corrupted_examples_are_nested_in_the_probability():
    labels, ids = cycling_labels(2000), identities(2000)
    final = corrupted(labels, ids)
    before = np.zeros(2000, bool)
    for probability in np.linspace(0, 1, 11):
        noisy = corrupted(labels, ids, probability=float(probability))
        changed = noisy != labels
        assert not (before & ~changed).any()
        np.testing.assert_array_equal(noisy[changed], final[changed])
        before = changed
    assert before.mean() > 0.8


@given(seed=SEEDS)
@settings(max_examples=10)
def test_probability_zero_keeps_all_labels(seed):
    labels = cycling_labels(1000)
    noisy = corrupted(labels, identities(1000), probability=0.0, seed=seed)
    np.testing.assert_array_equal(noisy, labels)


def test_training_and_test_draws_are_independent(sample):
    test_ids = sample.test.ids
    train_ids = sample.train.ids[: len(test_ids)]
    zeros = np.zeros(len(test_ids), np.int32)
    same = corrupted(zeros, train_ids) == corrupted(zeros, test_ids)
    assert abs(same.mean() - 0.1) < 5 * np.sqrt(0.09 / len(same))


# Properties of all randomizations


@pytest.fixture(scope="module", params=RANDOMIZATIONS)
def case(request, few) -> tuple[Randomization, Examples, Examples]:
    """A randomization, its input and its output through tf.data."""
    given = rows(few, np.arange(len(few)))
    return (
        make(request.param),
        given,
        pipeline.randomize_examples(given, make(request.param)),
    )


def eagerly(random: Randomization, examples: Examples) -> Examples:
    """Computes `randomize_examples` of 32 x 32 images without tf.data."""
    crops = tf.constant(examples.images[:, 2:30, 2:30])
    ids = tf.constant(examples.ids)
    return dataclasses.replace(
        examples,
        images=random.pixels(crops, ids),
        labels=random.labels(tf.constant(examples.labels), ids),
    )


def test_only_the_named_part_is_randomized(case, few):
    random, _, result = case
    crops = few.images[:, 2:30, 2:30]
    changed = {
        "labels": (np.asarray(result.labels) != few.labels).any(),
        "pixels": (np.asarray(result.images) != crops).any(),
    }
    assert changed == {
        "labels": random.kind == "labels",
        "pixels": random.kind not in ("none", "labels"),
    }
    np.testing.assert_array_equal(result.true_labels, few.labels)
    np.testing.assert_array_equal(result.ids, few.ids)


def test_inputs_are_not_modified(case, few):
    _, given, _ = case
    assert_same(given, few)


def test_results_do_not_depend_on_the_order(case, few):
    random, _, whole = case
    order = np.random.default_rng(0).permutation(len(few))
    mixed = pipeline.randomize_examples(few.take(order), random)
    assert_same(mixed, rows(whole, order))


@pytest.mark.parametrize(
    "indices", [[0], [128], range(7), range(5, 130, 9)], ids=str
)
def test_results_do_not_depend_on_the_other_examples(case, few, indices):
    random, _, whole = case
    part = eagerly(random, few.take(np.array(indices)))
    assert_same(part, rows(whole, np.array(indices)))


def test_results_do_not_depend_on_sharding(case, few):
    random, _, whole = case
    fields = [getattr(few, field.name) for field in dataclasses.fields(few)]
    shards = [
        tf.data.Dataset.from_tensor_slices(tuple(fields))
        .shard(3, replica)
        .batch(len(few))
        .get_single_element()
        for replica in range(3)
    ]
    assert sum(len(shard[0]) for shard in shards) == len(few)
    for replica, shard in enumerate(shards):
        assert_same(
            eagerly(random, Examples(*(column.numpy() for column in shard))),
            rows(whole, np.arange(replica, len(few), 3)),
        )


def test_results_are_the_same_in_eager_mode_graphs_and_tf_data(case, few):
    random, _, _ = case
    columns = few.images[:60], few.labels[:60], few.ids[:60]

    def apply(images, labels, ids):
        return random.pixels(images, ids), random.labels(labels, ids)

    eager = apply(*map(tf.constant, columns))
    graph = tf.function(apply)(*map(tf.constant, columns))
    batches = tf.data.Dataset.from_tensor_slices(columns).batch(7).map(apply)
    mapped = [tf.concat(parts, 0) for parts in zip(*batches, strict=True)]
    for results in (graph, mapped):
        for result, expected in zip(results, eager, strict=True):
            np.testing.assert_array_equal(result, expected)


def test_seeds_give_different_results(case, few):
    random, _, one = case
    other = eagerly(dataclasses.replace(random, seed=4), few)
    same_labels = np.asarray(one.labels) == np.asarray(other.labels)
    same_images = {
        np.array_equal(a, b)
        for a, b in zip(one.images, other.images, strict=True)
    }
    if random.kind == "labels":
        assert same_labels.mean() < 0.3
    else:
        assert same_labels.all()
    assert same_images == {random.kind in ("none", "labels")}


@pytest.mark.seconds
def test_results_are_the_same_in_another_process(few):
    result = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS],
        capture_output=True,
        text=True,
        check=True,
        cwd=pathlib.Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    fingerprints = dict(line.split() for line in result.stdout.splitlines())
    assert fingerprints == {
        kind: fingerprint(eagerly(make(kind), few)) for kind in RANDOMIZATIONS
    }


# Fingerprints


def test_fingerprint_is_64_hexadecimal_digits(few):
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(few, few))


def test_fingerprint_does_not_depend_on_order(few):
    order = np.random.default_rng(0).permutation(len(few))
    other = few.take(order[:50])
    assert fingerprint(few.take(order), other) == fingerprint(few, other)


def test_fingerprint_is_the_same_for_arrays_and_tensors(few):
    tensors = Examples(
        *(
            tf.constant(getattr(few, field.name))
            for field in dataclasses.fields(few)
        )
    )
    assert fingerprint(tensors) == fingerprint(few)


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize(
    ("field", "place"), [("labels", -1), ("images", (3, 31, 0, 2))]
)
def test_fingerprint_depends_on_every_number(few, field, place, split):
    column = getattr(few, field).copy()
    column[place] ^= 1
    splits = [few, few.take(np.arange(20))]
    splits[split] = dataclasses.replace(few, **{field: column})
    plain = [few, few.take(np.arange(20))]
    plain[split] = few
    assert fingerprint(*splits) != fingerprint(*plain)


def test_fingerprint_depends_on_which_example_has_which_label(few):
    labels = few.labels.copy()
    a, b = 0, int(np.flatnonzero(labels != labels[0])[0])
    labels[[a, b]] = labels[[b, a]]
    swapped = dataclasses.replace(few, labels=labels)
    assert fingerprint(swapped) != fingerprint(few)


@pytest.mark.parametrize(
    ("kind", "digits"),
    [
        ("none", "9a3339b3f0e299f1"),
        ("labels", "bd8ee2cd54661352"),
        ("shuffled_pixels", "f29d942495ce496f"),
        ("random_pixels", "aed641409893cb01"),
    ],
)
def test_the_sample_is_randomized_as_in_the_reference_runs(kind, digits):
    """The last bits of Gaussian noise may depend on the processor."""
    inputs = runs.InMemoryInputs.load(RunConfig(randomize=kind))
    assert inputs.fingerprint.startswith(digits)
