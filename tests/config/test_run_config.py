"""Options of a run: defaults, validation, flagfiles and names."""

import json
import pathlib
import re

import numpy as np
import pytest

from rethink_keras import InputError, RunConfig
from rethink_keras.config import MODELS, check_choice


def test_defaults_follow_the_paper_and_the_model():
    inception = RunConfig(dataset="cifar10", model="small_inception")
    assert (inception.learning_rate, inception.learning_rate_decay) == (
        0.1,
        0.95,
    )
    assert inception.batch_norm is True
    assert inception.batch_size == 128
    sizes = {"small_alexnet": 128, "mlp_1x512": 100, "mlp_3x512": 100}
    for model in sizes:
        assert RunConfig(model=model).learning_rate == 0.01
        assert RunConfig(model=model).batch_norm is None
        assert RunConfig(model=model).batch_size == sizes[model]


@pytest.mark.parametrize(
    "options",
    [
        {"model": "resnet"},
        {"randomize": "pixels"},
        {"label_corruption": 1.5},
        {"label_corruption": -0.1},
        {"label_corruption": float("nan")},
        {"label_corruption": 0.5, "randomize": "none"},
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"batch_size": -3},
        {"train_examples": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("inf")},
        {"weight_decay": -1e-4},
        {"dropout": 1.0},
        {"label_smoothing": 1.0},
        {"batch_norm": False, "model": "mlp_1x512"},
        {"validation_examples": 0},
        {"random_crop": True, "randomize": "gaussian"},
        {"random_crop": True, "center_crop": False},
        {"image_size": 32, "center_crop": False},
        {"image_size": 32, "standardize": False},
        {"distort": True, "image_size": 32, "randomize": "gaussian"},
        {"distort": True},
        {"image_size": 32, "random_crop": True},
        {"image_size": 32, "train_examples": 20},
        {"image_size": 32, "validation_examples": 20},
        {"image_size": 7},
        {"random_crop": "false"},
        {"precision": "float16"},
        {"seed": -1},
        {"dataset": ""},
    ],
)
def test_invalid_options_raise_one_line_that_names_the_option(options):
    with pytest.raises(InputError) as error:
        RunConfig(**options)
    message = str(error.value)
    assert "\n" not in message
    assert re.search(": (must be|requires|cannot be combined) ", message)
    assert any(message.startswith(f"{name}=") for name in options)


def test_numpy_scalars_and_paths_become_python_values():
    given = RunConfig(
        data_dir=pathlib.Path("data") / "sets",
        model=np.str_("small_inception"),
        batch_norm=np.bool_(False),
        train_examples=np.int64(100),
        label_corruption=np.float64(0.5),
        weight_decay=np.float32(0.25),
        seed=np.array([3, 4], "uint8")[0],
        epochs=np.array(2),
    )
    plain = RunConfig(
        data_dir="data/sets",
        model="small_inception",
        batch_norm=False,
        train_examples=100,
        label_corruption=0.5,
        weight_decay=0.25,
        seed=3,
        epochs=2,
    )
    assert given == plain
    assert json.dumps(given.as_dict()) == json.dumps(plain.as_dict())
    kinds = [type(value) for value in given.as_dict().values()]
    assert kinds == [type(value) for value in plain.as_dict().values()]


def test_equal_configs_are_written_alike():
    given = RunConfig(label_corruption=1, learning_rate=1, weight_decay=0)
    plain = RunConfig(label_corruption=1.0, learning_rate=1.0, weight_decay=0.0)
    assert given == plain
    assert given.as_flags() == plain.as_flags()
    assert json.dumps(given.as_dict()) == json.dumps(plain.as_dict())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"label_corruption": np.float64(1.5)}, "label_corruption=1.5: "),
        ({"label_corruption": np.float32("nan")}, "label_corruption=nan: "),
        ({"epochs": np.float32(2.5)}, "epochs=2.5: "),
        ({"epochs": np.bool_(True)}, "epochs=True: "),
        ({"seed": np.array([1, 2])}, r"seed=array\(\[1, 2\]\): "),
        ({"model": pathlib.Path("resnet")}, "model='resnet': "),
    ],
)
def test_errors_show_the_value_of_numpy_scalars_and_paths(options, named):
    with pytest.raises(InputError, match=f"^{named}must be"):
        RunConfig(**options)


def test_each_entry_of_the_registry_is_the_builder_of_its_name():
    from rethink_keras import models

    for name, entry in MODELS.items():
        if not entry.own:  # which other tests register
            assert entry.load() is getattr(models, name)


def test_from_flags_inverts_as_flags():
    config = RunConfig(
        dataset="cifar10",
        model="small_inception",
        batch_norm=False,
        label_corruption=0.25,
        learning_rate=0.05,
        train_examples=100,
        seed=3,
    )
    assert RunConfig.from_flags(config.as_flags()) == config
    text = "# comment\n--nobatch_norm\n\n--random_crop\n--seed=1\n--seed=2"
    parsed = RunConfig.from_flags(text, model="small_inception")
    assert (parsed.batch_norm, parsed.random_crop, parsed.seed) == (
        False,
        True,
        2,
    )


def test_retired_options_are_ignored():
    config = RunConfig(model="small_inception", seed=3)
    stored = {**config.as_dict(), "batch_norm_momentum": 0.9}
    assert RunConfig.from_dict(stored) == config
    text = f"{config.as_flags()}--batch_norm_momentum=0.9\n"
    assert RunConfig.from_flags(text) == config
    with pytest.raises(TypeError, match="unknown"):
        RunConfig.from_dict({**stored, "unknown": 1})


@pytest.mark.parametrize(
    "line", ["seed=1", "--sed=1", "--seed=x", "--random_crop=maybe", "--seed"]
)
def test_invalid_lines_of_a_flagfile_raise(line):
    with pytest.raises(InputError, match=r"must (be|have) "):
        RunConfig.from_flags(line)


@pytest.mark.parametrize(
    ("options", "suggested"),
    [
        ({"model": "resnet"}, "small_resnet"),
        ({"precision": "bfloat16"}, "mixed_bfloat16"),
        ({"randomize": "Random-Pixels"}, "random_pixels"),
        ({"model": "vgg"}, None),
        ({"epochs": 0}, None),
    ],
)
def test_errors_suggest_the_most_similar_value(options, suggested):
    with pytest.raises(InputError) as raised:
        RunConfig(**options)
    assert str(raised.value).partition("; did you mean ")[2] == (
        f"{suggested}?" if suggested else ""
    )


def test_errors_in_flagfiles_suggest_the_most_similar_option():
    with pytest.raises(InputError, match=r"; did you mean dropout\?$"):
        RunConfig.from_flags("--drop_out=0.5")
    with pytest.raises(InputError, match=r"; did you mean small_vit\?$"):
        RunConfig.from_flags("--model=small-vit")


def test_a_choice_that_is_not_allowed_is_named_with_those_that_are():
    check_choice("resume", "must", ("auto", "must"))
    with pytest.raises(InputError) as raised:
        check_choice("resume", "mist", ("auto", "must"))
    assert str(raised.value) == (
        "resume=mist: must be one of auto, must; did you mean must?"
    )
