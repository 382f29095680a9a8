"""Measures the overhead of distribution strategies on one machine's CPUs.

  python benchmarks/devices.py
  python benchmarks/devices.py --models=small_inception --rounds=1

Runs the same training on cifar10_sample with each strategy, alternating over
several rounds:

  single            one process, all cores
  mirrored          one process, two logical devices
  multi_worker      two processes over the loopback interface
  parameter_server  a coordinator, a server and two workers over the loopback
                    interface

All strategies use the same cores, so the ratio of images per second to those of
`single` shows the overhead: 1 means none. The table shows medians over rounds.
The machine should be idle.
"""

import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import flags
from local_cluster import environments

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import MODELS, suggestion
from rethink_keras.errors import InputError

_MODELS = flags.DEFINE_list(
    "models",
    ["mlp_1x512", "small_alexnet", "small_inception"],
    "networks to time",
)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "number of rounds", lower_bound=1)
_TRAIN_EXAMPLES = flags.DEFINE_integer(
    "train_examples", 1_024, "images per epoch", lower_bound=128
)
_EPOCHS = flags.DEFINE_integer("epochs", 5, "epochs per run", lower_bound=1)

_TASKS: dict[str, dict[str, int]] = {
    "single": {},
    "mirrored": {},
    "multi_worker": {"worker": 2},
    "parameter_server": {"ps": 1, "worker": 2, "chief": 1},
}


def images_per_second(model: str, strategy: str) -> float:
    """Trains in subprocesses; returns images per second of the median epoch."""
    with tempfile.TemporaryDirectory() as workdir:
        command = [
            *(sys.executable, "-m", "rethink_keras.main"),
            f"--model={model}",
            f"--strategy={strategy}",
            f"--train_examples={_TRAIN_EXAMPLES.value}",
            f"--epochs={_EPOCHS.value}",
            "--batch_size=128",
            f"--workdir={workdir}",
        ]
        with contextlib.ExitStack() as stack:
            cluster = environments(_TASKS[strategy])
            for environment in cluster.values() or [{}]:
                process = subprocess.Popen(
                    command,
                    env={**os.environ, **environment},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                stack.enter_context(process)
                stack.callback(process.kill)
            _, errors = process.communicate()
        if process.returncode:
            raise InputError(f"strategy={strategy}: {errors.strip()}")
        (path,) = pathlib.Path(workdir).rglob("result.json")
        return json.loads(path.read_text())["images_per_second"]


def _run() -> int:
    unknown = set(_MODELS.value) - set(MODELS)
    if unknown:
        raise InputError(
            f"models={','.join(sorted(unknown))}: must be one or"
            f" more of {', '.join(MODELS)}{suggestion(min(unknown), MODELS)}"
        )
    with quiet_start():
        from rethink_keras.environment import device
    print(device())
    print(f"{'model':18}{'strategy':18}{'images/s':>10}{'over single':>13}")
    for model in _MODELS.value:
        speeds: dict[str, list[float]] = {name: [] for name in _TASKS}
        for _ in range(_ROUNDS.value):
            for name, values in speeds.items():
                values.append(images_per_second(model, name))
        for name, values in speeds.items():
            pairs = zip(values, speeds["single"], strict=True)
            ratio = statistics.median(a / b for a, b in pairs)
            speed = statistics.median(values)
            print(f"{model:18}{name:18}{speed:10,.0f}{ratio:13.2f}", flush=True)
    return 0


if __name__ == "__main__":
    run_command(_run)
