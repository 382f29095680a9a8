"""Measures the memory and the start of runs, as commands in a terminal.

  python benchmarks/resources.py
  python benchmarks/resources.py --dataset=cifar10 --data_dir=DIR \
    --train_examples=10000,20000,30000,40000,50000 --json=FILE

Prints for each run: the peak of its resident memory, the seconds until its plan
and its first epoch are on the screen, and the time between two epochs, in which
it evaluates, in percent of an epoch.
"""

import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from absl import flags

from rethink_keras.cli.terminal import run_command

_MODELS = flags.DEFINE_list("models", ["mlp_1x512"], "networks to train")
_DATASET = flags.DEFINE_string("dataset", "cifar10_sample", "data set")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "directory of the data set")
_TRAIN_EXAMPLES = flags.DEFINE_list(
    "train_examples", [], "numbers of training images; default: all"
)
_EPOCHS = flags.DEFINE_integer("epochs", 5, "epochs of each run", lower_bound=2)
_JSON = flags.DEFINE_string("json", None, "file to write")


@dataclasses.dataclass(frozen=True)
class Resources:
    """What one run took.

    Attributes:
      model: the network.
      train_examples: number of training images.
      peak_mb: peak of the resident memory, in units of 10^6 bytes.
      plan_seconds: time until the plan was on the screen.
      epoch_seconds: time until the first epoch was on the screen.
      between_percent: median time between two epochs, in percent of the
        training time of an epoch.
    """

    model: str
    train_examples: int
    peak_mb: float
    plan_seconds: float
    epoch_seconds: float
    between_percent: float


def measure(options: list[str], workdir: str) -> Resources:
    """Runs `python -m rethink_keras.main` and measures it."""
    command = [
        *(sys.executable, "-m", "rethink_keras.main", *options),
        *(f"--workdir={workdir}", f"--epochs={_EPOCHS.value}"),
        "--save_model=false",
    ]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise RuntimeError("the run has no standard output")
    shown = [(line, time.perf_counter() - begun) for line in process.stdout]
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)}: ended with {status}")
    count = next(
        int(found[1].replace(",", ""))
        for line, _ in shown
        if (found := re.search(r"([\d,]+) training", line))
    )
    plan = next(at for line, at in shown if line.startswith("logs "))
    epochs = [at for line, at in shown if line.startswith("epoch ")]
    result = json.loads(pathlib.Path(workdir, "result.json").read_text())
    trained = result["history"]["seconds"]
    between = [
        (end - start - seconds) / seconds
        for start, end, seconds in zip(
            epochs, epochs[1:], trained[1:], strict=False
        )
    ]
    return Resources(
        model=result["config"]["model"],
        train_examples=count,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        plan_seconds=plan,
        epoch_seconds=epochs[0],
        between_percent=100 * statistics.median(between),
    )


def _run() -> int:
    common = [f"--dataset={_DATASET.value}"]
    if _DATA_DIR.value:
        common.append(f"--data_dir={_DATA_DIR.value}")
    found = []
    titles = "peak MB", "plan s", "epoch 1 s", "between %"
    print(f"{'network':14}{'images':>8}" + "".join(f"{t:>11}" for t in titles))
    for model in _MODELS.value:
        for count in _TRAIN_EXAMPLES.value or [""]:
            limit = [f"--train_examples={count}"] if count else []
            with tempfile.TemporaryDirectory() as workdir:
                one = measure([*common, f"--model={model}", *limit], workdir)
            found.append(dataclasses.asdict(one))
            _, _, *numbers = found[-1].values()
            cells = "".join(f"{number:11.1f}" for number in numbers)
            print(f"{model:14}{one.train_examples:8,}{cells}", flush=True)
    if _JSON.value:
        text = json.dumps(found, indent=2)
        pathlib.Path(_JSON.value).write_text(text + "\n")
    return 0


if __name__ == "__main__":
    run_command(_run)
