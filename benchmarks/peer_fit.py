"""Measures Keras's `Model.fit` on the package's networks, in turns."""

import numpy as np
from measuring import BATCH, speed, warm_up
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

        def train(steps: int) -> None:
            part = slice(0, min(steps * BATCH, len(images)))
            epochs = max(1, steps * BATCH // len(images))
            network.fit(
                images[part],
                labels[part],
                batch_size=BATCH,
                epochs=epochs,
                verbose=0,
            )

        self._train = train
        return warm_up(train)

    def time(self, name: str, epochs: int, steps: int) -> float:
        """Returns images per second."""
        del name
        return speed(self._train, epochs, steps)


if __name__ == "__main__":
    worker = FitWorker()
    serve({"prepare": worker.prepare, "time": worker.time})
