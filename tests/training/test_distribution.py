"""One run on several devices: logical devices and real processes."""

import json
import os
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError, RunConfig, models, pipeline, run, training
from rethink_keras.config import MODELS
from rethink_keras.data import Examples
from rethink_keras.results import read_learning
from rethink_keras.training import devices
from rethink_keras.training.tensorflow_steps import TensorFlowSteps
from tests.support import cluster
from tests.support.processes import (
    finish,
    kill,
    learning_of,
    newest,
    result_of,
    start,
    wait_for,
)

pytestmark = pytest.mark.distributed

SMALL = ("--train_examples=101", "--batch_size=20", "--epochs=3")
NO_BATCH_NORM = (
    "mlp_1x512",
    pytest.param("small_alexnet", marks=pytest.mark.slow),
    pytest.param("mlp_3x512", marks=pytest.mark.slow),
    pytest.param("small_vit", marks=pytest.mark.slow),
    pytest.param("small_inception --batch_norm=false", marks=pytest.mark.slow),
)
DEEP = ("small_inception", "small_resnet", "small_vit")  # long XLA compiles
SECONDS = 480
HISTORIES = ("loss", "test_loss")


def assert_same_run(one: dict, other: dict) -> None:
    """Asserts that two runs have equal data and losses within 1e-4."""
    assert one["fingerprint"] == other["fingerprint"]
    for name in HISTORIES:
        np.testing.assert_allclose(
            one["history"][name], other["history"][name], atol=1e-4, rtol=1e-4
        )
    assert one["train_loss"] == pytest.approx(other["train_loss"], abs=1e-4)


def assert_same_learning(path, other) -> None:
    """Asserts that two runs learned most examples in the same epoch."""
    first, second = (
        np.array(learning_of(run)["first_epoch"]) for run in (path, other)
    )
    assert len(np.unique(first)) > 2
    assert np.mean(first == second) > 0.95


@pytest.fixture(scope="module")
def single(tmp_path_factory) -> dict:
    """Returns the result of MLP 1x512 on one device."""
    config = RunConfig.from_flags("\n".join(SMALL))
    path = tmp_path_factory.mktemp("single")
    return run(config, path, strategy="single", verbose=False)


# Devices of one process

DRIVER = """
import json, sys
from rethink_keras import RunConfig, run
results = []
for strategy in ("mirrored", "single"):
    config = RunConfig.from_flags("\\n".join(sys.argv[2:]))
    path = f"{sys.argv[1]}/{strategy}"
    results.append(run(config, path, strategy=strategy, verbose=False))
print(json.dumps(results))
"""


def mirrored_and_single(
    model: str, path, sizes=SMALL, **environment: str
) -> list[dict]:
    """Returns the results of one process on several devices and on one."""
    flags = (f"--model={model}", *sizes, "--learning_rate=0.01")
    words = " ".join(flags).split()
    done = finish(
        [sys.executable, "-c", DRIVER, str(path), *words],
        timeout=SECONDS,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("model", NO_BATCH_NORM)
def test_two_logical_devices_match_one_device(tmp_path, model):
    mirrored, single = mirrored_and_single(model, tmp_path)
    assert (mirrored["strategy"], mirrored["replicas"]) == ("mirrored", 2)
    assert (single["strategy"], single["replicas"]) == ("single", 1)
    assert_same_run(mirrored, single)
    assert_same_learning(tmp_path / "mirrored", tmp_path / "single")


def test_mirrored_is_refused_once_tensorflow_has_used_the_cpu():
    tf.constant(0)
    with pytest.raises(
        InputError, match="mirrored: TensorFlow has already used"
    ):
        training.find_devices("mirrored")


def test_hidden_gpus_do_not_select_a_strategy(monkeypatch):
    """As after `tf.config.set_visible_devices([], "GPU")`."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(
        tf.config,
        "list_physical_devices",
        lambda kind: [f"{kind}:{i}" for i in (0, 1)],
    )
    assert training.find_devices().strategy == "single"


@pytest.mark.slow
def test_batch_norm_uses_the_statistics_of_each_replicas_shard(tmp_path):
    mirrored, single = mirrored_and_single("small_inception", tmp_path)
    assert mirrored["fingerprint"] == single["fingerprint"]
    first, of_one = (r["history"]["loss"][0] for r in (mirrored, single))
    assert first != pytest.approx(of_one, abs=1e-4)
    assert first == pytest.approx(of_one, rel=0.2)
    flags = ("--model=small_inception", *SMALL, "--learning_rate=0.01")
    workers = run_two_workers(tmp_path / "workers", *flags)
    assert_same_run(workers, mirrored)


@pytest.mark.slow
def test_eight_jax_devices_match_one_device(tmp_path):
    pytest.importorskip("jax", reason="the extra [jax] is not installed")
    many, one = mirrored_and_single(
        "mlp_1x512",
        tmp_path,
        sizes=("--train_examples=96", "--batch_size=24", "--epochs=3"),
        KERAS_BACKEND="jax",
        XLA_FLAGS="--xla_force_host_platform_device_count=8",
    )
    assert (many["strategy"], many["replicas"]) == ("mirrored", 8)
    assert_same_run(many, one)
    assert_same_learning(tmp_path / "mirrored", tmp_path / "single")


def test_a_batch_size_that_replicas_do_not_divide_is_refused():
    four = devices.Devices("mirrored", 4, True, None)
    with pytest.raises(
        InputError, match=r"batch_size=10: must be a multiple of 4,"
    ):
        four.check_sizes(10, 100)
    with pytest.raises(
        InputError, match=r"train_examples=3: must be at least 4"
    ):
        four.check_sizes(12, 3)
    four.check_sizes(12, 4)


NAMED_OPTIMIZER = """
import sys
import rethink_keras as rk
config = rk.RunConfig(train_examples=40, batch_size=20, epochs=1)
result = rk.run(config, sys.argv[1], optimizer="adam", strategy="mirrored")
print(result["replicas"])
"""


@pytest.mark.slow
def test_the_devices_are_found_before_an_optimizer_is_built(tmp_path):
    command = [sys.executable, "-c", NAMED_OPTIMIZER, str(tmp_path)]
    done = finish(command, timeout=SECONDS)
    assert done.stdout.splitlines()[-1:] == ["2"], done.stderr


# Devices of several processes


def run_two_workers(path, *flags: str) -> dict:
    """Returns the result of a run on two worker processes."""
    flags = ("--strategy=multi_worker", f"--workdir={path}", *flags)
    with cluster.started({"worker": 2}, *flags) as processes:
        for process in processes.values():
            _, errors = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, errors
    return result_of(path)


def test_two_workers_match_one_device(tmp_path, single):
    result = run_two_workers(tmp_path, *SMALL)
    assert (result["strategy"], result["replicas"]) == ("multi_worker", 2)
    assert_same_run(result, single)
    assert read_learning(tmp_path) is None
    assert len(list(tmp_path.glob("train/events*"))) == 1


def test_a_parameter_server_trains_every_example_once_an_epoch(
    tmp_path, single
):
    flags = ("--strategy=parameter_server", f"--workdir={tmp_path}", *SMALL)
    tasks = {"chief": 1, "worker": 2, "ps": 1}
    with cluster.started(tasks, *flags) as processes:
        chief = processes["chief", 0]
        _, errors = chief.communicate(timeout=SECONDS)
        assert chief.returncode == 0, errors
    result = result_of(tmp_path)
    assert result["strategy"] == "parameter_server"
    assert result["fingerprint"] == single["fingerprint"]
    losses, hits = (
        np.array(result["history"][name]) for name in ("loss", "accuracy")
    )
    np.testing.assert_allclose(hits * 101, np.round(hits * 101), atol=1e-3)
    first_epochs = np.array(learning_of(tmp_path)["first_epoch"])
    assert np.mean(first_epochs == 1) == pytest.approx(hits[0])
    # Asynchronous SGD has other gradients but starts from the same weights.
    assert losses[0] == pytest.approx(single["history"]["loss"][0], rel=0.1)
    assert losses[-1] < losses[0] / 2


@pytest.mark.slow
def test_a_run_that_lost_a_worker_reports_it_and_can_be_resumed(tmp_path):
    long = ("--train_examples=600", "--batch_size=20", "--epochs=12")
    flags = ("--strategy=multi_worker", "--checkpoint_minutes=0", *long)
    broken = (*flags, f"--workdir={tmp_path / 'broken'}")
    with cluster.started({"worker": 2}, *broken) as processes:
        wait_for(lambda: newest(tmp_path / "broken"), SECONDS)
        assert kill(processes["worker", 1])
        chief = processes["worker", 0]
        _, errors = chief.communicate(timeout=SECONDS)
    assert chief.returncode == os.EX_TEMPFAIL, errors
    assert "has ended" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    for path in (tmp_path / "broken", tmp_path / "whole"):
        with cluster.started(
            {"worker": 2}, *flags, f"--workdir={path}"
        ) as processes:
            for process in processes.values():
                process.communicate(timeout=SECONDS)
    results = [result_of(tmp_path / name) for name in ("broken", "whole")]
    assert results[0]["weights"] == results[1]["weights"]


def test_workers_that_do_not_share_the_directory_are_refused(tmp_path):
    long = ("--train_examples=600", "--batch_size=20", "--epochs=400")
    chiefs = tmp_path / "0"
    alone = start(chiefs, "--checkpoint_minutes=0", *long)
    wait_for(lambda: newest(chiefs), SECONDS)
    kill(alone)
    flags = (
        *long,
        "--strategy=multi_worker",
        f"--workdir={tmp_path}/{{index}}",
    )
    with cluster.started({"worker": 2}, *flags) as processes:
        for process in processes.values():
            _, errors = process.communicate(timeout=SECONDS)
            assert process.returncode == 2, errors
            message = errors.splitlines()[-1]
            assert "would begin after epoch 0 step 0, epoch" in message
            assert message.endswith("a directory that all machines share")
    assert newest(chiefs)
    assert not (tmp_path / "1").exists()


@pytest.mark.parametrize(
    ("model", "size", "count"),
    [
        *[
            pytest.param(m, 28, 2, marks=pytest.mark.slow if m in DEEP else ())
            for m in MODELS
            if MODELS[m].image_size is None
        ],
        # Only one step: before training, a relative change of 1e-6 in the
        # images changes the gradients by 3 %, and so the loss of step 2.
        pytest.param("inception_v3", 75, 1, marks=pytest.mark.slow),
    ],
)
def test_xla_does_not_change_the_loss_of_a_step(model, size, count):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 8).astype("int32")
    examples = Examples(
        images=rng.normal(size=(8, size, size, 3)).astype("float32"),
        labels=labels,
        true_labels=labels,
        ids=np.arange(8),
    )
    batches = pipeline.TrainingBatches(
        examples, batch_size=4, seed=0, epochs=range(1)
    )
    losses = []
    for compiled in (False, True):
        keras.utils.set_random_seed(0)
        steps = TensorFlowSteps(
            MODELS[model].load()((size, size, 3), 10),
            models.sgd(0.01, decay=1.0, momentum=0.9, steps_per_epoch=2),
            compile_with_xla=compiled,
        )
        iterator = steps.iterator(batches)
        steps.train(iterator, count)
        losses.append(steps.metrics.result()["loss"])
    assert losses[0] == pytest.approx(losses[1], abs=1e-4, rel=1e-4)
