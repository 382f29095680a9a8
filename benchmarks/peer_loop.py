"""Measures this package's training loop and its bare step, in turns."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import BATCH, speed, warm_up
from turns import serve

from rethink_keras.cli.terminal import quiet_start
from rethink_keras.config import RANDOMIZATIONS, RunConfig

with quiet_start():
    import keras
    import tensorflow as tf

    from rethink_keras import environment, pipeline, runs, training

STEPS_PER_EPOCH = 39
EXAMPLES = STEPS_PER_EPOCH * BATCH  # of 5,000: no partial batch
_ENDLESS = 10**6
_SIDE = 2_048  # of the matrices that measure the machine's ceiling
_PRODUCTS = 8


class Network:
    """A network with its compiled training steps."""

    def __init__(self, inputs: runs.InMemoryInputs):
        config = inputs.config
        keras.utils.set_random_seed(config.seed)
        self.model = runs.build_model(
            config, inputs.image_shape, inputs.num_classes
        )
        optimizer = runs.make_optimizer(config, STEPS_PER_EPOCH)
        self.trainer = training.Trainer(
            self.model,
            optimizer,
            epochs=_ENDLESS,
            steps_per_epoch=STEPS_PER_EPOCH,
        )
        self.steps = self.trainer.steps

    def loop_seconds(self, batches: Any, steps: int) -> float:
        """Runs an epoch of the package's training loop; returns its seconds."""
        self.steps.metrics.reset_state()
        self.trainer.progress = training.Progress()
        self.trainer.steps_per_epoch = steps
        return self.trainer.train_epoch(batches)

    def train_bare(self, batches: Any, steps: int) -> None:
        """Takes the steps in one call and waits for the device."""
        self.steps.train(batches, steps)
        self.steps.metrics.result()


def run_config(model: str, precision: str, randomize="labels") -> RunConfig:
    """Returns the config of the measured run, with unlimited epochs."""
    return RunConfig(
        model=model,
        precision=precision,
        randomize=randomize,
        train_examples=EXAMPLES,
        batch_size=BATCH,
        epochs=_ENDLESS,
    )


def flops_of_step(model: keras.Model) -> float:
    """Returns the floating-point operations of a training step, per image.

    Counts products and sums of convolutions, dense layers and attention: the
    forward pass and the gradients of kernels and of inputs, except of the
    images.
    """
    total = 0.0
    kinds = (
        keras.layers.Conv2D,
        keras.layers.Dense,
        keras.layers.MultiHeadAttention,
    )
    layers = [layer for layer in model.layers if isinstance(layer, kinds)]
    for index, layer in enumerate(layers):
        positions = np.prod(layer.output.shape[1:-1], dtype=float)
        kernels = [w for w in layer.trainable_weights if w.name == "kernel"]
        weights = sum(np.prod(kernel.shape, dtype=float) for kernel in kernels)
        products = 2 * positions * weights
        if isinstance(layer, keras.layers.MultiHeadAttention):
            # Queries times keys, and their weights times values.
            products += 4 * positions**2 * layer.output.shape[-1]
        total += products * (2 if index == 0 else 3)
    return total


class RepeatedBatch:
    """Training batches that all are one batch in memory."""

    def __init__(self, batch: tuple):
        self._batch = batch

    def dataset(self, shard: pipeline.BatchShard) -> tf.data.Dataset:
        """Yields the batch endlessly."""
        return tf.data.Dataset.from_tensors(self._batch).repeat()

    def resident(self) -> None:
        """Returns None: there is nothing to assemble."""


class LoopWorker:
    """Measures one network after another."""

    def __init__(self) -> None:
        self._inputs = runs.InMemoryInputs.load(
            run_config("mlp_1x512", "float32")
        )
        self._trainers: dict[str, Callable[[int], object]] = {}

    def describe(self) -> dict:
        """Returns the device and the versions of packages."""
        return {
            "device": environment.device(),
            "versions": environment.versions(),
        }

    def write_images(self, path: str) -> None:
        """Writes the training images and labels, for other frameworks."""
        examples = pipeline.as_inputs(self._inputs.train_crops)
        np.savez(path, images=examples.images, labels=examples.labels)

    def ceiling(self, precision: str) -> float:
        """Returns floating-point operations per second of matrix products."""
        dtype = "bfloat16" if "bfloat16" in precision else "float32"
        one = tf.cast(tf.random.normal((_SIDE, _SIDE)), dtype)
        product = tf.function(lambda: tf.linalg.matmul(one, one))
        product()
        begun = time.perf_counter()
        for _ in range(_PRODUCTS):
            last = product()
        last.numpy()
        seconds = time.perf_counter() - begun
        return 2 * _SIDE**3 * _PRODUCTS / seconds

    def prepare(self, model: str, precision: str) -> dict:
        """Builds a network; returns the seconds and operations of a step."""
        inputs = dataclasses.replace(
            self._inputs, config=run_config(model, precision)
        )
        network = Network(inputs)
        batches = inputs.training_batches(training.Progress())
        real = network.steps.iterator(batches)
        first = next(iter(batches.dataset()))
        repeated = network.steps.iterator(RepeatedBatch(first))
        self._trainers = {
            "loop": lambda steps: network.loop_seconds(real, steps),
            "bare": lambda steps: network.train_bare(repeated, steps),
        }
        seconds = {name: warm_up(f) for name, f in self._trainers.items()}
        return {
            "seconds": seconds["loop"],
            "flops": flops_of_step(network.model),
        }

    def time(self, name: str, epochs: int, steps: int) -> float:
        """Returns images per second of `loop` or `bare`."""
        return speed(self._trainers[name], epochs, steps)

    def epochs(self, count: int, steps: int) -> list:
        """Returns the seconds of single epochs of the loop."""
        return [self._trainers["loop"](steps) for _ in range(count)]

    def randomizations(self, rounds: int, precision: str) -> dict:
        """Returns the seconds of epochs of MLP 1x512 per randomization."""
        network, trials = None, {}
        for randomize in RANDOMIZATIONS:
            config = run_config("mlp_1x512", precision, randomize)
            inputs = runs.InMemoryInputs.load(config)
            network = network or Network(inputs)
            batches = network.steps.iterator(
                inputs.training_batches(training.Progress())
            )

            def train(steps: int, network=network, batches=batches) -> float:
                return network.loop_seconds(batches, steps)

            warm_up(train)
            trials[randomize] = train
        seconds: dict[str, list] = {name: [] for name in trials}
        for _ in range(rounds):
            for name, train in trials.items():
                seconds[name].append(train(STEPS_PER_EPOCH))
        return seconds


if __name__ == "__main__":
    worker = LoopWorker()
    serve(
        {
            name: getattr(worker, name)
            for name in (
                "describe",
                "write_images",
                "ceiling",
                "prepare",
                "time",
                "epochs",
                "randomizations",
            )
        }
    )
