"""Training steps, learning rate schedule, metrics and evaluation."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import (
    DivergenceError,
    InputError,
    data,
    models,
    pipeline,
    training,
)
from rethink_keras.config import MODELS
from rethink_keras.training.backends import make_steps
from rethink_keras.training.metrics import cross_entropy, evaluation_sums


def make_examples(count: int, shape=(6, 6, 1), num_classes: int = 3):
    rng = np.random.default_rng(count)
    labels = rng.integers(0, num_classes, count).astype("int32")
    return data.Examples(
        images=rng.normal(size=(count, *shape)).astype("float32"),
        labels=labels,
        true_labels=np.roll(labels, 1),
        ids=np.arange(count, dtype="int64"),
    )


def linear_model(
    weight_decay: float = 0.0, num_classes: int = 3
) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 1))
    outputs = keras.layers.Dense(
        num_classes,
        kernel_regularizer=keras.regularizers.L2(weight_decay / 2),
    )(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, outputs)


def fit(model, examples, *, epochs=2, batch_size=4, rate=0.1, callbacks=()):
    steps = -(-len(examples) // batch_size)
    trainer = training.Trainer(
        model,
        models.sgd(rate, decay=0.95, momentum=0.9, steps_per_epoch=steps),
        epochs=epochs,
        steps_per_epoch=steps,
    )
    history = trainer.train(
        pipeline.TrainingBatches(
            examples, batch_size=batch_size, seed=0, epochs=range(epochs)
        ),
        pipeline.EvaluationBatches(examples),
        callbacks,
    )
    return trainer.steps, history


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_a_penalty_of_activations_is_trained_on_but_not_logged():
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Dense(
        3, activity_regularizer="l2", kernel_regularizer="l2"
    )(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, x)
    _, history = fit(model, make_examples(8))
    kernel = model.trainable_variables[0].numpy()
    assert history["penalty"][-1] == pytest.approx(0.01 * (kernel**2).sum())


def test_steps_are_sgd_with_momentum_and_coupled_weight_decay():
    """Two steps on one batch match an implementation in NumPy and float64."""
    decay, rate, momentum = 0.3, 0.1, 0.9
    examples = make_examples(8)
    model = linear_model(decay)
    kernel, bias = (v.numpy().astype("float64") for v in model.weights)
    optimizer = models.sgd(
        rate, decay=0.95, momentum=momentum, steps_per_epoch=10
    )
    steps = make_steps(model, optimizer)
    batches = pipeline.TrainingBatches(
        examples, batch_size=8, seed=0, epochs=range(2)
    )
    steps.train(steps.iterator(batches), 2)

    x = examples.images.reshape(8, -1).astype("float64")
    target = np.eye(3)[examples.labels]
    velocity = [np.zeros_like(kernel), np.zeros_like(bias)]
    for _ in range(2):
        error = (softmax(x @ kernel + bias) - target) / 8
        gradients = [x.T @ error + decay * kernel, error.sum(axis=0)]
        velocity = [
            momentum * v - rate * g
            for v, g in zip(velocity, gradients, strict=True)
        ]
        kernel, bias = kernel + velocity[0], bias + velocity[1]
    for found, expected in zip(model.weights, (kernel, bias), strict=True):
        np.testing.assert_allclose(found.numpy(), expected, 1e-4, atol=1e-6)


def test_loss_and_accuracy_are_means_over_examples_without_the_penalty():
    """With 10 examples in batches of 4, each batch is weighted by its size."""
    examples = make_examples(10)
    model = linear_model(weight_decay=5.0)
    kernel, bias = (v.numpy().astype("float64") for v in model.weights)
    _, history = fit(model, examples, epochs=1, rate=1e-12)
    p = softmax(examples.images.reshape(10, -1) @ kernel + bias)
    loss = -np.log(p[np.arange(10), examples.labels]).mean()
    hits = p.argmax(axis=1) == examples.labels
    assert history["loss"][0] == pytest.approx(loss, rel=1e-4)
    assert history["accuracy"][0] == pytest.approx(hits.mean())
    corrupted = examples.labels != examples.true_labels
    as_true = p.argmax(axis=1)[corrupted] == examples.true_labels[corrupted]
    assert history["corrupted_as_true"][0] == pytest.approx(as_true.mean())
    assert history["penalty"][0] == pytest.approx(
        2.5 * np.square(kernel).sum(), rel=1e-4
    )


def test_the_loss_against_soft_targets_is_their_cross_entropy():
    logits = np.random.default_rng(0).normal(size=(5, 3))
    targets = np.random.default_rng(1).dirichlet(np.ones(3), 5)
    losses = cross_entropy(tf.constant(targets), tf.constant(logits))
    expected = -(targets * np.log(softmax(logits))).sum(axis=1)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_learning_rate_is_a_staircase_over_epochs():
    _, history = fit(linear_model(), make_examples(10), epochs=4, rate=0.1)
    expected = [0.1 * 0.95**epoch for epoch in range(4)]
    np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-6)


def test_evaluation_counts_every_example_once():
    examples = make_examples(1003)
    steps, history = fit(linear_model(), examples, epochs=1)
    found = training.evaluate(steps, pipeline.EvaluationBatches(examples))
    logits = steps._model(examples.images).numpy()
    predicted = logits.argmax(axis=1)
    losses = -np.log(softmax(logits))
    everyone = np.arange(len(examples))
    assert found.loss == pytest.approx(
        losses[everyone, examples.labels].mean(), rel=1e-5
    )
    assert found.loss_true == pytest.approx(
        losses[everyone, examples.true_labels].mean(), rel=1e-5
    )
    assert found.accuracy_by_class == [
        pytest.approx(
            (predicted[examples.true_labels == label] == label).mean()
        )
        for label in range(3)
    ]
    counts = np.bincount(examples.true_labels)
    assert found.chance == pytest.approx(counts.max() / counts.sum())
    clean = examples.labels == examples.true_labels
    hits = predicted == examples.labels
    assert found.accuracy == hits.mean()
    assert found.accuracy_clean == hits[clean].mean()
    assert found.accuracy_corrupted == hits[~clean].mean()
    assert found.accuracy_true == (predicted == examples.true_labels).mean()
    assert history["test_accuracy"] == [found.accuracy_true]
    assert history["test_accuracy_corrupted"] == [found.accuracy]


def test_top_5_breaks_ties_by_class_index():
    """Equal logits are ranked by class index, as in argmax."""
    random = np.random.default_rng(0)
    logits = random.integers(0, 4, (500, 12)).astype("float32")
    labels, true_labels = random.integers(0, 12, (2, 500))
    weights = random.integers(0, 2, 500).astype("float32")
    ranking = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    sums = np.asarray(evaluation_sums(labels, true_labels, logits, weights))
    for found, wanted in zip(sums[2:4], (labels, true_labels), strict=True):
        hits = (ranking == wanted[:, None]).any(axis=1)
        assert found == (weights * hits).sum()


@pytest.mark.parametrize(("num_classes", "has_top5"), [(10, False), (11, True)])
def test_top_5_accuracy_exists_only_above_10_classes(num_classes, has_top5):
    examples = make_examples(40)
    steps, history = fit(
        linear_model(num_classes=num_classes), examples, epochs=1
    )
    found = training.evaluate(steps, pipeline.EvaluationBatches(examples))
    top5 = (found.top5_accuracy, found.top5_accuracy_true)
    assert history["test_top5_accuracy"] == [top5[1]]
    assert all((value is not None) == has_top5 for value in top5)
    if has_top5:
        assert found.accuracy <= top5[0] <= 1


def test_corrupted_accuracy_is_none_without_corrupted_labels():
    examples = make_examples(20)
    examples = dataclasses.replace(examples, true_labels=examples.labels)
    steps, _ = fit(linear_model(), examples, epochs=1)
    found = training.evaluate(steps, pipeline.EvaluationBatches(examples))
    assert found.accuracy_corrupted is None
    assert found.accuracy_clean == found.accuracy == found.accuracy_true


def test_stop_at_loss_stops_after_the_first_epoch_below_it():
    _, full = fit(linear_model(), make_examples(12), epochs=6)
    threshold = full["loss"][2] + 1e-6
    _, history = fit(
        linear_model(),
        make_examples(12),
        epochs=6,
        callbacks=[training.StopAtLoss(threshold)],
    )
    losses = history["loss"]
    assert losses[-1] < threshold
    assert all(loss >= threshold for loss in losses[:-1])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model/0": np.zeros((2, 3), "f4")}, "model/0"),
        ({"model/1": np.zeros(3, "f8")}, "model/1"),
        ({"model/2": np.zeros(3, "f4")}, "model/2"),
        ({"optimizer/0": None}, "optimizer/0"),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(change, named):
    """It differs in shape, in dtype or in the number of variables."""
    model = linear_model()
    trainer = training.Trainer(
        model,
        models.sgd(0.1, decay=1.0, momentum=0.9, steps_per_epoch=1),
        epochs=1,
        steps_per_epoch=1,
    )
    arrays = trainer._state.arrays()
    before = model.get_weights()
    changed = {k: v for k, v in {**arrays, **change}.items() if v is not None}
    checkpoint = training.Checkpoint({}, training.Progress(), 0.0, changed)
    with pytest.raises(
        InputError, match=rf"^checkpoint: {named} is .* overwrite"
    ):
        trainer.restore(checkpoint)
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    trainer.restore(
        training.Checkpoint({}, training.Progress(epoch=1), 0.0, arrays)
    )
    assert trainer.progress.epoch == 1


def test_divergence_error_names_the_first_step_with_a_nan_loss():
    examples = make_examples(12)
    images = examples.images.copy()
    images[7] = np.nan
    poisoned = dataclasses.replace(examples, images=images)
    batches = pipeline.TrainingBatches(
        poisoned, batch_size=2, seed=0, epochs=range(1)
    )
    first = next(
        step
        for step, (batch, *_) in enumerate(batches.dataset(), start=1)
        if np.isnan(batch).any()
    )
    with pytest.raises(DivergenceError, match=rf"at step {first} \(epoch 1\)"):
        fit(linear_model(), poisoned, batch_size=2)


@pytest.mark.seconds
@pytest.mark.parametrize(
    "name",
    ["mlp_1x512", pytest.param("small_inception", marks=pytest.mark.slow)],
)
def test_two_runs_end_with_the_same_bits(name):
    examples = make_examples(48, shape=(8, 8, 3), num_classes=10)
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = MODELS[name].load()(input_shape=(8, 8, 3), dropout=0.2)
        fit(model, examples, batch_size=16, rate=0.01)
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_results_do_not_depend_on_the_number_of_steps_per_call():
    examples = make_examples(40)
    results = []
    for calls in ([6], [1, 2, 3]):
        keras.utils.set_random_seed(0)
        model = linear_model()
        steps = make_steps(
            model,
            models.sgd(0.1, decay=0.9, momentum=0.9, steps_per_epoch=3),
        )
        iterator = steps.iterator(
            pipeline.TrainingBatches(
                examples, batch_size=8, seed=0, epochs=range(2)
            )
        )
        for count in calls:
            steps.train(iterator, count)
        results.append(model.get_weights())
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_model_receives_the_batches_of_the_pipeline():
    seen = []

    class Spy(keras.layers.Layer):
        def call(self, inputs):
            tf.py_function(lambda x: seen.append(x.numpy()), [inputs], [])
            return inputs

    examples = make_examples(6)
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Flatten()(Spy()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    seen.clear()
    fit(model, examples, epochs=1, batch_size=6)
    batch = next(
        iter(
            pipeline.TrainingBatches(
                examples, batch_size=6, seed=0, epochs=range(1)
            ).dataset()
        )
    )
    np.testing.assert_array_equal(seen[0], batch[0])


def test_an_unsupported_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(InputError, match=r"KERAS_BACKEND=torch: must be"):
        make_steps(linear_model(), keras.optimizers.SGD())


def test_many_networks_in_a_process_cause_no_warning_of_retracing(caplog):
    batches = pipeline.EvaluationBatches(make_examples(8))
    for _ in range(6):
        steps = make_steps(linear_model(), keras.optimizers.SGD())
        training.evaluate(steps, batches)
    assert "retracing" not in caplog.text
