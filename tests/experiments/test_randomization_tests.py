"""The randomization test of a network of one's own."""

import dataclasses
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError, RunConfig, randomization_test
from rethink_keras.cli.choosing import is_typed
from rethink_keras.data import from_arrays
from rethink_keras.experiments import randomization_tests
from rethink_keras.pipeline.randomized_data import randomize
from rethink_keras.runs import InMemoryInputs
from tests.support.own import build, pair

ROOT = pathlib.Path(__file__).parents[2]

CONFIG = RunConfig(batch_size=20, learning_rate=0.1)
# Without the current directory in sys.path, like the console script.
COMMAND = (sys.executable, "-P", "-m", "rethink_keras.cli.console")
BUILDER = "tests.support.own:build"


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    path = tmp_path_factory.mktemp("test")
    return path, randomization_test(
        build,
        pair(),
        kinds=("none", "labels"),
        epochs=40,
        workdir=path,
        config=CONFIG,
        verbose=False,
    )


def test_a_frame_compares_randomized_with_true_labels(tested):
    _, test = tested
    frame = test.to_frame().set_index("randomize")
    assert list(frame.index) == ["none", "labels"]
    assert (frame["train_accuracy"] == 1).all()
    epochs = frame["epochs_to_fit"]
    assert frame["ratio_to_true_labels"].to_list() == [
        1,
        epochs["labels"] / epochs["none"],
    ]


def test_without_kinds_a_test_has_all_conditions(monkeypatch):
    monkeypatch.setattr(randomization_tests, "run", lambda *_, **__: {})
    assert list(randomization_test(build, pair()).results) == [
        "none",
        "labels",
        "shuffled_pixels",
        "random_pixels",
        "gaussian",
    ]


def test_a_finished_test_is_not_run_again(tested):
    path, test = tested
    before = {p: p.stat().st_mtime_ns for p in path.rglob("*") if p.is_file()}
    again = randomization_test(
        build,
        pair(),
        kinds=["labels", "none"],
        epochs=40,
        workdir=path,
        config=CONFIG,
        verbose=False,
    )
    assert again.results == test.results
    assert before == {
        p: p.stat().st_mtime_ns for p in path.rglob("*") if p.is_file()
    }


def test_a_plot_shows_each_randomization(tested):
    curves, bars = tested[1].plot().axes
    shown = [text.get_text() for text in curves.get_legend().get_texts()]
    assert shown == ["true labels", "random labels"]
    accuracies = [100 * r["test_accuracy"] for r in tested[1].results.values()]
    assert [bar.get_width() for bar in bars.patches] == accuracies


def test_a_notebook_shows_the_plot_as_a_picture(tested):
    assert tested[1].plot()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kinds": ("label",)}, "kinds=label: must be among .*did you mean"),
        ({"kinds": ()}, "kinds: empty"),
        ({"kinds": None}, "kinds=None: must be among"),
        ({"workdir": ""}, "workdir=''"),
        (
            {"config": RunConfig(label_corruption=0.5)},
            "label_corruption=0.5 is not a",
        ),
        ({"callbacks": []}, "callbacks: must be a function of the random"),
        ({"config": {"epochs": 1}}, "config: must be a RunConfig"),
        ({"config": RunConfig(random_crop=True)}, "random_crop=True: cannot"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        randomization_test(
            build, pair(), **{"workdir": tmp_path / "run", **changes}
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "kind", ["labels", "shuffled_pixels", "random_pixels", "gaussian"]
)
def test_a_run_trains_on_what_randomize_returns(kind):
    (x, y), test = pair()
    config = RunConfig(randomize=kind, center_crop=False, seed=3)
    inputs = InMemoryInputs.load(config, from_arrays(((x, y), test)).examples)
    images, labels = randomize((x, y), kind=kind, num_classes=3, seed=3)
    np.testing.assert_array_equal(inputs.train_crops.images, images)
    np.testing.assert_array_equal(inputs.train_crops.labels, labels)


def command(tmp_path, *flags, cwd=ROOT):
    return subprocess.run(
        [*COMMAND, "randomization-test", f"--workdir={tmp_path}", *flags],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


MODULES = {
    "tiny.py": """
def build(input_shape, num_classes):
    from neighbour import head
    return head(input_shape, num_classes)
""",
    "neighbour.py": """
import keras

def head(input_shape, num_classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(num_classes),
        ]
    )
""",
}


@pytest.mark.slow
def test_the_command_tests_a_function_of_a_module(tmp_path):
    """It may import its neighbours when it is called."""
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text)
    done = command(
        tmp_path,
        "--model=tiny:build",
        "--train_examples=50",
        "--epochs=1",
        "--kinds=none,labels",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "ratio_to_true_labels" in done.stdout
    assert (tmp_path / "randomization_test.png").stat().st_size > 1000


def test_the_command_imports_no_module_that_a_flagfile_names(tmp_path):
    flagfile = tmp_path / "flags.txt"
    flagfile.write_text(f"--model={BUILDER}\n")
    done = command(tmp_path / "runs", f"--flagfile={flagfile}")
    assert done.returncode == 2
    assert "not in a flagfile" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_options_reach_each_run(tested):
    _, test = tested
    for kind, result in test.results.items():
        expected = dataclasses.replace(CONFIG, randomize=kind, epochs=40)
        assert RunConfig(**result["config"]) == expected


def test_a_data_set_that_reshuffles_is_read_once(tmp_path):
    train, test = map(tf.data.Dataset.from_tensor_slices, pair())
    tested = randomization_test(
        build,
        (train.shuffle(60), test),
        kinds=("none", "gaussian"),
        epochs=1,
        workdir=tmp_path,
        verbose=False,
    )
    none, gaussian = tested.results.values()
    assert none["given"] == gaussian["given"]


def test_a_module_in_another_word_of_the_command_line_is_not_typed(monkeypatch):
    for typed, words in (
        (True, [f"--model={BUILDER}"]),
        (True, ["--model", BUILDER]),
        (False, [f"--workdir={BUILDER}", "--flagfile=a"]),
        (False, ["--workdir", BUILDER, "--flagfile=a"]),
    ):
        monkeypatch.setattr(sys, "argv", ["command", *words])
        assert is_typed("model", BUILDER) == typed


def test_epochs_of_a_named_network_are_those_that_were_given(monkeypatch):
    """Also if they are the default of another network."""
    configs = []

    def record(config, workdir, **options):
        configs.append(config)
        assert options["model"] is None
        return {}

    monkeypatch.setattr(randomization_tests, "run", record)
    randomization_test("small_inception", epochs=60, kinds=["none"])
    randomization_test("small_inception", kinds=["none"])
    assert [config.epochs for config in configs] == [60, 50]
    assert {config.model for config in configs} == {"small_inception"}


def test_each_run_has_callbacks_of_its_own(tmp_path):
    epochs = {}

    def count(kind):
        epochs[kind] = []
        return keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: epochs[kind].append(epoch)
        )

    options = {"kinds": ("none", "labels"), "epochs": 2, "verbose": False}
    randomization_test(
        build, pair(), callbacks=count, workdir=tmp_path, **options
    )
    assert epochs == {"none": [0, 1], "labels": [0, 1]}


def test_a_builder_with_shared_layers_is_refused_before_any_run(tmp_path):
    shared = keras.layers.Dense(3)

    def around(input_shape, num_classes):
        return keras.Sequential(
            [keras.Input(input_shape), keras.layers.Flatten(), shared]
        )

    options = {"workdir": tmp_path / "test", "verbose": False}
    with pytest.raises(InputError, match="must build new ones in each call"):
        randomization_test(around, pair(), **options)
    assert not (tmp_path / "test").exists()


IMPORT = """
import sys
from rethink_keras.cli.randomization_tests import _builder
builder = _builder(sys.argv[1].removeprefix("--model="))
print(builder.__module__, builder.__name__, sys.path[-1])
"""


@pytest.mark.parametrize("path", ["tiny.py", "{}/tiny.py"])
def test_a_function_may_be_named_by_its_file(tmp_path, path):
    """The directory of the file stays in the path, for its imports."""
    (tmp_path / "tiny.py").write_text(MODULES["tiny.py"])
    model = f"--model={path.format(tmp_path)}:build"
    done = subprocess.run(
        [sys.executable, "-P", "-c", IMPORT, model],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.stdout.split() == ["tiny", "build", str(tmp_path)], done.stderr
