"""TPUs, on machines without one."""

import pytest
import tensorflow as tf

from rethink_keras import InputError, training
from rethink_keras.training import devices
from rethink_keras.training.tensorflow_steps import TensorFlowSteps
from tests.support.processes import execute

pytestmark = pytest.mark.distributed

SECONDS = 480


def test_strategy_tpu_without_a_tpu_fails_with_one_line(tmp_path):
    done = execute(tmp_path, "--strategy=tpu", timeout=SECONDS)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: --tpu=local: must be the name of a TPU"
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.quick
def test_the_name_of_a_tpu_needs_its_strategy():
    with pytest.raises(InputError, match="tpu=pod: requires strategy=tpu"):
        training.find_devices("single", tpu="pod")


def test_a_tpu_is_initialized_before_its_strategy_is_created(monkeypatch):
    """Records the calls in place of a TPU."""
    calls = []

    class Strategy:
        num_replicas_in_sync = 8
        scope = None

    def record(name, returned=None):
        def call(*args, **options):
            calls.append((name, *args, *options.values()))
            return returned

        return call

    resolvers = tf.distribute.cluster_resolver
    monkeypatch.setattr(resolvers, "TPUClusterResolver", record("resolve", "r"))
    monkeypatch.setattr(
        tf.config, "experimental_connect_to_cluster", record("connect")
    )
    monkeypatch.setattr(
        tf.tpu.experimental, "initialize_tpu_system", record("initialize")
    )
    monkeypatch.setattr(
        tf.distribute, "TPUStrategy", record("strategy", Strategy())
    )
    devices._tpu.cache_clear()
    found = training.find_devices(tpu="pod")
    devices._tpu.cache_clear()
    assert (found.strategy, found.replicas) == ("tpu", 8)
    assert calls == [
        ("resolve", "pod"),
        ("connect", "r"),
        ("initialize", "r"),
        ("strategy", "r"),
    ]


def test_batches_have_one_size_on_a_tpu_with_one_core():
    class OneCore(tf.distribute.TPUStrategy):
        num_replicas_in_sync = 1

        def __init__(self):
            """Connects to no TPU."""

    class Batches:
        def dataset(self, shard):
            return shard

    steps = object.__new__(TensorFlowSteps)
    steps._strategy, steps._distributed = OneCore(), True
    assert steps.dataset(Batches()) == steps.whole_batch
    assert steps.whole_batch.multiple == 1
