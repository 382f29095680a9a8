"""TF_CONFIG: well-formed, incomplete and malformed."""

import contextlib
import json
import os
import socket
import sys

import keras
import pytest
import tensorflow as tf

from benchmarks.local_cluster import environments
from rethink_keras import InputError, LostWorkerError, training
from rethink_keras.training.cluster import read_cluster
from tests.support.processes import execute, finish, result_of

pytestmark = pytest.mark.distributed

TINY = ("--train_examples=20", "--epochs=1")
WORKERS = {"worker": ["a:1", "b:2"]}
TASK = {"type": "worker", "index": 0}
SERVED = """
import json, sys
from rethink_keras import InputError, training
try:
    training.find_devices(sys.argv[1])
except InputError as error:
    print(error)
"""


def config_of(cluster=WORKERS, task=TASK) -> str:
    return json.dumps({"cluster": cluster, "task": task})


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("no json", "'no json': must be JSON"),
        ("", "'': must be JSON"),
        ("[" * 100_000, r"'\[{80}': must be JSON"),
        ("[]", r"content=\[\]"),
        ("null", "content=null"),
        ('"cluster"', 'content="cluster"'),
        (config_of(["a:1"]), r'cluster=\["a:1"\]'),
        (config_of("a:1"), 'cluster="a:1"'),
        (config_of(None), "cluster=null"),
        (config_of({"worker": "a:1"}), 'cluster.worker="a:1"'),
        (config_of({"worker": []}), r"cluster.worker=\[\]"),
        (config_of({"worker": ["a"]}), r'cluster.worker=\["a"\]'),
        (config_of({"worker": [":1"]}), r'cluster.worker=\[":1"\]'),
        (config_of({"worker": ["a:0"]}), r'cluster.worker=\["a:0"\]'),
        (config_of({"worker": ["a:65536"]}), r'cluster.worker=\["a:65536"\]'),
        (config_of({"worker": [1]}), r"cluster.worker=\[1\]"),
        (config_of({"worker": None}), "cluster.worker=null"),
        (config_of({"chief": ["a:1", "b:1"]}), "cluster.chief=.*a list of one"),
        (config_of({"boss": ["a:1"]}), 'cluster="boss"'),
        (config_of(task=None), "task=null"),
        (config_of(task=[]), r"task=\[\]"),
        (config_of(task={}), "task.type=null"),
        (config_of(task={"index": 0}), "task.type=null"),
        (config_of(task={"type": "ps", "index": 0}), 'task.type="ps"'),
        (config_of(task={"type": ["ps"], "index": 0}), r'task.type=\["ps"\]'),
        (config_of(task={"type": "worker"}), "task.index=null"),
        (config_of(task={**TASK, "index": 2}), "task.index=2: .* 0 to 1"),
        (config_of(task={**TASK, "index": -1}), "task.index=-1"),
        (config_of(task={**TASK, "index": "x"}), 'task.index="x"'),
        (config_of(task={**TASK, "index": 0.0}), "task.index=0.0"),
        (config_of(task={**TASK, "index": False}), "task.index=false"),
    ],
)
@pytest.mark.parametrize("strategy", ["auto", "multi_worker"])
def test_a_malformed_tf_config_raises_a_one_line_error(
    monkeypatch, strategy, config, named
):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=f"^TF_CONFIG(: |=){named}") as error:
        training.find_devices(strategy)
    assert ": must be " in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("strategy", "config", "missing"),
    [
        ("multi_worker", "{}", "chief or worker;"),
        ("multi_worker", '{"cluster": {}}', "chief or worker;"),
        ("parameter_server", config_of(), "chief, ps;"),
    ],
)
def test_the_error_for_an_incomplete_cluster_names_missing_types(
    monkeypatch, strategy, config, missing
):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(
        InputError, match=f"^strategy={strategy}: TF_CONFIG names no {missing}"
    ):
        training.find_devices(strategy)


def test_a_task_without_a_cluster_is_ignored(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"task": {"type": "worker", "index": 7}}')
    assert read_cluster() is None


def test_one_process_is_the_chief_and_indices_may_be_strings(monkeypatch):
    both = {"chief": ["c:1"], **WORKERS}
    for cluster, kind, index, chief in (
        (WORKERS, "worker", 0, True),
        (WORKERS, "worker", "0", True),
        (WORKERS, "worker", "1", False),
        (both, "worker", 0, False),
        (both, "chief", "0", True),
        ({"chief": ["c:1"]}, "chief", 0, True),
    ):
        task = {"type": kind, "index": index}
        monkeypatch.setenv("TF_CONFIG", config_of(cluster, task))
        found = read_cluster()
        assert (found.chief, found.index) == (chief, int(index))
        resolver = found.resolver()
        assert resolver.cluster_spec().as_dict() == cluster
        assert (resolver.task_type, resolver.task_id) == (kind, int(index))


def test_a_cluster_with_only_a_chief_trains(tmp_path):
    """Cloud services describe a job on one machine so, with a string index."""
    (environment,) = environments({"chief": 1}).values()
    config = json.loads(environment["TF_CONFIG"])
    config["task"]["index"] = "0"
    done = execute(
        tmp_path,
        *TINY,
        env={**os.environ, "TF_CONFIG": json.dumps(config)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    result = result_of(tmp_path)
    assert (result["strategy"], result["replicas"]) == ("multi_worker", 1)


@pytest.mark.quick
def test_jax_joins_no_cluster_and_no_other_tpu(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(InputError, match="tpu=pod: must be local"):
        training.find_devices(tpu="pod")
    monkeypatch.setenv("TF_CONFIG", config_of())
    with pytest.raises(InputError, match="TF_CONFIG lists 2 processes"):
        training.find_devices()
    assert training.find_devices("single").replicas == 1


@pytest.mark.quick
@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (tf.errors.UnavailableError(None, None, "Socket closed"), True),
        (
            tf.errors.InvalidArgumentError(
                None, None, "Collective ops is aborted by: Device lost"
            ),
            True,
        ),
        (tf.errors.InvalidArgumentError(None, None, "shapes differ"), False),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_errors_of_other_processes_are_those_of_a_lost_worker(error, lost):
    devices = training.Devices("multi_worker", 2, True, contextlib.nullcontext)
    expected = LostWorkerError if lost else type(error)
    with pytest.raises(expected), devices.worker_failures_as_errors():
        raise error


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["multi_worker", "parameter_server"])
def test_a_port_in_use_raises_a_one_line_error(strategy):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        cluster = {"worker": [address], "chief": ["127.0.0.1:1"]}
        if strategy == "parameter_server":
            cluster["ps"] = ["127.0.0.1:2"]
        done = finish(
            [sys.executable, "-c", SERVED, strategy],
            env={**os.environ, "TF_CONFIG": config_of(cluster)},
        )
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"TF_CONFIG: {address} cannot be served as worker 0")
    assert "free port" in line
