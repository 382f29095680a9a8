"""Runs of a small network, for comparing Keras's backends.

KERAS_BACKEND=jax python -m tests.support.on_backend FOLDER
prints the results of all runs, trained as on an accelerator.
"""

import json
import sys

import keras
import numpy as np

import rethink_keras as rk

RUNS = {
    "labels": {"randomize": "labels", "weight_decay": 1e-3},
    "shuffled pixels": {"randomize": "shuffled_pixels"},
    "random crops": {"randomize": "none", "random_crop": True},
    "augmentation": {"randomize": "none", "augment": True},
    "soft labels": {"label_smoothing": 0.1, "mixup": True},
    "subclassed": {"randomize": "none"},
}
NUM_EXAMPLES, BATCH_SIZE, EPOCHS = 95, 10, 5  # 50 steps of 9 or 10 examples


def results(folder: str) -> dict[str, dict]:
    """Returns what must not depend on the backend, by run."""
    found = {}
    for name, options in RUNS.items():
        config = rk.RunConfig(
            batch_size=BATCH_SIZE, epochs=EPOCHS, learning_rate=0.01, **options
        )
        result = rk.run(
            config,
            f"{folder}/{name}",
            model=_subclassed if name == "subclassed" else _network,
            data=_data(),
            verbose=False,
        )
        found[name] = {
            "fingerprint": result["fingerprint"],
            "loss": result.history["loss"],
            "test_loss": result.history["test_loss"],
            "first_epoch": result.learning()["first_epoch"].tolist(),
        }
    return found


def _data():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (NUM_EXAMPLES, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(NUM_EXAMPLES) % 3
    return (images, labels), (images[::-1], labels[::-1])


def _network(input_shape, num_classes, weight_decay=0.0):
    """Returns a network whose initial weights come from NumPy."""
    decay = keras.regularizers.L2(weight_decay / 2)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(4, 3, strides=2, kernel_regularizer=decay),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(num_classes, kernel_regularizer=decay),
        ]
    )
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            variable.assign(0.05 * rng.normal(size=variable.shape))
    return model


@keras.saving.register_keras_serializable()
class Subclassed(keras.Model):
    """Does not mention `training`, and has a loss for each example."""

    def __init__(self, input_shape, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.arguments = {
            "input_shape": input_shape,
            "num_classes": num_classes,
        }
        self.sublayers = _network(input_shape, num_classes).layers

    def call(self, images):
        x = images
        for layer in self.sublayers:
            x = layer(x)
        self.add_loss(1e-4 * keras.ops.sum(x**2, axis=-1))
        return x

    def get_config(self):
        return {**super().get_config(), **self.arguments}


def _subclassed(input_shape, num_classes):
    return Subclassed(input_shape, num_classes)


if __name__ == "__main__":
    from rethink_keras.training import jax_steps

    jax_steps.has_accelerator = lambda: True
    print(json.dumps(results(sys.argv[1])))
