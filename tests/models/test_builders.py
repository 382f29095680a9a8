"""Parameter counts, options and layers of the networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError
from rethink_keras.config import MODELS
from rethink_keras.models import (
    LocalResponseNormalization,
    inception_v3,
    small_inception,
)
from rethink_keras.models.layers import BatchNormalization
from rethink_keras.runs import parameters

SMALL = [name for name in MODELS if name != "inception_v3"]


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("small_inception", {}, 1_649_402),
        ("small_inception", {"batch_norm": False}, 1_649_402),
        ("inception_v3", {}, 23_817_352),
        ("inception_v3", {"batch_norm": False}, 23_817_352),
        ("small_alexnet", {}, 1_387_786),
        ("mlp_1x512", {}, 1_209_866),
        ("mlp_3x512", {}, 1_735_178),
        ("small_resnet", {}, 1_198_810),
        ("small_vit", {}, 1_203_722),
    ],
)
def test_number_of_trainable_parameters(name, options, count):
    assert parameters(MODELS[name].load()(**options)) == count


@pytest.mark.parametrize("name", SMALL)
def test_builders_accept_other_image_sizes_and_numbers_of_classes(name):
    model = MODELS[name].load()(input_shape=(24, 20, 1), num_classes=7)
    logits = model(np.zeros((3, 24, 20, 1), "float32"))
    assert logits.shape == (3, 7)


@pytest.mark.parametrize("name", SMALL)
def test_outputs_are_float32_logits_under_every_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = MODELS[name].load()()
    finally:
        keras.config.set_dtype_policy(before)
    images = np.random.default_rng(0).normal(size=(4, 28, 28, 3))
    logits = model(images.astype("float32"))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert model.layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_computes_in_float64(training):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 5, 5, 3))
    outputs = [
        np.asarray(layer(dtype="float64")(images, training=training))
        for layer in (BatchNormalization, keras.layers.BatchNormalization)
    ]
    assert outputs[0].dtype == np.float64
    np.testing.assert_array_equal(*outputs)


def test_batch_norm_can_be_disabled():
    for switch in (True, False):
        model = small_inception(batch_norm=switch)
        kinds = [type(layer) for layer in model.layers]
        assert kinds.count(BatchNormalization) == 19 * switch


@pytest.mark.parametrize("name", SMALL)
def test_weight_decay_penalizes_half_the_squared_norm_of_kernels(name):
    model = MODELS[name].load()(weight_decay=0.01)
    kernels = [v for v in model.trainable_variables if v.name == "kernel"]
    expected = sum(
        0.005 * np.sum(np.square(kernel.numpy().astype("float64")))
        for kernel in kernels
    )
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert not MODELS[name].load()().losses


@pytest.mark.parametrize("name", SMALL)
def test_dropout_is_active_only_in_training(name):
    images = np.random.default_rng(0).normal(size=(8, 28, 28, 3))
    images = images.astype("float32")
    keras.utils.set_random_seed(0)
    dropped = MODELS[name].load()(dropout=0.5)
    plain = MODELS[name].load()()
    plain.set_weights([v.numpy() for v in dropped.weights])
    np.testing.assert_allclose(dropped(images), plain(images), rtol=1e-6)
    first, second = (dropped(images, training=True) for _ in range(2))
    assert not np.array_equal(first, second)


# Inception V3


@pytest.mark.seconds
def test_inception_v3_equals_keras_applications():
    shape = (80, 75, 3)
    keras.utils.set_random_seed(0)
    model = inception_v3(shape, num_classes=20)
    reference = keras.applications.InceptionV3(
        weights=None, input_shape=shape, classes=20, classifier_activation=None
    )
    reference.set_weights(model.get_weights())
    images = np.random.default_rng(0).normal(size=(2, *shape)).astype("f4")
    np.testing.assert_allclose(model(images), reference(images), atol=1e-5)


@pytest.mark.slow
def test_inception_v3_supports_the_options_of_the_small_networks():
    model = inception_v3(
        (75, 75, 1),
        num_classes=7,
        weight_decay=0.01,
        dropout=0.5,
    )
    kernels = [v for v in model.trainable_variables if v.name == "kernel"]
    assert len(kernels) == 95
    expected = sum(
        0.005 * float(keras.ops.sum(keras.ops.square(kernel)))
        for kernel in kernels
    )
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-4)
    fused = [isinstance(x, BatchNormalization) for x in model.layers]
    assert sum(fused) == 94
    images = np.random.default_rng(0).normal(size=(2, 75, 75, 1))
    images = images.astype("float32")
    assert model(images).shape == (2, 7)
    dropped = [np.asarray(model(images, training=True)) for _ in range(2)]
    assert not np.array_equal(*dropped)


def test_inception_v3_rejects_images_smaller_than_75():
    with pytest.raises(InputError, match=r"image_size=74: .* 75 or more"):
        inception_v3((74, 80, 3))


# Layers


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("channels", [3, 64])
def test_local_response_normalization_equals_tensorflow(policy, channels):
    images = np.random.default_rng(0).normal(size=(2, 5, 5, channels)) * 30
    layer = LocalResponseNormalization(dtype=policy)
    inputs = tf.cast(images, layer.compute_dtype)
    expected = tf.nn.local_response_normalization(
        tf.cast(inputs, "float32"), 4, 1.0, 0.001 / 9, 0.75
    )
    outputs = layer(inputs)
    assert outputs.dtype == layer.compute_dtype
    rounded = tf.cast(tf.cast(expected, layer.compute_dtype), "float32")
    rounding = 1e-5 if policy == "float32" else 2**-7
    np.testing.assert_allclose(
        tf.cast(outputs, "float32"), rounded, rtol=rounding, atol=1e-5
    )


def test_local_response_normalization_with_other_arguments():
    images = np.random.default_rng(1).normal(size=(2, 3, 3, 8)) * 3
    images = images.astype("float32")
    expected = tf.nn.local_response_normalization(images, 2, 2.0, 0.5, 0.6)
    outputs = LocalResponseNormalization(2, 2.0, 0.5, 0.6)(images)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)


def test_local_response_normalization_can_be_serialized():
    layer = LocalResponseNormalization(2, 2.0, 0.5, 0.6)
    copy = LocalResponseNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


def test_fused_batch_norm_equals_keras_batch_norm():
    options = {"scale": False, "epsilon": 1e-3, "momentum": 0.9}
    fused = BatchNormalization(**options)
    plain = keras.layers.BatchNormalization(**options)
    rng = np.random.default_rng(0)
    images = (rng.normal(size=(32, 9, 9, 5)) * 3 + 1).astype("float32")
    for layer in (fused, plain):
        layer.build(images.shape)
        layer.beta.assign(np.arange(5))
    gradients = []
    for layer in (fused, plain):
        with tf.GradientTape() as tape:
            inputs = tf.constant(images)
            tape.watch(inputs)
            objective = tf.reduce_sum(layer(inputs, training=True) ** 3)
        gradients.append(tape.gradient(objective, [inputs, layer.beta.value]))
    np.testing.assert_allclose(gradients[0][0], gradients[1][0], atol=1e-3)
    np.testing.assert_allclose(gradients[0][1], gradients[1][1], rtol=1e-4)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(  # tolerates n - 1 for n in the denominator
        fused.moving_variance, plain.moving_variance, rtol=1e-3
    )
    plain.set_weights(fused.get_weights())
    np.testing.assert_allclose(fused(images), plain(images), atol=1e-4)


def test_batch_norm_updates_its_moving_statistics():
    model = small_inception()
    before = [v.numpy() for v in model.non_trainable_variables]
    images = np.random.default_rng(0).normal(size=(4, 28, 28, 3))
    model(images.astype("float32"), training=True)
    for old, new in zip(before, model.non_trainable_variables, strict=True):
        assert not np.array_equal(old, new.numpy())
