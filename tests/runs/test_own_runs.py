"""Runs with a network, data, an optimizer and callbacks of one's own."""

import json
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import (
    DivergenceError,
    InputError,
    RunConfig,
    load_result,
    run,
)
from rethink_keras.config import MODELS, register_model
from rethink_keras.results import find_diverged, find_own_runs, find_runs
from rethink_keras.runs.identity import architecture
from tests.support.own import (
    BuiltLate,
    Focal,
    Reshaped,
    Scaled,
    Weighted,
    build,
    compiled,
    deeper,
    dropped_out,
    flipped_and_rescaled,
    frozen,
    of_integers,
    pair,
    rescaled,
    sigmoid,
    softmax,
    unloadable,
)

CONFIG = RunConfig(epochs=2, batch_size=20)
SHAPE = (7, 8, 1)  # of the crops


def own_run(path, config=CONFIG, **changes):
    given = {"model": build, "data": pair(), **changes}
    return run(config, path, verbose=False, **given)


def test_result_json_tells_what_was_given(finished):
    path, result = finished
    given = json.loads((path / "result.json").read_text())["given"]
    assert set(given) == {"model", "data"}
    assert given["model"]["name"] == "build"
    assert given["data"]["train_shape"] == [60, 8, 10, 1]
    assert result["given"] == given


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model": deeper}, "deeper-"),
        ({"model": lambda *a: build(*a, units=17)}, "model="),
        ({"data": pair(classes=4)}, "dataset=own_data-"),
        ({"optimizer": "sgd"}, "SGD-"),
        ({"model": None}, "mlp_1x512 here"),
    ],
)
def test_a_finished_directory_is_not_taken_for_another_run(
    finished, changes, named
):
    path, _ = finished
    with pytest.raises(InputError, match="holds a run with other options") as e:
        own_run(path, **changes)
    assert named in str(e.value)


def test_callbacks_are_no_identity(finished):
    path, result = finished
    again = own_run(path, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert again == result


def test_default_directories_differ_from_those_of_the_package(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = RunConfig(epochs=1, train_examples=20)
    paths = [
        run(config, verbose=False, **given).workdir
        for given in ({}, {"model": build}, {"optimizer": "adam"})
    ]
    assert len(set(paths)) == 3
    rows = find_runs("tensorboard_logs")
    assert [run.path for run in rows.values()] == [paths[0]]
    found = find_own_runs("tensorboard_logs")
    assert {run.path for run in found} == set(paths[1:])


def test_names_of_layers_do_not_change_the_architecture():
    first = architecture(deeper(SHAPE, 3))
    for _ in range(3):
        keras.layers.Dense(1), keras.layers.Dropout(0.1)
    assert architecture(deeper(SHAPE, 3)) == first
    assert architecture(build(SHAPE, 3)) != first
    assert architecture(deeper(SHAPE, 4)) != first


def test_a_model_is_copied_and_gets_new_weights(tmp_path):
    model = build(SHAPE, 3)
    before = [weight.copy() for weight in model.get_weights()]
    result = own_run(tmp_path / "model", model=model)
    for kept, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)
    built = own_run(tmp_path / "builder")
    assert result["weights"] == built["weights"]
    assert (
        result["given"]["model"]["architecture"]
        == (built["given"]["model"]["architecture"])
    )


def test_datasets_and_arrays_train_the_same_network(tmp_path, finished):
    train, test = map(tf.data.Dataset.from_tensor_slices, pair())
    for name, data in (
        ("unbatched", (train, test)),
        ("batched", (train.batch(7), test.batch(7))),
    ):
        result = own_run(tmp_path / name, data=data)
        for key in ("given", "fingerprint", "weights", "test_loss"):
            assert result[key] == finished[1][key]


def test_labels_are_numbered_in_order_and_come_back_in_predictions(tmp_path):
    (x, y), (x_test, y_test) = pair()
    values = np.array([-5, 7, 1000])
    config = RunConfig(randomize="none", epochs=1, batch_size=20)
    result = own_run(
        tmp_path,
        config,
        data=((x, values[y][:, None]), (x_test, values[y_test][:, None])),
    )
    table = result.predictions()
    for split, labels in (("train", y), ("test", y_test)):
        of_split = table[table["split"] == split]
        np.testing.assert_array_equal(of_split["true_label"], values[labels])
        np.testing.assert_array_equal(of_split["id"], np.arange(len(labels)))
        assert set(of_split["prediction"]) <= set(values)


def test_grey_images_without_channels_and_float_images_train(tmp_path):
    (x, y), (x_test, y_test) = pair()
    grey = own_run(
        tmp_path / "grey", data=((x[..., 0], y), (x_test[..., 0], y_test))
    )
    assert grey.model.input_shape == (None, *SHAPE)
    float_images = own_run(
        tmp_path / "float", data=((x / 255, y), (x_test / 255, y_test))
    )
    assert np.isfinite(float_images["train_loss"])


def test_without_crop_and_standardization_the_network_sees_scaled_pixels(
    tmp_path,
):
    (x, y), test = pair()
    config = RunConfig(
        epochs=1,
        batch_size=20,
        randomize="none",
        center_crop=False,
        standardize=False,
    )
    result = own_run(tmp_path, config, data=((x, y), test))
    logits = result.model.predict(x / np.float32(255), verbose=0)
    table = result.predictions()
    np.testing.assert_array_equal(
        logits.argmax(axis=1), table[table["split"] == "train"]["prediction"]
    )


def test_callbacks_see_held_out_images_and_never_the_test_set(tmp_path):
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(set(logs))
    )
    own_run(tmp_path / "without", callbacks=[callback])
    config = RunConfig(epochs=1, batch_size=20, validation_examples=9)
    result = own_run(tmp_path / "with", config, callbacks=callback)
    without, _, held_out = seen
    assert {"loss", "accuracy", "learning_rate"} <= without
    assert not any("val_" in n or "test_" in n for n in without)
    assert held_out - without == {"val_loss", "val_accuracy"}
    table = result.predictions()
    assert (table["split"] == "train").sum() == 51
    assert (table["split"] == "test").sum() == 9


def test_the_last_weights_are_measured_when_a_callback_restores_better_ones(
    tmp_path,
):
    config = RunConfig(epochs=6, batch_size=20, validation_examples=18)
    stopping = keras.callbacks.EarlyStopping(
        "val_loss", patience=1, restore_best_weights=True
    )
    result = own_run(tmp_path, config, optimizer="adam", callbacks=[stopping])
    table = result.predictions()
    held_out = table[table["split"] == "test"]
    right = held_out["prediction"] == held_out["true_label"]
    assert right.mean() == pytest.approx(result["test_accuracy"])
    best = int(np.argmin(result.history["test_loss"]))
    assert result["test_loss"] == pytest.approx(
        result.history["test_loss"][best]
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": softmax}, "must return logits; received outputs of softmax"),
        (
            {"model": lambda shape, n: build(shape, n + 1)},
            r"received \[2, 4\] for n = 2",
        ),
        ({"model": lambda shape, n: 0}, "must return a keras.Model"),
        ({"model": build((8, 10, 1), 3)}, "center_crop"),
        ({"model": Reshaped}, "center_crop"),
        ({"model": dropped_out}, "dropout=0.0: .* has dropout=0.5 by default"),
        ({"model": partial(dropped_out, dropout=0.2)}, "has dropout=0.2"),
        ({"model": Focal}, "overrides compute_loss"),
        ({"model": Weighted(SHAPE, 3)}, "overrides compute_loss"),
        ({"model": Scaled(build(SHAPE, 3).layers)}, "its copy is a Sequential"),
        ({"model": sigmoid}, "received outputs of sigmoid"),
        ({"model": of_integers}, "its input is int32"),
        ({"model": rescaled}, "standardized already"),
        ({"model": flipped_and_rescaled}, "standardized already"),
        ({"model": frozen}, "has no weights to train"),
        ({"model": compiled}, "is compiled with Adam"),
        ({"model": BuiltLate}, "loses weights when it is saved"),
        ({"model": 3}, "model: must be a function"),
        ({"model": "mlp"}, "model=mlp: unknown"),
        ({"model": unloadable}, "cannot be saved and loaded"),
        ({"optimizer": "adams"}, "optimizer='adams': unknown"),
        ({"callbacks": [print]}, "callbacks"),
        ({"data": pair()[0]}, "data"),
        ({"data": (pair()[0], pair(size=(8, 8, 1))[1])}, "one size and dtype"),
        ({"data": ((pair()[0][0], [0] * 59), pair()[1])}, "60 images and 59"),
        ({"data": ((pair()[0][0], np.eye(3)[[0] * 60]), pair()[1])}, "one-hot"),
        ({"data": ((pair()[0][0], ["a", "b"] * 30), pair()[1])}, "return_inv"),
        ({"data": ((pair()[0][0], [0.0, 1] * 30), pair()[1])}, "astype"),
        ({"data": (pair()[0], (pair()[1][0], [3] * 20))}, "has the label 3"),
        ({"data": ((np.zeros((9, 3, 8, 8)), [0] * 9),) * 2}, "the last axis"),
        ({"data": ((np.full((9, 4, 4), np.nan), [0] * 9),) * 2}, "NaN"),
        ({"data": ((np.zeros((9, 4, 4)), [0] * 9),) * 2}, "two classes"),
        ({"data": ((np.zeros((9, 4), int), [0] * 9),) * 2}, "images of its"),
    ],
)
def test_what_cannot_work_names_the_argument(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as raised:
        own_run(tmp_path / "wrong", **changes)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "wrong").exists()


def test_a_network_of_ones_own_that_diverges_counts_for_no_row(tmp_path):
    config = RunConfig(epochs=2, batch_size=20, learning_rate=1e30)
    with pytest.raises(DivergenceError):
        own_run(tmp_path, config)
    assert not find_diverged(tmp_path)


def test_a_network_that_cannot_be_saved_trains_without_saving(tmp_path):
    result = own_run(tmp_path, model=unloadable, save_model=False)
    assert result.model.count_params() > 0
    assert not (tmp_path / "model.keras").exists()


@pytest.fixture
def registered():
    @register_model("own", learning_rate=0.1, epochs=1, batch_size=30)
    def own(input_shape, num_classes, *, weight_decay=0.0):
        del weight_decay
        return build(input_shape, num_classes)

    yield own
    MODELS.pop("own", None)


def test_a_registered_network_has_its_defaults_and_options(
    tmp_path, registered
):
    config = RunConfig(model="own", weight_decay=1e-4)
    assert (config.learning_rate, config.batch_size) == (0.1, 30)
    result = run(config, tmp_path, data=pair(), verbose=False)
    assert result["given"]["model"]["name"] == "own"
    with pytest.raises(InputError, match="takes no dropout"):
        run(RunConfig(model="own", dropout=0.1), tmp_path, verbose=False)


def test_results_of_a_network_that_is_not_registered_are_still_read(
    tmp_path, registered
):
    run(RunConfig(model="own"), tmp_path / "own", data=pair(), verbose=False)
    del MODELS["own"]
    (found,) = find_own_runs(tmp_path)
    assert found.config.model == "own"
    assert not find_runs(tmp_path)
    assert load_result(tmp_path / "own").model.count_params() > 0


@pytest.mark.parametrize("name", ["mlp_1x512", "a/b", "a b", "", 3])
def test_names_of_networks_that_cannot_be_registered(name):
    with pytest.raises(InputError, match="name="):
        register_model(name, learning_rate=0.1, epochs=1, batch_size=1)
    assert name not in MODELS or not MODELS[name].own
