"""Networks and optimizers of one's own that a run cannot use."""

import pathlib

import keras
import numpy as np
import pytest

from rethink_keras import (
    InputError,
    RunConfig,
    RunResult,
    run,
)
from rethink_keras.config import MODELS, register_model
from rethink_keras.keras_settings import keras_settings
from rethink_keras.runs import build_model
from rethink_keras.runs.arguments import resolve
from rethink_keras.runs.network import mark_trained
from rethink_keras.runs.optimizers import (
    check_replicas,
    copy_of,
    description_of,
)
from tests.runs.test_own_runs import CONFIG, SHAPE, own_run
from tests.support.own import build, pair, rescaled

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "own_networks.md"


class Undescribed(keras.Model):
    """A network without a config, whose error has many lines."""

    def __init__(self, classes):
        super().__init__()
        self.dense = keras.layers.Dense(classes)

    def call(self, images):
        return self.dense(keras.ops.reshape(images, (len(images), -1)))


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras cannot find by name."""

    def __call__(self, step):
        return 0.01

    def get_config(self):
        return {}


def of_float16(input_shape, num_classes):
    with keras_settings(dtype_policy="mixed_float16"):
        return build(input_shape, num_classes)


def by_list():
    optimizer = keras.optimizers.AdamW()
    variables = build(SHAPE, 3).trainable_variables
    optimizer.exclude_from_weight_decay(var_list=variables)
    return optimizer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": Undescribed(3)}, "model: a Undescribed cannot be copied"),
        ({"model": lambda: 0}, "model=lambda: cannot be built .*0 positional"),
        (
            {"model": keras.applications.MobileNetV2},
            "model=MobileNetV2: cannot",
        ),
        (
            {"optimizer": keras.optimizers.SGD(Schedule())},
            "optimizer=SGD: cannot be copied .*Schedule",
        ),
        (
            {"optimizer": by_list()},
            "optimizer=AdamW: exclude_from_weight_decay",
        ),
        ({"data": ((np.zeros((9, 1, 1)), [0, 1, 2] * 3),) * 2}, "center_crop"),
    ],
)
def test_what_cannot_be_used_names_the_argument(tmp_path, changes, message):
    given = {"model": build, "data": pair(), **changes}
    with pytest.raises(InputError, match=message) as raised:
        run(CONFIG, tmp_path / "wrong", verbose=False, **given)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize("minutes", [None, "5", -1, float("nan")])
def test_minutes_between_checkpoints_are_a_number(tmp_path, minutes):
    with pytest.raises(InputError, match=r"checkpoint_minutes=.*: must be a"):
        own_run(tmp_path / "wrong", checkpoint_minutes=minutes)
    assert not (tmp_path / "wrong").exists()


def test_a_builder_must_build_a_new_network_in_each_call():
    model = build(SHAPE, 3)
    network = resolve(
        CONFIG,
        model=lambda *_: model,
        data=None,
        optimizer=None,
        callbacks=(),
    ).network
    for _ in range(2):
        assert build_model(CONFIG, SHAPE, 3, network) is model
    mark_trained(model)
    with pytest.raises(InputError, match="layers of an earlier run"):
        build_model(CONFIG, SHAPE, 3, network)


@pytest.fixture
def received():
    """The values of `batch_norm` that a registered builder receives."""
    values = []

    @register_model(
        "own", learning_rate=0.1, epochs=1, batch_size=30, batch_norm=True
    )
    def own(input_shape, num_classes, *, batch_norm):
        values.append(batch_norm)
        return build(input_shape, num_classes)

    yield values
    MODELS.pop("own", None)


def test_batch_norm_reaches_a_builder_that_is_registered_with_it(
    tmp_path, received
):
    for options in ({}, {"batch_norm": False}):
        config = RunConfig(model="own", **options)
        run(config, tmp_path / str(options), data=pair(), verbose=False)
    assert received == [True, False]


def test_batch_norm_needs_a_registered_builder_and_the_texts_say_so():
    with pytest.raises(InputError, match="batch_norm=False: requires model="):
        RunConfig(batch_norm=False)
    for text in (run.__doc__, PAGE.read_text()):
        assert "register_model(..., batch_norm=True)" in text


@pytest.mark.parametrize("batch_norm", [True, False])
def test_only_a_builder_that_takes_batch_norm_is_registered_with_it(batch_norm):
    options = {"learning_rate": 0.1, "epochs": 1, "batch_size": 30}
    register = register_model("other", **options, batch_norm=batch_norm)
    with pytest.raises(InputError, match="of other takes no batch_norm"):
        register(build)
    assert "other" not in MODELS


def test_a_folder_of_the_name_of_a_data_set_is_no_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"model": None, "optimizer": None, "callbacks": ()}
    pathlib.Path("mnist").mkdir()
    config = resolve(RunConfig(data_dir="a"), data="mnist", **given).config
    assert (config.dataset, config.data_dir) == ("mnist", "a")
    pathlib.Path("mnist/train/cat").mkdir(parents=True)
    config = resolve(RunConfig(), data="mnist", **given).config
    assert (config.dataset, config.data_dir) == ("mnist", str(tmp_path))


def decayed(optimizer):
    """The names of variables that an optimizer decays."""
    variables = build(SHAPE, 3).trainable_variables
    return {v.name for v in variables if optimizer._use_weight_decay(v)}


def test_a_copy_of_an_optimizer_decays_the_same_variables():
    given = keras.optimizers.AdamW()
    given.exclude_from_weight_decay(var_names=["gamma", "bias"])
    copy = copy_of(given)
    assert decayed(copy) == {"kernel"}
    described = description_of(copy)
    assert described == description_of(given)
    assert described["exclude_from_weight_decay"] == ["bias", "gamma"]
    assert described != description_of(keras.optimizers.AdamW())


def test_a_result_of_an_earlier_version_holds_no_network(tmp_path):
    with pytest.raises(InputError, match=r"holds no model\.keras"):
        _ = RunResult({"epochs": 1}, tmp_path).model


def test_optimizers_are_described_without_the_names_that_keras_numbers():
    def described():
        inner = keras.optimizers.SGD(0.1, momentum=0.9)
        return description_of(keras.optimizers.LossScaleOptimizer(inner))

    assert described() == described()
    assert "momentum" in str(described())


@pytest.mark.parametrize(
    "options",
    [
        {"gradient_accumulation_steps": 2},
        {"use_ema": True, "ema_overwrite_frequency": 2},
    ],
)
def test_replicas_would_not_update_under_a_condition(options):
    """Keras would fail in the first step."""
    optimizer = keras.optimizers.SGD(0.1, **options)
    check_replicas(optimizer, 1)
    name = list(options)[-1]
    with pytest.raises(InputError, match=f"{name}=2: Keras does not support"):
        check_replicas(optimizer, 2)


@pytest.mark.parametrize("option", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_replicas_would_not_clip_the_whole_gradient(option):
    optimizer = keras.optimizers.SGD(0.1, **{option: 1.0})
    scaled = keras.optimizers.LossScaleOptimizer(optimizer)
    for given in (optimizer, scaled):
        check_replicas(given, 1)
        with pytest.raises(InputError, match=rf"{option}=1.0 would clip"):
            check_replicas(given, 2)
    check_replicas(None, 2)
    check_replicas(keras.optimizers.SGD(0.1), 2)


class Forgetful(keras.optimizers.SGD):
    """An optimizer whose config does not hold its own option."""

    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor


def test_an_optimizer_whose_config_lacks_an_option_is_refused():
    copy_of(Forgetful(learning_rate=0.1))
    with pytest.raises(InputError, match=r"does not hold factor=0\.5"):
        copy_of(Forgetful(0.5, learning_rate=0.1))


def test_several_optimizers_are_refused():
    with pytest.raises(InputError, match="has no learning rate of its own"):
        copy_of(keras.optimizers.MultiOptimizer([]))


@pytest.mark.parametrize(
    ("options", "changes", "message"),
    [
        ({"weight_decay": 1e-3}, {}, "weight_decay=0.001: model=build takes"),
        ({"dropout": 0.5}, {}, "dropout=0.5: model=build takes no dropout"),
        ({"model": "mlp_3x512"}, {}, "both model=mlp_3x512 in the config"),
        ({"dataset": "mnist"}, {}, "both dataset=mnist in the config"),
        ({"learning_rate": 1}, {"optimizer": "sgd"}, "learning_rate=1"),
        (
            {"precision": "mixed_bfloat16"},
            {"model": build(SHAPE, 3)},
            "precision=mixed_bfloat16: .* in float32;",
        ),
        ({}, {"model": of_float16}, "in float16; pass a function"),
        (
            {"standardize": False},
            {"model": rescaled},
            "are scaled to 0 to 1 already",
        ),
        ({"model": "mlp_3x512"}, {"model": "small_alexnet"}, "both model=mlp"),
        ({"dataset": "mnist"}, {"data": "cifar10"}, "both dataset=mnist"),
        ({"data_dir": "a"}, {"data": pathlib.Path("tests")}, "both data_dir=a"),
        ({"image_size": 32}, {}, "image_size=32 streams"),
        ({}, {"resume": "must", "overwrite": True}, "resume=must: cannot be"),
    ],
)
def test_contradictions_are_refused(tmp_path, options, changes, message):
    with pytest.raises(InputError, match=message):
        own_run(tmp_path / "wrong", RunConfig(**options), **changes)
    assert not (tmp_path / "wrong").exists()
