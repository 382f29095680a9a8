"""What the result of a run with one's own network gives."""

import dataclasses

import keras
import numpy as np
import pytest

from rethink_keras import InputError, load_result
from tests.runs.test_own_runs import CONFIG, SHAPE, own_run
from tests.support.own import build, pair


def test_the_network_loads_and_predicts_as_it_did(finished):
    path, result = finished
    images = np.random.default_rng(0).random((5, *SHAPE), "float32")
    expected = result.model.predict(images, verbose=0)
    for model in (
        load_result(path).model,
        keras.saving.load_model(path / "model.keras"),
    ):
        np.testing.assert_array_equal(
            model.predict(images, verbose=0), expected
        )


def test_a_network_with_other_weights_is_refused(tmp_path):
    result = own_run(tmp_path)
    build(SHAPE, 3).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="weights are not those"):
        _ = load_result(tmp_path).model
    (tmp_path / "model.keras").unlink()
    with pytest.raises(InputError, match="save_model=True"):
        _ = load_result(tmp_path).model
    assert load_result(tmp_path) == result


def test_a_directory_without_a_finished_run_has_no_result(tmp_path):
    with pytest.raises(InputError, match="holds no finished run"):
        load_result(tmp_path)


def test_inputs_are_those_that_the_run_evaluates(finished):
    _, result = finished
    test = result.predictions().query("split == 'test'")
    logits = result.model.predict(result.inputs(pair()[1][0]), verbose=0)
    np.testing.assert_array_equal(logits.argmax(axis=1), test["prediction"])
    grey = result.inputs(pair()[1][0][..., 0])
    np.testing.assert_array_equal(grey, result.inputs(pair()[1][0]))


@pytest.mark.parametrize(
    "options", [{}, {"center_crop": False, "standardize": False}]
)
def test_inputs_are_shuffled_as_in_the_run(tmp_path, options):
    config = dataclasses.replace(CONFIG, randomize="shuffled_pixels", **options)
    result = own_run(tmp_path, config)
    test = result.predictions().query("split == 'test'")
    logits = result.model.predict(result.inputs(pair()[1][0]), verbose=0)
    np.testing.assert_array_equal(logits.argmax(axis=1), test["prediction"])
    with pytest.raises(InputError, match="received int64"):
        result.inputs(pair()[1][0].astype("int64"))


@pytest.mark.parametrize("kind", ["random_pixels", "gaussian"])
def test_new_images_have_no_noise_of_the_run(tmp_path, kind):
    config = dataclasses.replace(CONFIG, randomize=kind, epochs=1)
    with pytest.raises(InputError, match=f"randomize={kind}"):
        own_run(tmp_path, config).inputs(pair()[1][0])


def test_predictions_agree_with_the_result(finished):
    _, result = finished
    table = result.predictions()
    assert len(table) == 80
    for split in ("train", "test"):
        of_split = table[table["split"] == split]
        label = "label" if split == "train" else "true_label"
        assert (of_split["prediction"] == of_split[label]).mean() == (
            pytest.approx(result[f"{split}_accuracy"])
        )


def test_a_frame_has_one_row_an_epoch(finished):
    frame = finished[1].to_frame()
    assert list(frame.index) == [1, 2]
    assert list(frame["loss"]) == finished[1].history["loss"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_dataset_has_the_examples_of_the_predictions(finished, split):
    _, result = finished
    images, labels = result.dataset(split, data=pair())
    rows = result.predictions().query("split == @split")
    logits = result.model.predict(images, verbose=0)
    np.testing.assert_array_equal(logits.argmax(axis=1), rows["prediction"])
    np.testing.assert_array_equal(labels, rows["label"])


def test_a_dataset_is_that_of_the_run(finished):
    _, result = finished
    (x, y), test = pair()
    with pytest.raises(
        InputError, match=r"^data: the run had data of your own"
    ):
        result.dataset()
    with pytest.raises(InputError, match="a finished run on other data"):
        result.dataset(data=((x[::-1], y), test))
    with pytest.raises(InputError, match="split=all: must be one of"):
        result.dataset("all", data=pair())
