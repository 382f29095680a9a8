"""Measures the speed of training, as ratios taken in one run.

  python benchmarks/training.py
  python benchmarks/training.py --models=mlp_1x512 --precisions=float32

Three tables, on cifar10_sample:

1. Images per second of the whole training loop but for the test evaluation
   (loop), of its compiled steps on one batch in memory (bare), and of an equal
   PyTorch loop on the CPU, where PyTorch is installed.
2. Slow epochs: how many on one iterator take over 1.5 times their median.
3. The cost of randomization: an epoch of the cheapest network under each
   --randomize, over one under none.

What is compared takes turns, round after round. Speeds are medians of the
rounds, ratios are medians of the ratios in each round. The machine should be
idle, or PyTorch suffers: its threads wait for each other without sleeping.
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

_MODELS = flags.DEFINE_list("models", list(MODELS)[::-1], "networks")
_PRECISIONS = flags.DEFINE_list("precisions", list(PRECISIONS), "arithmetic")
_SECONDS = flags.DEFINE_float(
    "seconds", 2.0, "about how long a measurement of throughput takes"
)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "rounds", lower_bound=1)
_EPOCHS = flags.DEFINE_integer(
    "epochs", 30, "epochs to find slow ones among; 0: none", lower_bound=0
)

_BATCH = 128
_STEPS_PER_EPOCH = 39
_EXAMPLES = _STEPS_PER_EPOCH * _BATCH  # of 5,000, so that all batches are whole
_ENDLESS = 10**6
_CHEAPEST = "mlp_1x512"
_EPOCHS_PER_ROUND = 20
_WARM_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Span:
    """The work of one measurement: so many epochs of so many steps."""

    epochs: int
    steps: int

    def speed(self, train: Callable[[int], object]) -> float:
        """Images per second of a function that takes a number of steps."""
        begun = time.perf_counter()
        for _ in range(self.epochs):
            train(self.steps)
        seconds = time.perf_counter() - begun
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
        """Seconds of an epoch of the package's training loop."""
        self.steps.metrics.reset_state()
        self.trainer.progress = training.Progress()
        self.trainer.steps_per_epoch = steps
        return self.trainer.train_epoch(batches)

    def train_bare(self, batches: Iterator, steps: int) -> None:
        """Takes the steps in one call and waits for the device."""
        self.steps.train(batches, steps)
        self.steps.metrics.result()


def run_config(model: str, precision: str, randomize="labels") -> RunConfig:
    """The run whose loop is measured; its epochs never end."""
    return RunConfig(
        model=model,
        precision=precision,
        randomize=randomize,
        train_examples=_EXAMPLES,
        batch_size=_BATCH,
        epochs=_ENDLESS,
    )


def take_turns(
    trials: Mapping[str, Callable[..., float]], rounds: int
) -> dict[str, list[float]]:
    """Measures each in turn, round after round; the values of each."""
    measured: dict[str, list[float]] = {name: [] for name in trials}
    for _ in range(rounds):
        for name, trial in trials.items():
            measured[name].append(trial())
    return measured


def median_ratio(values: list[float], over: list[float]) -> float:
    """The median over the rounds of one value over another."""
    return statistics.median(a / b for a, b in zip(values, over, strict=True))


def warm_up(train: Callable[[int], object]) -> float:
    """Compiles and runs a function of steps; returns the seconds of a step."""
    train(1)
    steps, seconds = 1, 0.0
    while seconds < _WARM_SECONDS:
        steps *= 2
        begun = time.perf_counter()
        train(steps)
        seconds = time.perf_counter() - begun
    return seconds / steps


def choose_span(step_seconds: float) -> Span:
    """As much work as takes --seconds, in epochs no longer than the sample."""
    steps = max(1, round(_SECONDS.value / step_seconds))
    steps_per_epoch = min(steps, _STEPS_PER_EPOCH)
    return Span(max(1, steps // steps_per_epoch), steps_per_epoch)


def pytorch_trainer(inputs: runs.InMemoryInputs) -> Callable[[int], None]:
    """The equal PyTorch loop: a function of the number of steps."""
    import pytorch_peer

    config = inputs.config
    examples = pipeline.whitened(inputs.train_crops)
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
      inputs: of the run.
      pytorch: whether to measure PyTorch too.
      epochs: how many epochs to time one by one thereafter.

    Returns:
      Images per second in each round, by name; the work of a measurement; the
      seconds of each epoch.
    """
    network = Network(inputs)
    batches = inputs.training_batches(training.Progress())
    real = network.steps.iterator(batches)
    first = next(iter(batches.dataset()))
    same = iter(tf.data.Dataset.from_tensors(first).repeat())
    trainers: dict[str, Callable[[int], object]] = {
        "loop": lambda steps: network.loop_seconds(real, steps),
        "bare": lambda steps: network.train_bare(same, steps),
    }
    if pytorch:
        trainers["PyTorch"] = pytorch_trainer(inputs)
    paces = [warm_up(train) for train in trainers.values()]
    span = choose_span(paces[0])
    trials = {
        name: lambda train=train: span.speed(train)
        for name, train in trainers.items()
    }
    speeds = take_turns(trials, _ROUNDS.value)
    seconds = [network.loop_seconds(real, span.steps) for _ in range(epochs)]
    return speeds, span, seconds


def print_throughput(pytorch: bool) -> list[str]:
    """Prints the table of throughput; returns the rows of slow epochs."""
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
    """A row of the first table."""
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
    """A row of the second table."""
    median = statistics.median(seconds)
    slow = sum(value > 1.5 * median for value in seconds)
    return (
        f"{model:16}{precision:15}{span.steps:8}{median:11.3f}"
        f"{max(seconds) / median:16.2f}{f'{slow} of {len(seconds)}':>11}"
    )


def print_randomization_cost() -> None:
    """Prints the table of what each randomization costs."""
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
    seconds = take_turns(trials, _ROUNDS.value * _EPOCHS_PER_ROUND)
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
    """Whether to compare with PyTorch; if not, prints why."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed (extra [benchmark]): not compared")
        return False
    if tf.config.list_physical_devices("GPU"):
        print("PyTorch: not compared, since TensorFlow trains on a GPU")
        return False
    return True


def print_where(pytorch: bool) -> None:
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
    """Measures and prints."""
    for model in _MODELS.value:
        for precision in _PRECISIONS.value:
            run_config(model, precision)
    pytorch = has_pytorch()
    print_where(pytorch)
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
