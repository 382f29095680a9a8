"""Runs on real images: results, TensorBoard logs and work directories."""

import dataclasses
import json
import signal

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.plugins.hparams import plugin_data_pb2

from rethink_keras import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    RunConfig,
    run,
)
from rethink_keras.results import find_diverged
from tests.support.processes import scalars
from tests.support.tiny_sets import picture, picture_features, write_set

SMALL = {"train_examples": 200, "epochs": 25}


@pytest.fixture(scope="module")
def labels_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels")
    config = RunConfig(**SMALL, randomize="labels", label_corruption=0.5)
    return path, config, run(config, path, verbose=False)


def test_a_network_memorizes_clean_and_corrupted_labels(labels_run):
    _, _, result = labels_run
    assert result["train_accuracy"] == 1
    assert result["train_accuracy_clean"] == 1
    assert result["train_accuracy_corrupted"] == 1
    assert result["epochs_to_fit"] < 25


def test_random_labels_are_memorized_with_test_accuracy_at_chance(tmp_path):
    """Test accuracy is within five standard deviations of chance."""
    accuracies = {}
    for kind in ("labels", "none"):
        config = RunConfig(**SMALL, randomize=kind)
        accuracies[kind] = run(config, tmp_path / kind, verbose=False)
    noise = 5 * np.sqrt(0.1 * 0.9 / 1_000)
    random, true = accuracies["labels"], accuracies["none"]
    assert random["train_accuracy"] == true["train_accuracy"] == 1
    for name in ("test_accuracy", "test_accuracy_corrupted"):
        assert random[name] == pytest.approx(0.1, abs=noise)
    assert true["test_accuracy"] > 0.1 + 2 * noise


def test_result_json_has_all_fields(labels_run):
    path, config, result = labels_run
    assert json.loads((path / "result.json").read_text()) == result
    assert set(result) >= {
        "config",
        "parameters",
        "epochs",
        "steps",
        "train_loss",
        "train_accuracy",
        "train_accuracy_clean",
        "train_accuracy_corrupted",
        "test_loss",
        "test_accuracy",
        "test_accuracy_corrupted",
        "best_test_accuracy",
        "epochs_to_fit",
        "history",
        "wall_seconds",
        "images_per_second",
        "device",
        "versions",
        "fingerprint",
    }
    assert RunConfig(**result["config"]) == config
    assert result["parameters"] == 1_209_866
    assert (result["epochs"], result["steps"]) == (25, 50)
    history = result["history"]
    assert all(len(values) == 25 for values in history.values())
    assert result["test_accuracy"] == history["test_accuracy"][-1]
    assert result["best_test_accuracy"] == max(history["test_accuracy"])
    fit = result["epochs_to_fit"]
    assert history["loss"][fit - 1] < 0.05
    assert min(history["loss"][: fit - 1]) >= 0.05


def test_tensorboard_has_one_point_per_epoch_over_steps(labels_run):
    path, _, result = labels_run
    steps = list(range(2, 51, 2))
    for split, tag, name in (
        ("train", "loss", "loss"),
        ("train", "accuracy", "accuracy"),
        ("train", "learning_rate", "learning_rate"),
        ("test", "loss", "test_loss"),
        ("test", "accuracy", "test_accuracy"),
        ("test", "accuracy_corrupted", "test_accuracy_corrupted"),
    ):
        points = scalars(path / split, tag)
        assert [step for step, _ in points] == steps
        values = [value for _, value in points]
        np.testing.assert_allclose(values, result["history"][name], rtol=1e-6)


def test_the_hparams_table_has_options_and_final_metrics(labels_run):
    path, _, result = labels_run
    events = EventAccumulator(str(path)).Reload()
    contents = events.PluginTagToContent("hparams")

    def parse(tag):
        return plugin_data_pb2.HParamsPluginData.FromString(contents[tag])

    experiment = parse("_hparams_/experiment").experiment
    first = [info.name for info in experiment.hparam_infos if info.differs]
    assert len(first) == 5
    values = parse("_hparams_/session_start_info").session_start_info.hparams
    assert values["label_corruption"].number_value == 0.5
    assert values["model"].string_value == "mlp_1x512"
    assert {info.name.tag for info in experiment.metric_infos} >= {
        "final/train_accuracy",
        "final/test_accuracy",
    }
    for metric in experiment.metric_infos:
        (step, value), *more = scalars(path, metric.name.tag)
        assert (step, more) == (50, [])
        name = metric.name.tag.removeprefix("final/")
        assert value == pytest.approx(result[name])


def test_a_finished_run_is_not_run_again(labels_run, capsys):
    path, config, result = labels_run
    before = sorted(path.rglob("*"))
    assert run(config, path) == result
    assert sorted(path.rglob("*")) == before
    output = capsys.readouterr().out
    assert "holds a finished run; pass overwrite=True to repeat it" in output


def test_a_directory_with_another_run_is_refused(labels_run):
    path, _, _ = labels_run
    other = RunConfig(**SMALL, randomize="none")
    before = (path / "result.json").read_text()
    with pytest.raises(InputError, match="randomize=labels there, none here"):
        run(other, path, verbose=False)
    assert (path / "result.json").read_text() == before


def test_repeated_and_overwritten_runs_are_bitwise_equal(tmp_path):
    config = RunConfig(train_examples=100, epochs=3, randomize="random_pixels")
    first = run(config, tmp_path, verbose=False)
    (tmp_path / "result.json").unlink()
    second = run(config, tmp_path, verbose=False)
    third = run(config, tmp_path, overwrite=True, verbose=False)
    for again in (second, third):
        for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
            assert again["history"][name] == first["history"][name]
        assert again["fingerprint"] == first["fingerprint"]
    assert len(scalars(tmp_path / "train", "loss")) == 3


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({}, "re-run the same command to resume"),
        ({"overwrite": True}, "re-run without overwrite=True to resume"),
        ({"resume": "never"}, "re-run with resume=auto to resume"),
        (
            {"resume": "never", "overwrite": True},
            "re-run with resume=auto and without overwrite=True to resume",
        ),
    ],
)
def test_an_interrupted_run_says_how_to_resume(tmp_path, options, how):
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: signal.raise_signal(signal.SIGTERM)
    )
    config = RunConfig(train_examples=20, epochs=2)
    with pytest.raises(InterruptedRunError) as raised:
        run(config, tmp_path, callbacks=[stop], verbose=False, **options)
    assert (
        str(raised.value) == f"SIGTERM after epoch 1; checkpoint saved; {how}"
    )


def test_a_signal_within_an_epoch_saves_where_it_stopped(tmp_path):
    """No other checkpoint is due there; the resumed run has the same bits."""

    def stop(batch, logs):
        if batch == 0:
            signal.raise_signal(signal.SIGTERM)

    config = RunConfig(train_examples=40, batch_size=20, epochs=2, dropout=0.2)
    whole = run(config, tmp_path / "whole", verbose=False)
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    with pytest.raises(InterruptedRunError, match="SIGTERM in epoch 1; check"):
        run(config, tmp_path / "run", callbacks=[callback], verbose=False)
    (saved,) = (tmp_path / "run" / "checkpoints").glob("step-*.npz")
    assert saved.name == "step-0000000001.npz"
    resumed = run(config, tmp_path / "run", resume="must", verbose=False)
    assert resumed["weights"] == whole["weights"]
    assert resumed.history["loss"] == whole.history["loss"]


def test_a_signal_after_the_last_step_takes_effect_when_the_run_is_written(
    tmp_path,
):
    stop = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: signal.raise_signal(signal.SIGINT)
    )
    config = RunConfig(train_examples=20, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        run(config, tmp_path, callbacks=[stop], verbose=False)
    assert (tmp_path / "result.json").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"randomize": "none"},
        {"randomize": "shuffled_pixels", "random_crop": True},
        {"randomize": "gaussian", "augment": True},
        {"model": "small_alexnet", "weight_decay": 1e-3, "dropout": 0.1},
        {"mixup": True, "label_smoothing": 0.1, "cutout": True},
        *[
            pytest.param(
                {"model": "small_inception", **options}, marks=pytest.mark.slow
            )
            for options in (
                {"precision": "mixed_bfloat16"},
                {"batch_norm": False},
            )
        ],
        {"model": "mlp_3x512", "augment": True, "random_crop": True},
    ],
)
def test_a_run_trains_with_options(options, tmp_path):
    config = RunConfig(**{"train_examples": 20, "epochs": 1, **options})
    result = run(config, tmp_path, verbose=False)
    assert np.isfinite(result["train_loss"])
    assert (result["test_accuracy_corrupted"] is None) == (
        config.randomize != "labels"
    )
    penalties = result["history"]["penalty"]
    assert (penalties[0] > 0) == (config.weight_decay > 0)


CHANGES = {
    "momentum": 0.5,
    "learning_rate": 0.05,
    "learning_rate_decay": 0.5,
    "dropout": 0.5,
    "weight_decay": 0.1,
    "precision": "mixed_bfloat16",
    "batch_size": 7,
    "seed": 1,
    "center_crop": False,
    "standardize": False,
    "cutout": True,
    "mixup": True,
    "label_smoothing": 0.3,
    "label_corruption": 0.5,
}


@pytest.fixture(scope="module")
def usual_weights(tmp_path_factory):
    return weights_with(tmp_path_factory.mktemp("usual"))


def weights_with(path, **options):
    config = RunConfig(train_examples=20, epochs=2, batch_size=5)
    config = dataclasses.replace(config, **options)
    return run(config, path, verbose=False)["weights"]


@pytest.mark.parametrize("option", CHANGES)
def test_an_option_changes_the_weights(option, tmp_path, usual_weights):
    changed = {option: CHANGES[option]}
    assert weights_with(tmp_path, **changed) != usual_weights


def test_a_run_stops_at_a_loss(tmp_path):
    config = RunConfig(train_examples=20, epochs=9, stop_at_loss=1e3)
    assert run(config, tmp_path, verbose=False)["epochs"] == 1


def test_a_diverged_run_keeps_its_logs_and_has_no_result(tmp_path):
    config = RunConfig(train_examples=200, epochs=9, learning_rate=1e4)
    with pytest.raises(DivergenceError, match="smaller learning_rate"):
        run(config, tmp_path, verbose=False)
    assert (tmp_path / "flags.txt").exists()
    assert list(tmp_path.glob("events.out.tfevents*"))
    assert not (tmp_path / "result.json").exists()
    assert "smaller learning_rate" in (tmp_path / "diverged.txt").read_text()
    assert set(find_diverged(tmp_path)) == {config}
    slower = dataclasses.replace(config, epochs=1, learning_rate=0.01)
    run(slower, tmp_path, verbose=False)
    assert not find_diverged(tmp_path)


def test_random_crop_refuses_images_smaller_than_28_pixels(tmp_path):
    features = picture_features(shape=(20, 20, 3))
    examples = [{"image": picture(0, 20, 20), "label": 0}]
    write_set(tmp_path, {"train": examples, "test": examples}, features)
    config = RunConfig(dataset="tiny", data_dir=str(tmp_path), random_crop=True)
    with pytest.raises(InputError, match=r"random_crop=True.*28 x 28"):
        run(config, tmp_path / "run", verbose=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            {"learning_rate": 1e30},
            "the evaluated loss is nan after step 1; try a smaller"
            " learning_rate",
        ),
        (
            {"learning_rate": 1e-30, "weight_decay": 1e38},
            "the penalty is inf after step 1; try a smaller learning_rate",
        ),
    ],
)
def test_an_infinite_or_nan_loss_after_the_last_step_is_divergence(
    tmp_path, options, line
):
    config = RunConfig(train_examples=50, batch_size=50, epochs=1, **options)
    with pytest.raises(DivergenceError) as raised:
        run(config, tmp_path, verbose=False)
    assert str(raised.value) == line
    assert not (tmp_path / "checkpoints").exists()
