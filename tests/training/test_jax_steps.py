"""Runs on Keras's JAX backend."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from rethink_keras import pipeline
from tests.support import on_backend
from tests.support.once import once
from tests.support.tiny_fits import make_examples

ROOT = pathlib.Path(__file__).parents[2]

jax = pytest.importorskip("jax", reason="the extra [jax] is not installed")


@pytest.mark.slow
def test_a_network_memorizes_random_labels_on_jax(tmp_path):
    command = [
        sys.executable,
        "-m",
        "rethink_keras.main",
        "--randomize=labels",
        "--train_examples=40",
        "--batch_size=20",
        "--epochs=40",
        "--stop_at_loss=0.02",
        f"--workdir={tmp_path}",
        "--model=mlp_3x512",
        "--weight_decay=1e-4",
    ]
    subprocess.run(
        command,
        check=True,
        timeout=300,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["versions"]["backend"] == "jax"
    assert result["versions"]["jax"] == jax.__version__
    assert result["train_accuracy"] == 1
    assert result["epochs_to_fit"] <= result["epochs"] < 40
    assert result["history"]["loss"][-1] < 0.02


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> tuple[dict, dict]:
    return once(tmp_path_factory, "on_backend", train_on_both)


def train_on_both(folder) -> tuple[dict, dict]:
    printed = subprocess.run(
        [sys.executable, "-m", on_backend.__name__, str(folder / "jax")],
        check=True,
        capture_output=True,
        timeout=300,
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    expected = on_backend.results(str(folder / "tensorflow"))
    return json.loads(printed.stdout), expected


@pytest.mark.slow
@pytest.mark.parametrize("run", on_backend.RUNS)
def test_jax_trains_like_tensorflow(results, run):
    found, expected = (of_backend[run] for of_backend in results)
    assert found["fingerprint"] == expected["fingerprint"]
    for losses in ("loss", "test_loss"):
        assert len(found[losses]) == on_backend.EPOCHS
        assert found[losses] == pytest.approx(expected[losses], abs=1e-4)
    same = np.equal(found["first_epoch"], expected["first_epoch"])
    assert same.mean() > 0.95  # but for ties within rounding


@pytest.mark.quick
@pytest.mark.parametrize("skip", [0, 2])
def test_the_device_assembles_the_batches_of_tf_data(skip):
    from rethink_keras.training.jax_batches import ResidentBatches

    batches = pipeline.TrainingBatches(
        make_examples(11), batch_size=4, seed=3, epochs=range(1, 3), skip=skip
    )

    def record(state, batch):
        number, recorded = state
        images, *labels = batch
        row = jax.numpy.stack(
            [images.sum(), *(part.sum() for part in labels), len(images)]
        )
        hits = labels[-1].astype("float32")
        return (number + 1, recorded.at[number].set(row)), hits

    expected = [
        (images.numpy().sum(), *(part.numpy().sum() for part in labels), size)
        for images, *labels in batches.dataset()
        for size in [len(images)]
    ]
    resident = ResidentBatches(batches.resident(), record)
    state = (0, np.zeros((len(expected), 5), "float32"))
    hits = []
    for steps in filter(None, (1, 2 - skip, 1, 2)):
        state, of_steps = resident.train(state, steps)
        hits.extend(of_steps)
    assert state[0] == len(expected)
    np.testing.assert_allclose(state[1], expected, rtol=1e-5)
    labels = [labels[-1] for _, *labels in batches.dataset()]
    assert hits == np.concatenate(labels).tolist()
