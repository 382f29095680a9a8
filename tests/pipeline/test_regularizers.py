"""Cutout, mixup and label smoothing."""

import dataclasses

import numpy as np
import pytest

from rethink_keras import RunConfig, pipeline, runs, training

COUNT, CLASSES = 400, 10
IDS = np.arange(COUNT, dtype="int64") ** 3


def cut(images, ids=IDS, seed=0, epoch=0):
    return pipeline.cut_out(images, ids, seed=seed, epoch=epoch).numpy()


def mixed(images, targets, ids=IDS, seed=0, epoch=0):
    outputs = pipeline.mix_up(images, targets, ids, seed=seed, epoch=epoch)
    return [output.numpy() for output in outputs]


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(COUNT, 28, 24, 3)).astype("float32")
    labels = rng.integers(0, CLASSES, COUNT).astype("int32")
    return images, labels


def test_cutout_sets_exactly_one_window_to_zero(batch):
    images, _ = batch
    outputs = cut(images)
    gone = (outputs == 0).all(axis=-1)
    np.testing.assert_array_equal(outputs[~gone], images[~gone])
    for mask in gone:
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        np.testing.assert_array_equal(mask, np.outer(rows, columns))
        for side in (rows, columns):
            (found,) = np.nonzero(side)
            assert 6 <= len(found) <= 12
            assert found[-1] - found[0] + 1 == len(found)


def test_cutout_centres_are_uniform():
    images = np.ones((20_000, 28, 28, 1), "float32")
    frequency = (cut(images, np.arange(20_000)) == 0).mean(axis=(0, 3))
    # Row r is cut if the centre is one of r - 6, ..., r + 7.
    near = [min(r + 7, 27) - max(r - 6, 0) + 1 for r in range(28)]
    near = np.array(near) / 28
    np.testing.assert_allclose(frequency, np.outer(near, near), atol=0.02)


def test_mixup_interpolates_neighbours_by_one_ratio_per_example(batch):
    images, labels = batch
    targets = np.eye(CLASSES, dtype="float32")[labels]
    outputs, soft = mixed(images, targets)
    partner = np.roll(labels, 1)
    differ = labels != partner
    lam = soft[np.arange(COUNT), labels]
    assert (lam[differ] >= 0.5).all()
    expected = lam[:, None, None, None] * images + (
        1 - lam[:, None, None, None]
    ) * np.roll(images, 1, axis=0)
    np.testing.assert_allclose(outputs[differ], expected[differ], atol=1e-5)
    np.testing.assert_allclose(soft.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        soft[np.arange(COUNT), partner][differ], 1 - lam[differ], atol=1e-6
    )
    quartiles = np.quantile(lam[differ], (0.25, 0.5, 0.75))
    np.testing.assert_allclose(quartiles, (0.625, 0.75, 0.875), atol=0.04)


@pytest.mark.parametrize("function", ["cut_out", "mix_up"])
def test_results_depend_only_on_seed_epoch_and_example(function, batch):
    images, labels = batch
    targets = np.eye(CLASSES, dtype="float32")[labels]

    def apply(chosen=slice(None), **key):
        if function == "cut_out":
            return cut(images[chosen], IDS[chosen], **key)
        return mixed(images[chosen], targets[chosen], IDS[chosen], **key)[1]

    whole = apply()
    np.testing.assert_array_equal(whole, apply())
    assert not np.array_equal(whole, apply(seed=1))
    assert not np.array_equal(whole, apply(epoch=1))
    part = apply(slice(100, 200))
    np.testing.assert_array_equal(part[1:], whole[101:200])


def test_label_smoothing_spreads_its_amount_over_all_classes():
    smooth = pipeline.smooth(np.array([2, 0], "int32"), 4, 0.1).numpy()
    expected = [[0.025, 0.025, 0.925, 0.025], [0.925, 0.025, 0.025, 0.025]]
    np.testing.assert_allclose(smooth, expected, rtol=1e-6)


def test_without_regularizers_the_targets_are_the_labels():
    assert (
        pipeline.regularization(
            num_classes=3,
            cutout=False,
            mixup=False,
            label_smoothing=0.0,
            seed=0,
        )
        is None
    )
    *_, (_, targets, labels, _) = batches_of(RunConfig())
    np.testing.assert_array_equal(targets, labels)
    assert targets.dtype == np.int32


def batches_of(config):
    config = dataclasses.replace(config, train_examples=40, batch_size=20)
    config = dataclasses.replace(config, epochs=1)
    inputs = runs.make_inputs(config)
    batches = inputs.training_batches(training.Progress())
    return list(batches.dataset().as_numpy_iterator())


@pytest.mark.parametrize(
    "options",
    [
        {"mixup": True},
        {"label_smoothing": 0.2},
        {"cutout": True, "mixup": True, "label_smoothing": 0.1},
        {"cutout": True, "augment": True, "random_crop": True},
    ],
)
def test_training_batches_of_a_run_are_regularized(options):
    plain = batches_of(RunConfig())
    for before, after in zip(
        plain, batches_of(RunConfig(**options)), strict=True
    ):
        images, targets, labels, true_labels = after
        np.testing.assert_array_equal(labels, before[2])
        np.testing.assert_array_equal(true_labels, before[3])
        changed = options.keys() != {"label_smoothing"}
        assert np.array_equal(images, before[0]) != changed
        soft = "mixup" in options or "label_smoothing" in options
        assert targets.ndim == 1 + soft
        if soft:
            np.testing.assert_array_equal(targets.argmax(axis=1), labels)
