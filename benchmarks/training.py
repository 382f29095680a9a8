"""Measures training speed relative to baselines on the same machine.

  python benchmarks/training.py
  python benchmarks/training.py --models=mlp_1x512 --precisions=float32

Prints three tables for cifar10_sample:

1. Throughput in images per second: the training loop without evaluation
   (loop), its compiled steps on one batch in memory (bare), and an equivalent
   PyTorch loop on the CPU if PyTorch is installed.
2. Slow epochs: number of epochs that take over 1.5 times the median.
3. Cost of randomization: duration of an epoch of the cheapest network with each
   --randomize, relative to none.

Measurements alternate over several rounds. Speeds are medians over rounds, and
ratios are medians of the ratios per round. The machine should be idle: other
load slows down PyTorch most, since its threads spin while they wait.
"""

import dataclasses
import importlib.metadata
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator, Mapping

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import MODELS, PRECISIONS, RANDOMIZATIONS, RunConfig

with quiet_start():
    import keras
    import tensorflow as tf

    from rethink_keras import pipeline, runs, training

_MODELS = flags.DEFINE_list("models", list(MODELS)[::-1], "networks to time")
_PRECISIONS = flags.DEFINE_list(
    "precisions", list(PRECISIONS), "precisions to time"
)
_SECONDS = flags.DEFINE_float(
    "seconds", 2.0, "approximate duration of a throughput measurement"
)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "number of rounds", lower_bound=1)
_EPOCHS = flags.DEFINE_integer(
    "epochs",
    30,
    "epochs to search for slow ones; 0 skips the table",
    lower_bound=0,
)

_BATCH = 128
_STEPS_PER_EPOCH = 39
_EXAMPLES = _STEPS_PER_EPOCH * _BATCH  # of 5,000: no partial batch
_ENDLESS = 10**6
_CHEAPEST = "mlp_1x512"
_EPOCHS_PER_ROUND = 20
_WARM_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Span:
    """The work of one measurement: a number of epochs and steps per epoch."""

    epochs: int
    steps: int

    def speed(self, train: Callable[[int], object]) -> float:
        """Returns images per second of a function that trains for steps."""
        start_time = time.perf_counter()
        for _ in range(self.epochs):
            train(self.steps)
        seconds = time.perf_counter() - start_time
        return self.epochs * self.steps * _BATCH / seconds


class Network:
    """A network with its compiled training steps."""

    def __init__(self, inputs: runs.InMemoryInputs):
        config = inputs.config
        keras.utils.set_random_seed(config.seed)
        model = runs.build_model(config, inputs.image_shape, inputs.num_classes)
        optimizer = runs.make_optimizer(config, _STEPS_PER_EPOCH)
        self.trainer = training.Trainer(
            model, optimizer, epochs=_ENDLESS, steps_per_epoch=_STEPS_PER_EPOCH
        )
        self.steps = self.trainer.steps

    def loop_seconds(self, batches: Iterator, steps: int) -> float:
        """Runs an epoch of the package's training loop; returns its seconds."""
        self.steps.metrics.reset_state()
        self.trainer.progress = training.Progress()
        self.trainer.steps_per_epoch = steps
        return self.trainer.train_epoch(batches)

    def train_bare(self, batches: Iterator, steps: int) -> None:
        """Takes the steps in one call and waits for the device."""
        self.steps.train(batches, steps)
        self.steps.metrics.result()


def run_config(model: str, precision: str, randomize="labels") -> RunConfig:
    """Returns the config of the measured run, with unlimited epochs."""
    return RunConfig(
        model=model,
        precision=precision,
        randomize=randomize,
        train_examples=_EXAMPLES,
        batch_size=_BATCH,
        epochs=_ENDLESS,
    )


def alternate(
    trials: Mapping[str, Callable[..., float]], rounds: int
) -> dict[str, list[float]]:
    """Runs all trials in each round; returns the measurements of each trial."""
    measured: dict[str, list[float]] = {name: [] for name in trials}
    for _ in range(rounds):
        for name, trial in trials.items():
            measured[name].append(trial())
    return measured


def median_ratio(values: list[float], over: list[float]) -> float:
    """Returns the median over rounds of the ratio of two values."""
    return statistics.median(a / b for a, b in zip(values, over, strict=True))


def warm_up(train: Callable[[int], object]) -> float:
    """Compiles and runs a function of steps; returns the seconds of a step."""
    train(1)
    steps, seconds = 1, 0.0
    while seconds < _WARM_SECONDS:
        steps *= 2
        start_time = time.perf_counter()
        train(steps)
        seconds = time.perf_counter() - start_time
    return seconds / steps


def choose_span(step_seconds: float) -> Span:
    """Returns work for about --seconds, in epochs no longer than the sample."""
    steps = max(1, round(_SECONDS.value / step_seconds))
    steps_per_epoch = min(steps, _STEPS_PER_EPOCH)
    return Span(max(1, steps // steps_per_epoch), steps_per_epoch)


def pytorch_trainer(inputs: runs.InMemoryInputs) -> Callable[[int], None]:
    """Returns an equivalent PyTorch loop, a function of the step count."""
    import pytorch_peer

    config = inputs.config
    examples = pipeline.as_inputs(inputs.train_crops)
    return pytorch_peer.Trainer(
        config.model,
        examples.images.numpy(),
        examples.labels.numpy(),
        batch_size=config.batch_size,
        bfloat16=config.precision == "mixed_bfloat16",
        learning_rate=config.learning_rate,
        momentum=config.momentum,
    ).train


def measure_throughput(
    inputs: runs.InMemoryInputs,
    *,
    pytorch: bool,
    epochs: int,
) -> tuple[dict[str, list[float]], Span, list[float]]:
    """Measures one network in one precision.

    Args:
      inputs: inputs of the run.
      pytorch: whether to measure PyTorch as well.
      epochs: number of epochs to time individually afterwards.

    Returns:
      Images per second in each round, by name; the work of a measurement; and
      the seconds of each individually timed epoch.
    """
    network = Network(inputs)
    batches = inputs.training_batches(training.Progress())
    real = network.steps.iterator(batches)
    first = next(iter(batches.dataset()))
    repeated = iter(tf.data.Dataset.from_tensors(first).repeat())
    trainers: dict[str, Callable[[int], object]] = {
        "loop": lambda steps: network.loop_seconds(real, steps),
        "bare": lambda steps: network.train_bare(repeated, steps),
    }
    if pytorch:
        trainers["PyTorch"] = pytorch_trainer(inputs)
    step_seconds = [warm_up(train) for train in trainers.values()]
    span = choose_span(step_seconds[0])
    trials = {
        name: lambda train=train: span.speed(train)
        for name, train in trainers.items()
    }
    speeds = alternate(trials, _ROUNDS.value)
    seconds = [network.loop_seconds(real, span.steps) for _ in range(epochs)]
    return speeds, span, seconds


def print_throughput(pytorch: bool) -> list[str]:
    """Prints the throughput table; returns the rows of the slow-epoch table."""
    inputs = runs.InMemoryInputs.load(run_config(_CHEAPEST, PRECISIONS[0]))
    print(
        "\nImages per second\n"
        f"{'':16}{'':15}{'loop':>8}{'bare':>8}"
        + (f"{'PyTorch':>8}" if pytorch else "")
        + f"{'loop/bare':>10} {'goal':8}"
        + ("loop/PyTorch" if pytorch else "")
    )
    slow = []
    for model in _MODELS.value:
        for precision in _PRECISIONS.value:
            first = precision == _PRECISIONS.value[0]
            speeds, span, seconds = measure_throughput(
                dataclasses.replace(
                    inputs, config=run_config(model, precision)
                ),
                pytorch=pytorch,
                epochs=_EPOCHS.value if first else 0,
            )
            print(throughput_row(model, precision, speeds), flush=True)
            if seconds:
                slow.append(slow_row(model, precision, span, seconds))
    return slow


def throughput_row(
    model: str, precision: str, speeds: dict[str, list[float]]
) -> str:
    """Formats a row of the throughput table."""
    goal = 0.85 if model.startswith("mlp") else 0.95
    row = f"{model:16}{precision:15}"
    for values in speeds.values():
        row += f"{statistics.median(values):8.0f}"
    row += f"{median_ratio(speeds['loop'], speeds['bare']):10.2f} >={goal:<6}"
    if "PyTorch" in speeds:
        row += f"{median_ratio(speeds['loop'], speeds['PyTorch']):12.2f}"
    return row


def slow_row(
    model: str, precision: str, span: Span, seconds: list[float]
) -> str:
    """Formats a row of the slow-epoch table."""
    median = statistics.median(seconds)
    slow = sum(value > 1.5 * median for value in seconds)
    return (
        f"{model:16}{precision:15}{span.steps:8}{median:11.3f}"
        f"{max(seconds) / median:16.2f}{f'{slow} of {len(seconds)}':>11}"
    )


def print_randomization_cost() -> None:
    """Prints the table of randomization costs."""
    precision = _PRECISIONS.value[0]
    network, trials = None, {}
    for randomize in RANDOMIZATIONS:
        config = run_config(_CHEAPEST, precision, randomize)
        inputs = runs.InMemoryInputs.load(config)
        network = network or Network(inputs)
        batches = network.steps.iterator(
            inputs.training_batches(training.Progress())
        )

        def train(steps: int, network=network, batches=batches) -> float:
            return network.loop_seconds(batches, steps)

        warm_up(train)
        trials[randomize] = lambda train=train: train(_STEPS_PER_EPOCH)
    seconds = alternate(trials, _ROUNDS.value * _EPOCHS_PER_ROUND)
    print(
        f"\nRandomization: {_CHEAPEST}, {precision}, epochs of"
        f" {_STEPS_PER_EPOCH} steps\n"
        f"{'':16}{'median s':>10}{'over none':>11}  goal"
    )
    for randomize, values in seconds.items():
        median = statistics.median(values)
        ratio = median_ratio(values, seconds["none"])
        print(f"{randomize:16}{median:10.4f}{ratio:11.3f}  <=1.03")


def has_pytorch() -> bool:
    """Returns whether to compare with PyTorch; if not, prints the reason."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch: not compared, not installed (extra [benchmark])")
        return False
    if tf.config.list_physical_devices("GPU"):
        print("PyTorch: not compared, since TensorFlow trains on a GPU")
        return False
    return True


def print_environment(pytorch: bool) -> None:
    """Prints device, versions and settings."""
    versions = runs.versions()
    if pytorch:
        versions["torch"] = importlib.metadata.version("torch")
    print(runs.device())
    print(", ".join(f"{name} {value}" for name, value in versions.items()))
    print(
        f"batch size {_BATCH}, {_ROUNDS.value} rounds of about"
        f" {_SECONDS.value:g} s each"
    )


def main() -> None:
    """Measures training speed and prints the tables."""
    for model in _MODELS.value:
        for precision in _PRECISIONS.value:
            run_config(model, precision)
    pytorch = has_pytorch()
    print_environment(pytorch)
    slow = print_throughput(pytorch)
    if slow:
        print(
            "\nSlow epochs\n"
            f"{'':16}{'':15}{'steps':>8}{'median s':>11}{'longest/median':>16}"
            f"{'over 1.5':>11}  goal"
        )
        for row in slow:
            print(f"{row}  0")
    print_randomization_cost()


if __name__ == "__main__":
    run_command(main)
