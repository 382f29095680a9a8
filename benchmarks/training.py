"""Measures training speed relative to baselines on the same machine.

  python benchmarks/training.py
  python benchmarks/training.py --models=mlp_1x512 --precisions=float32
  python benchmarks/training.py --json=benchmarks/results/amd.json

Prints three tables for cifar10_sample:

1. Throughput in images per second: the training loop without evaluation
   (loop), its compiled steps on one batch in memory (bare), Keras's `Model.fit`
   on the same network (fit), and an equivalent PyTorch loop if PyTorch is
   installed. Also the loop's share of the machine's ceiling: the operations per
   second of matrix products of 2,048 x 2,048, measured in the same run.
2. Slow epochs: number of epochs that take over 1.5 times the median.
3. Cost of randomization: duration of an epoch of the cheapest network with each
   --randomize, relative to none.

Each framework runs in a process of its own, on the same cores. They measure in
turns, over several rounds. Speeds are medians over rounds, and ratios are
medians of the ratios per round. The machine should be idle: other load slows
down PyTorch most, since its threads spin while they wait.
"""

import dataclasses
import importlib.util
import json
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from absl import flags
from turns import Worker

from rethink_keras.cli.terminal import run_command
from rethink_keras.config import MODELS, PRECISIONS, RunConfig

_MODELS = flags.DEFINE_list(
    "models",
    [name for name in MODELS if MODELS[name].image_size is None],
    "networks to time; they train on images in memory",
)
_PRECISIONS = flags.DEFINE_list(
    "precisions", list(PRECISIONS), "precisions to time"
)
_SECONDS = flags.DEFINE_float(
    "seconds", 5.0, "approximate duration of a throughput measurement"
)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "number of rounds", lower_bound=1)
_EPOCHS = flags.DEFINE_integer(
    "epochs",
    30,
    "epochs to search for slow ones; 0 skips the table",
    lower_bound=0,
)
_JSON = flags.DEFINE_string("json", None, "file to write the measurements to")

_FOLDER = pathlib.Path(__file__).parent
_STEPS_PER_EPOCH = 39
_EPOCHS_PER_ROUND = 20
_LOOP, _BARE, _FIT, _PYTORCH = "loop", "bare", "fit", "PyTorch"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Measurements of one network in one precision.

    Attributes:
      model: name of the network.
      precision: Keras dtype policy.
      speeds: images per second in each round, by name.
      flops: floating-point operations of a training step, per image.
      ceiling: operations per second of matrix products.
      steps: steps of an epoch.
      epoch_seconds: seconds of single epochs.
    """

    model: str
    precision: str
    speeds: Mapping[str, list[float]]
    flops: float
    ceiling: float
    steps: int
    epoch_seconds: list[float]

    def speed(self, name: str) -> float:
        """Returns the median images per second."""
        return statistics.median(self.speeds[name])

    def ratio(self, over: str) -> float | None:
        """Returns the median ratio of the loop to another speed."""
        if over not in self.speeds:
            return None
        return median_ratio(self.speeds[_LOOP], self.speeds[over])

    @property
    def share(self) -> float:
        """The loop's share of the machine's ceiling, from 0 to 1."""
        return self.speed(_LOOP) * self.flops / self.ceiling


def median_ratio(values: list[float], over: list[float]) -> float:
    """Returns the median over rounds of the ratio of two values."""
    return statistics.median(a / b for a, b in zip(values, over, strict=True))


class Peers:
    """The processes that measure."""

    def __init__(self, images: str):
        self._images = images
        self.loop = Worker(str(_FOLDER / "peer_loop.py"))
        self.loop.ask("write_images", path=images)
        self._others = {_FIT: Worker(str(_FOLDER / "peer_fit.py"))}
        if importlib.util.find_spec("torch") is not None:
            self._others[_PYTORCH] = Worker(str(_FOLDER / "peer_pytorch.py"))
        else:
            print("PyTorch: not compared, not installed (extra [benchmark])")

    def describe(self) -> dict[str, Any]:
        """Returns the device, versions and PyTorch's settings."""
        described = self.loop.ask("describe")
        if _PYTORCH in self._others:
            described["PyTorch"] = self._others[_PYTORCH].ask("describe")
        described["instructions"] = instructions()
        return described

    def measure(self, model: str, precision: str, epochs: int) -> Measurement:
        """Measures one network in one precision, in turns."""
        ceiling = self.loop.ask("ceiling", precision=precision)
        prepared = self.loop.ask("prepare", model=model, precision=precision)
        peers = {_LOOP: self.loop, _BARE: self.loop, **self._others}
        for name, worker in self._others.items():
            if name == _PYTORCH and not in_pytorch(model):
                del peers[name]
                continue
            worker.ask(
                "prepare", model=model, precision=precision, path=self._images
            )
        steps = max(1, round(_SECONDS.value / prepared["seconds"]))
        per_epoch = min(steps, _STEPS_PER_EPOCH)
        span = {"epochs": max(1, steps // per_epoch), "steps": per_epoch}
        speeds: dict[str, list[float]] = {name: [] for name in peers}
        for _ in range(_ROUNDS.value):
            for name, worker in peers.items():
                speeds[name].append(worker.ask("time", name=name, **span))
        return Measurement(
            model,
            precision,
            speeds,
            prepared["flops"],
            ceiling,
            per_epoch,
            self.loop.ask("epochs", count=epochs, steps=per_epoch),
        )

    def close(self) -> None:
        """Ends the processes."""
        for worker in (self.loop, *self._others.values()):
            worker.close()


def in_pytorch(model: str) -> bool:
    """Returns whether the PyTorch peer has the network."""
    return f'"{model}":' in (_FOLDER / "peer_pytorch.py").read_text()


def instructions() -> list[str]:
    """Returns the instruction sets that matter to training on a CPU."""
    path = pathlib.Path("/proc/cpuinfo")
    text = path.read_text(errors="replace") if path.exists() else ""
    flag_line = next(
        (line for line in text.splitlines() if line.startswith("flags")), ""
    )
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    return [name for name in wanted if name in flag_line.split()]


def throughput_row(measured: Measurement) -> str:
    """Formats a row of the throughput table."""
    goal = 0.85 if measured.model.startswith("mlp") else 0.95
    row = f"{measured.model:16}{measured.precision:15}"
    for name in (_LOOP, _BARE, _FIT, _PYTORCH):
        known = name in measured.speeds
        row += f"{measured.speed(name):9.0f}" if known else f"{'':9}"
    row += f"{measured.share:8.0%}"
    for name in (_BARE, _FIT, _PYTORCH):
        ratio = measured.ratio(name)
        row += f"{'':9}" if ratio is None else f"{ratio:9.2f}"
    return f"{row}   loop/bare >={goal}"


def slow_row(measured: Measurement) -> str:
    """Formats a row of the slow-epoch table."""
    seconds = measured.epoch_seconds
    median = statistics.median(seconds)
    slow = sum(value > 1.5 * median for value in seconds)
    return (
        f"{measured.model:16}{measured.precision:15}{measured.steps:8}"
        f"{median:11.3f}{max(seconds) / median:16.2f}"
        f"{f'{slow} of {len(seconds)}':>11}"
    )


def print_randomization_cost(seconds: Mapping[str, list[float]]) -> None:
    """Prints the table of randomization costs."""
    print(
        f"\nRandomization: mlp_1x512, epochs of {_STEPS_PER_EPOCH} steps\n"
        f"{'':16}{'median s':>10}{'over none':>11}  goal"
    )
    for randomize, values in seconds.items():
        median = statistics.median(values)
        ratio = median_ratio(values, seconds["none"])
        print(f"{randomize:16}{median:10.4f}{ratio:11.3f}  <=1.03")


def write(rows: list[Measurement], **others: Any) -> None:
    """Writes what has been measured so far to the file of --json."""
    if _JSON.value:
        content = {
            **others,
            "command": " ".join(["python", *sys.argv]),
            "rows": [dataclasses.asdict(row) for row in rows],
        }
        pathlib.Path(_JSON.value).write_text(
            json.dumps(content, indent=1) + "\n"
        )


def measure_throughput(
    peers: Peers, described: dict[str, Any]
) -> list[Measurement]:
    """Measures all networks, and prints and writes each as it ends."""
    print(json.dumps(described, indent=1))
    print(
        f"\nImages per second, batch size 128, {_ROUNDS.value} rounds of"
        f" about {_SECONDS.value:g} s each\n{'':31}{'loop':>9}{'bare':>9}"
        f"{'fit':>9}{'PyTorch':>9}{'ceiling':>8}{'/bare':>9}{'/fit':>9}"
        f"{'/PyTorch':>9}"
    )
    rows = []
    for model in _MODELS.value:
        for precision in _PRECISIONS.value:
            first = precision == _PRECISIONS.value[0]
            epochs = _EPOCHS.value if first else 0
            rows.append(peers.measure(model, precision, epochs))
            print(throughput_row(rows[-1]), flush=True)
            write(rows, **described)
    return rows


def main() -> None:
    """Measures training speed and prints the tables."""
    for model in _MODELS.value:
        for precision in _PRECISIONS.value:
            RunConfig(model=model, precision=precision)
    with tempfile.TemporaryDirectory() as scratch:
        peers = Peers(f"{scratch}/images.npz")
        described = peers.describe()
        rows = measure_throughput(peers, described)
        cost = peers.loop.ask(
            "randomizations",
            rounds=_ROUNDS.value * _EPOCHS_PER_ROUND,
            precision=_PRECISIONS.value[0],
        )
        peers.close()
    slow = [row for row in rows if row.epoch_seconds]
    if slow:
        print(
            f"\nSlow epochs\n{'':31}{'steps':>8}{'median s':>11}"
            f"{'longest/median':>16}{'over 1.5':>11}  goal"
        )
    for row in slow:
        print(f"{slow_row(row)}  0")
    print_randomization_cost(cost)
    medians = {name: statistics.median(values) for name, values in cost.items()}
    write(rows, **described, randomization_seconds=medians)


if __name__ == "__main__":
    run_command(main)
