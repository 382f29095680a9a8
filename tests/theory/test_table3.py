"""Table 3: random features, distances in blocks, choices on held-out images."""

import pathlib

import numpy as np
import pytest

from rethink_keras import RunConfig
from rethink_keras.theory import (
    KernelClassifier,
    cholesky,
    distances,
    filter_curve,
    random_convnet,
    table3,
)
from rethink_keras.theory.random_convnet import RandomConvNet
from rethink_keras.theory.samples import load_samples

LAUNCH = pathlib.Path(__file__).parents[2] / "launch"


@pytest.fixture(scope="module")
def images(sample):
    return sample.train.images[:60], sample.train.images[60:75]


def by_hand(net, filters, image):
    """Computes the filters' responses over an image in float64, by patches."""
    found = np.empty((27, 27, len(filters)))
    for top in range(27):
        for left in range(27):
            patch = image[top : top + 6, left : left + 6].astype("float64")
            patch = random_convnet._normalized(patch.reshape(1, -1))
            whitened = (patch - net._mean) @ net._whiten
            found[top, left] = (whitened @ filters.T)[0]
    return found


def test_patches_are_normalized_and_whitened(images):
    """By the covariance of other patches than those that estimated it."""
    train, _ = images
    net = RandomConvNet(train, filters=1, seed=0)
    rng = np.random.default_rng(1)
    patches = random_convnet._random_patches(train, 20_000, rng)
    x = patches - patches.mean(axis=1, keepdims=True)
    x /= np.sqrt(x.var(axis=1, ddof=1, keepdims=True) + 10)
    np.testing.assert_allclose(random_convnet._normalized(patches), x)
    np.testing.assert_allclose(net._mean, x.mean(axis=0), atol=0.06)
    values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
    expected = (vectors * values / (values + 0.1)) @ vectors.T
    found = np.cov((x - net._mean) @ net._whiten, rowvar=False)
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_features_are_pooled_responses_of_whitened_patches(images):
    train, _ = images
    net = RandomConvNet(train, filters=3, seed=0)
    filters = net._filters
    np.testing.assert_allclose(np.linalg.norm(filters, axis=1), 1)
    responses = by_hand(net, filters, train[0])
    expected = [
        np.maximum(sign * responses[rows, columns] - 0.25, 0).sum(axis=(0, 1))
        for rows in (slice(13), slice(13, 27))
        for columns in (slice(13), slice(13, 27))
        for sign in (1, -1)
    ]
    found = net._features(train[:1], filters)[0]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-3)


@pytest.fixture
def small_blocks(monkeypatch):
    """Sets block sizes that do not divide the numbers of features or points."""
    monkeypatch.setattr(random_convnet, "_FILTERS", 7)
    monkeypatch.setattr(distances, "BLOCK", 16)


def test_distances_equal_those_of_all_features_at_once(images, small_blocks):
    train, test = images
    net = RandomConvNet(train, filters=20, seed=0)
    blocks = list(net.blocks(train, test))
    assert [block.shape[1] for block, _ in blocks] == [56, 56, 48]
    a, b = (np.concatenate(side, axis=1) for side in zip(*blocks, strict=True))
    # Standardized features, whatever their number.
    assert np.square(a).sum(axis=1).mean() == pytest.approx(1, rel=1e-3)
    found = distances.squared_distances(blocks, 60, 15, lambda text: None)
    for matrix, left in ((found.square, a), (found.across, b)):
        expected = np.square(left[:, None] - a).sum(axis=-1)
        if matrix is found.square:
            matrix, expected = np.triu(matrix), np.triu(expected)
        np.testing.assert_allclose(matrix, expected, atol=1e-4)


def test_a_subset_of_distances_equals_distances_of_the_subset():
    x = np.random.default_rng(0).normal(size=(9, 3)).astype("float32")
    tests = np.zeros((0, 3), "float32")
    whole = distances.squared_distances([(x, tests)], 9, 0, lambda text: None)
    rows, others = np.array([1, 2, 4, 8]), np.array([5, 0, 3])
    found = whole.part(rows, others)
    expected = distances.squared_distances(
        [(x[rows], x[others])], 4, 3, lambda text: None
    )
    np.testing.assert_allclose(
        np.triu(found.square), np.triu(expected.square), atol=1e-5
    )
    np.testing.assert_allclose(found.across, expected.across, atol=1e-5)


def test_filters_depend_only_on_the_seed(images):
    train, _ = images
    first, again, other = (
        RandomConvNet(train, filters=5, seed=seed)._filters
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_rows_fit_and_choose_on_held_out_training_images(tmp_path):
    config = RunConfig(randomize="none", train_examples=400)
    names = ["sample_raw", "sample_convnet"]
    records = [table3.demonstrate(config, name, [8]) for name in names]
    (raw,), (convnet, ridge) = (record.tables["machine"] for record in records)
    assert records[1].name == "sample_convnet,train_examples=400,filters=8"
    assert ridge["row"] == "sample_convnet_ridge"
    assert raw["train"] == 400
    assert raw["ridge"] == convnet["ridge"] == 0 < ridge["ridge"]
    assert 40 < convnet["test error %"] < raw["test error %"] < 80
    assert ridge["norm"] < convnet["norm"]
    choices = [
        choice
        for record in records
        for choice in record.tables["choices on held-out training images"]
    ]
    for row in (raw, convnet, ridge):
        best = min(
            (choice for choice in choices if choice["row"] == row["row"]),
            key=lambda t: t["held-out error %"],
        )
        assert (row["gamma"], row["ridge"]) == (best["gamma"], best["ridge"])


def test_distances_are_recovered_from_a_kernel(monkeypatch):
    for module in (cholesky, distances):
        monkeypatch.setattr(module, "BLOCK", 4)
    x = np.random.default_rng(0).normal(size=(15, 3)).astype("float32")
    given = distances.squared_distances(
        [(x[:10], x[10:])], 10, 5, lambda text: None
    )
    kernel = given.copy()
    kernel.to_kernel(0.7)
    np.testing.assert_allclose(
        np.triu(kernel.square), np.triu(np.exp(-0.7 * given.square)), rtol=1e-6
    )
    KernelClassifier("precomputed").fit(kernel.square, np.arange(10))
    assert not np.allclose(kernel.square, np.triu(kernel.square))  # a factor
    kernel.from_kernel(0.7)
    np.testing.assert_allclose(
        np.triu(kernel.square), np.triu(given.square), atol=1e-5
    )
    np.testing.assert_allclose(kernel.across, given.across, atol=1e-5)
    kernel.to_kernel(2.0)
    np.testing.assert_allclose(
        np.triu(kernel.square), np.triu(np.exp(-2 * given.square)), atol=1e-5
    )


@pytest.mark.slow
def test_each_number_of_filters_is_a_row_and_a_point_of_a_curve():
    config = RunConfig(randomize="none", train_examples=300)
    record = table3.demonstrate(config, "sample_convnet", [4, 2])
    rows = record.tables["machine"]
    assert record.name == "sample_convnet,train_examples=300,filters=2_4"
    assert [row["filters"] for row in rows] == [2, 2, 4, 4]
    gains = [row["points per doubling"] for row in rows]
    errors = [row["test error %"] for row in rows]
    assert gains == [
        None,
        None,
        pytest.approx(errors[0] - errors[2]),
        pytest.approx(errors[1] - errors[3]),
    ]
    assert record.figures["filters"].startswith(b"\x89PNG")
    single = table3.demonstrate(config, "sample_convnet", [4])
    assert single.figures == {}
    for row, same in zip(single.tables["machine"], rows[2:], strict=True):
        for column in ("row", "gamma", "held-out error %", "test error %"):
            assert row[column] == same[column]


def test_trends_are_lines_in_log2_of_the_filters():
    rows = [
        {
            "row": name,
            "filters": filters,
            "test error %": error + more,
            "paper %": paper,
        }
        for filters, error in ((1_000, 40.0), (4_000, 34.0), (8_000, 31.0))
        for name, paper, more in (("plain", 17.0, 0.0), ("ridge", 15.0, -2.0))
    ]
    gains = [
        row["points per doubling"] for row in filter_curve.with_gains(rows)
    ]
    assert gains == [None, None, *[pytest.approx(3)] * 4]
    assert filter_curve.trends(rows) == [
        {
            "row": name,
            "points per doubling": pytest.approx(3),
            "extrapolated to 32,000 filters, %": pytest.approx(at_papers),
            "paper %": paper,
        }
        for name, at_papers, paper in (("plain", 25, 17.0), ("ridge", 23, 15.0))
    ]


def test_images_are_uncropped_and_labels_true(sample):
    config = RunConfig(randomize="labels", train_examples=50)
    train, test = load_samples(config)
    assert train.images.shape == (50, 32, 32, 3)
    assert len(test) == 1_000
    np.testing.assert_array_equal(test.labels, sample.test.true_labels)
