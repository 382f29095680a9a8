"""BatchNorm's statistics are recomputed at the weights that are evaluated."""

import json
import os
import pathlib
import sys

import keras
import numpy as np
import pytest

from rethink_keras import RunConfig, data, models, pipeline, run, training
from rethink_keras.models.layers import BatchNormalization
from rethink_keras.results import read_predictions
from rethink_keras.training.statistics import BatchStatistics
from tests.support.processes import finish

ROOT = pathlib.Path(__file__).parents[2]
SIDE, CLASSES, BATCH = 4, 3, 20
EPOCHS = 3


def make_examples(count: int = 300) -> data.Examples:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count).astype("int32")
    return data.Examples(
        images=rng.normal(size=(count, SIDE, SIDE, 2)).astype("float32"),
        labels=labels,
        true_labels=labels,
        ids=np.arange(count, dtype="int64"),
    )


def make_model(norm=BatchNormalization, momentum=0.9, dropout=0.0):
    """Builds a convolution, BatchNorm, dropout and a dense classifier."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((SIDE, SIDE, 2))
    x = keras.layers.Conv2D(5, 3, use_bias=False, name="conv")(inputs)
    x = norm(momentum=momentum, name="norm")(x)
    x = keras.layers.Dropout(dropout)(keras.layers.ReLU()(x))
    outputs = keras.layers.Dense(CLASSES)(keras.layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(0.3 * rng.normal(size=weight.shape))
    return model


def make_batches() -> pipeline.TrainingBatches:
    return pipeline.TrainingBatches(
        make_examples(), batch_size=BATCH, seed=0, epochs=range(EPOCHS)
    )


def train(model, rate=0.3):
    batches = make_batches()
    trainer = training.Trainer(
        model,
        models.sgd(
            rate, decay=1.0, momentum=0.9, steps_per_epoch=batches.steps
        ),
        epochs=EPOCHS,
        steps_per_epoch=batches.steps,
    )
    history = trainer.train(
        batches, pipeline.EvaluationBatches(make_examples())
    )
    return trainer, history


def expected_statistics(model) -> list[np.ndarray]:
    """Returns mean and variance over the last epoch's first ten batches."""
    conv = keras.Model(model.inputs, model.get_layer("conv").output)
    means, variances = [], []
    for images, *_ in list(make_batches().dataset())[-15:-5]:
        values = np.asarray(conv(images), "float64").reshape(-1, 5)
        means.append(values.mean(axis=0))
        variances.append(values.var(axis=0))
    return [np.mean(means, axis=0), np.mean(variances, axis=0)]


def moving_statistics(model) -> list[np.ndarray]:
    norm = model.get_layer("norm")
    return [np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)]


@pytest.mark.parametrize(
    "norm", [BatchNormalization, keras.layers.BatchNormalization]
)
def test_statistics_are_computed_at_the_final_weights(norm):
    model = make_model(norm)
    train(model)
    for found, expected in zip(
        moving_statistics(model), expected_statistics(model), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_results_do_not_depend_on_batch_norms_momentum():
    losses, statistics = [], []
    for momentum in (0.1, 0.99):
        model = make_model(momentum=momentum, dropout=0.3)
        _, history = train(model)
        losses.append(history["test_loss"])
        statistics.append(moving_statistics(model))
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for one, other in zip(*statistics, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_recomputing_statistics_does_not_affect_training(monkeypatch):
    """It changes neither the weights nor the random state of dropout."""
    trained = []
    for recompute in (True, False):
        if not recompute:
            monkeypatch.setattr(
                training.loop, "recompute_statistics", lambda *_: None
            )
        model = make_model(dropout=0.3)
        train(model)
        trained.append([np.asarray(w) for w in model.trainable_variables])
    for one, other in zip(*trained, strict=True):
        np.testing.assert_array_equal(one, other)


def test_frozen_layers_keep_their_statistics():
    model = make_model()
    model.get_layer("norm").trainable = False
    train(model, rate=0.01)
    mean, variance = moving_statistics(model)
    np.testing.assert_array_equal(mean, np.zeros(5))
    np.testing.assert_array_equal(variance, np.ones(5))


@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_subclassed_models_need_not_mention_training(momentum):
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = make_model(momentum=momentum)
            self.never_called = keras.layers.BatchNormalization()

        def call(self, images):
            return self.inner(images)

    model = Subclassed()
    model(np.zeros((1, SIDE, SIDE, 2), "float32"))
    train(model, rate=0.01)
    for found, expected in zip(
        moving_statistics(model.inner),
        expected_statistics(model.inner),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_renormalized_layers_keep_their_moving_averages(monkeypatch):
    def norm(**options):
        return keras.layers.BatchNormalization(renorm=True, **options)

    found = []
    for recompute in (True, False):
        if not recompute:
            monkeypatch.setattr(
                training.loop, "recompute_statistics", lambda *_: None
            )
        model = make_model(norm=norm)
        train(model, rate=0.01)
        found.append(np.array(moving_statistics(model)))
    np.testing.assert_array_equal(*found)
    assert (found[0][1] != 1).all()


class NormTwice(keras.layers.Layer):
    """Calls a BatchNorm layer twice and another one never."""

    def __init__(self):
        super().__init__()
        self.used = keras.layers.BatchNormalization(momentum=0.9)
        self.unused = keras.layers.BatchNormalization(momentum=0.9)

    def build(self, shape):
        self.used.build(shape)
        self.unused.build(shape)

    def call(self, images, training=False):
        once = self.used(images, training=training)
        return self.used(3 * once + 1, training=training)


def test_statistics_do_not_depend_on_the_number_of_calls():
    """A layer called twice averages both; one never called keeps its own."""
    layer = NormTwice()
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layer(inputs))
    images = np.random.default_rng(0).normal(5, 2, (1000, 2)).astype("float32")
    statistics = BatchStatistics(model)
    found = statistics.of_batch(
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
        images,
    )
    by_variable = dict(zip(map(id, statistics.variables), found, strict=True))
    # The second call normalizes images of mean 1 and variance 9.
    first, second = 0.9 / 1.9, 1 / 1.9
    for variable, expected in (
        (layer.used.moving_mean, first * images.mean(axis=0) + second),
        (layer.used.moving_variance, first * images.var(axis=0) + 9 * second),
        (layer.unused.moving_mean, np.zeros(2)),
        (layer.unused.moving_variance, np.ones(2)),
    ):
        np.testing.assert_allclose(
            by_variable[id(variable)], expected, rtol=2e-3
        )


DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.training import test_statistics as here
from rethink_keras import models, training
devices = training.find_devices(sys.argv[2])
with devices.scope():
    model = here.make_model()
    steps = training.Trainer(
        model,
        models.sgd(0.1, decay=1.0, momentum=0.9, steps_per_epoch=15),
        epochs=1,
        steps_per_epoch=15,
    ).steps
training.recompute_statistics(steps, here.make_batches(), 2)
found = [array.tolist() for array in here.moving_statistics(model)]
print(json.dumps([devices.replicas, *found]))
"""


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_statistics_do_not_depend_on_replicas_or_backend(backend):
    if backend == "jax":
        pytest.importorskip("jax", reason="the extra [jax] is not installed")
    environment = {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    done = finish(
        [sys.executable, "-c", DRIVER, str(ROOT), "mirrored"],
        timeout=240,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    replicas, *found = json.loads(done.stdout.splitlines()[-1])
    assert replicas == 2
    for statistic, expected in zip(
        found, expected_statistics(make_model()), strict=True
    ):
        np.testing.assert_allclose(statistic, expected, rtol=1e-4, atol=1e-5)


def test_a_run_saves_the_model_that_it_evaluated(tmp_path):
    """The loaded model has the run's weights, accuracies and margins."""
    config = RunConfig(
        model="small_inception",
        train_examples=40,
        epochs=2,
        randomize="labels",
        label_corruption=0.5,
    )
    result = run(config, tmp_path, verbose=False)
    assert result["batch_norm_statistics"] == "recomputed"
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert training.fingerprint_of(model) == result["weights"]
    saved = read_predictions(tmp_path)
    loaded = data.load("cifar10_sample")
    for split, accuracy in (
        ("train", result["train_accuracy"]),
        ("test", result["test_accuracy_corrupted"]),
    ):
        found, examples = saved[split], getattr(loaded, split)
        hits = found.prediction == found.label
        assert hits.mean() == pytest.approx(accuracy)
        np.testing.assert_array_equal(found.margin > 0, hits)
        np.testing.assert_array_equal(
            found.true_label, examples.true_labels[found.index]
        )
        images = pipeline.whiten(
            pipeline.centre_crop(examples.images[found.index])
        )
        logits = model.predict(images, verbose=0)
        rows = np.arange(len(logits))
        others = logits.copy()
        others[rows, found.label] = -np.inf
        margin = logits[rows, found.label] - others.max(axis=1)
        np.testing.assert_allclose(found.margin, margin, rtol=2e-3, atol=2e-3)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probability = powers[rows, found.label] / powers.sum(axis=1)
        np.testing.assert_allclose(found.probability, probability, atol=1e-3)
