"""When the training examples of a run are learned and forgotten."""

import json

import keras
import numpy as np
import pytest

from rethink_keras import RunConfig, load_result, models, run, training
from rethink_keras.errors import InputError
from rethink_keras.pipeline import EvaluationBatches, TrainingBatches
from rethink_keras.training.learning import LearningRecorder
from tests.support.hits import FIRST_EPOCHS, FORGETTING_EVENTS, HITS
from tests.support.tiny_fits import make_examples


def record(recorder, epochs, rng):
    """Records epochs of HITS, each in a random order and in two parts."""
    for epoch in epochs:
        order = rng.permutation(4)
        recorder.add(HITS[epoch, order[:3]])
        recorder.add(HITS[epoch, order[3:]])
        recorder.end_epoch(epoch, order)


def test_first_epochs_and_forgetting_events_by_hand():
    recorder = LearningRecorder()
    assert recorder.learned() is None
    record(recorder, range(4), np.random.default_rng(0))
    learned = recorder.learned()
    assert learned["first_epoch"].tolist() == FIRST_EPOCHS
    assert learned["forgetting_events"].tolist() == FORGETTING_EVENTS


def test_nothing_is_recorded_if_other_devices_began_the_epoch():
    """They may have divided it into batches of another size."""
    recorder = LearningRecorder()
    record(recorder, range(1), np.random.default_rng(0))
    recorder.add(HITS[1, :3])
    recorder.end_epoch(1, np.arange(4))
    assert recorder.learned() is None


def test_a_checkpoint_in_mid_epoch_restores_the_recorder():
    first, second = LearningRecorder(), LearningRecorder()
    record(first, range(2), np.random.default_rng(0))
    first.add(HITS[2, :3])
    weights = {"model/0": np.ones(3)}
    others = second.restore({**weights, **first.arrays()})
    assert others == weights
    second.add(HITS[2, 3:])
    second.end_epoch(2, np.arange(4))
    record(second, [3], np.random.default_rng(1))
    assert second.learned()["forgetting_events"].tolist() == FORGETTING_EVENTS


def test_earlier_checkpoints_streams_and_workers_leave_it_unknown():
    earlier, streamed, workers = (LearningRecorder() for _ in range(3))
    earlier.restore({"model/0": np.ones(3)})
    record(earlier, range(2), np.random.default_rng(0))
    streamed.add(HITS[0])
    streamed.end_epoch(0, None)
    workers.add(None)
    workers.end_epoch(0, np.arange(4))
    for recorder in (earlier, streamed, workers):
        assert recorder.learned() is None
        assert recorder.arrays() == {}


def test_each_prediction_is_recorded_for_its_example():
    """At fixed weights, online predictions are those of the network."""
    keras.utils.set_random_seed(0)
    examples = make_examples(10)
    inputs = keras.Input(examples.images.shape[1:])
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    trainer = training.Trainer(
        model,
        models.sgd(1e-12, decay=1.0, momentum=0.9, steps_per_epoch=3),
        epochs=2,
        steps_per_epoch=3,
    )
    trainer.train(
        TrainingBatches(examples, batch_size=4, seed=0, epochs=range(2)),
        EvaluationBatches(examples),
    )
    predicted = model.predict(examples.images, verbose=0).argmax(axis=1)
    learned = trainer.learning.learned()
    right = predicted == examples.labels
    assert 0 < right.sum() < 10
    assert learned["first_epoch"].tolist() == right.tolist()
    assert not learned["forgetting_events"].any()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    config = RunConfig(train_examples=100, epochs=8, batch_size=30)
    path = tmp_path_factory.mktemp("finished")
    return config, path, run(config, path, verbose=False)


def test_a_result_has_one_row_a_training_example(finished):
    _, path, result = finished
    table = load_result(path).learning()
    predictions = result.predictions()
    predictions = predictions[predictions["split"] == "train"]
    for name in ("id", "label", "true_label"):
        assert table[name].tolist() == predictions[name].tolist()
    accuracy = result.history["accuracy"]
    first = (table["first_epoch"] == 1).mean()
    assert first == pytest.approx(accuracy[0])
    known = table["first_epoch"] > 0
    assert known.mean() >= accuracy[-1]
    forgotten = np.diff(accuracy).clip(max=0).sum()
    assert table["forgetting_events"].mean() >= -forgotten


def test_a_result_without_learning_says_so(finished, tmp_path):
    _, path, result = finished
    with np.load(path / "predictions.npz") as file:
        arrays = {name: file[name] for name in file if name != "learning"}
    np.savez_compressed(tmp_path / "predictions.npz", **arrays)
    (tmp_path / "result.json").write_text(json.dumps(result))
    with pytest.raises(InputError, match="does not hold when examples"):
        load_result(tmp_path).learning()
    assert len(load_result(tmp_path).predictions()) == 1_100


@pytest.mark.parametrize("keep", [0, 10, 0.5, "flipped"])
def test_damaged_predictions_are_refused_by_name(finished, tmp_path, keep):
    _, path, result = finished
    content = (path / "predictions.npz").read_bytes()
    if keep == "flipped":
        middle = content.index(b"test/classes") + 60
        content = content[:middle] + b"\xff" * 40 + content[middle + 40 :]
    else:
        content = content[: int(keep * (len(content) if keep < 1 else 1))]
    (tmp_path / "predictions.npz").write_bytes(content)
    (tmp_path / "result.json").write_text(json.dumps(result))
    with pytest.raises(InputError, match=r"predictions\.npz: does not hold"):
        load_result(tmp_path).predictions()
