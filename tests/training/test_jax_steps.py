"""A run on Keras's JAX backend."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("jax", reason="the extra [jax] is not installed")


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
    assert result["train_accuracy"] == 1
    assert result["epochs_to_fit"] <= result["epochs"] < 40
    assert result["history"]["loss"][-1] < 0.02
