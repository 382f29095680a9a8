"""Measures Keras's `Model.fit` on the package's networks, in turns."""

import time

import numpy as np
from measuring import BATCH, warm_up
from turns import serve

from rethink_keras.cli.terminal import quiet_start
from rethink_keras.config import RunConfig

with quiet_start():
    import keras

    from rethink_keras import models, runs


class FitWorker:
    """Measures one network after another."""

    def prepare(self, model: str, precision: str, path: str) -> float:
        """Builds and compiles a network; returns the seconds of a step."""
        config = RunConfig(model=model, precision=precision)
        with np.load(path) as data:
            images, labels = data["images"], data["labels"]
        network = runs.build_model(config, images.shape[1:], 10)
        network.compile(
            models.sgd(
                config.learning_rate, decay=1, momentum=0.9, steps_per_epoch=1
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )

        def train(steps: int, calls: int = 1, callbacks=()) -> int:
            size = min(steps * BATCH, len(images))
            epochs = calls * max(1, steps * BATCH // len(images))
            network.fit(
                images[:size],
                labels[:size],
                batch_size=BATCH,
                epochs=epochs,
                callbacks=callbacks,
                verbose=0,
            )
            return size * epochs

        self._train = train
        return warm_up(train)

    def time(self, name: str, epochs: int, steps: int) -> float:
        """Returns images per second, without the start of `fit`."""
        del name
        clock = _Clock()
        trained = self._train(steps, 1 + epochs, [clock])
        share = 1 - 1 / clock.epochs
        return trained * share / clock.seconds


class _Clock(keras.callbacks.Callback):
    """Measures the time from the end of the first epoch to that of the last."""

    epochs = 0
    seconds = 0.0

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        if not self.epochs:
            self._begun = now
        self.epochs, self.seconds = epoch + 1, now - self._begun


if __name__ == "__main__":
    worker = FitWorker()
    serve({"prepare": worker.prepare, "time": worker.time})
