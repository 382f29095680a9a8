"""Trainings of a tiny network with the user's callbacks."""

import keras
import numpy as np

from rethink_keras import data, models, pipeline, training

EPOCHS = 4
RATE = 0.25


def make_examples(count: int, num_classes: int = 3) -> data.Examples:
    rng = np.random.default_rng(count)
    labels = rng.integers(0, num_classes, count).astype("int32")
    images = rng.normal(size=(count, 4, 4, 1)).astype("float32")
    return data.Examples(images, labels, labels, np.arange(count))


def make_model(num_classes: int = 3, *, batch_norm=False) -> keras.Model:
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.BatchNormalization()] if batch_norm else []
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            *hidden,
            keras.layers.Dropout(0.2),
            keras.layers.Dense(num_classes, kernel_regularizer="l2"),
        ]
    )


def plain(rate: float = RATE) -> keras.optimizers.Optimizer:
    return models.sgd(rate, decay=1, momentum=0.9, steps_per_epoch=3)


class Fit:
    """One training on 30 examples in batches of 10, with its results."""

    def __init__(
        self,
        callbacks=None,
        *,
        optimizer=None,
        held_out=True,
        num_classes=3,
        batch_size=10,
        batch_norm=False,
        checkpoints=None,
    ):
        examples = make_examples(30, num_classes)
        self.model = make_model(num_classes, batch_norm=batch_norm)
        self.optimizer = optimizer or plain()
        trainer = training.Trainer(
            self.model,
            self.optimizer,
            epochs=EPOCHS,
            steps_per_epoch=30 // batch_size,
            checkpoints=checkpoints,
        )
        found = checkpoints and checkpoints.latest()
        if found:
            trainer.restore(found)
        progress = trainer.progress
        self.begun = (progress.epoch, progress.step)
        given = []
        if callbacks is not None:
            given = [training.GivenCallbacks(callbacks, held_out=held_out)]
            given[0].attach(self.model, self.optimizer, num_classes)
        batches = pipeline.TrainingBatches(
            examples,
            batch_size=batch_size,
            seed=0,
            epochs=range(progress.epoch, EPOCHS),
            skip=progress.step,
        )
        held_out_batches = pipeline.EvaluationBatches(
            make_examples(20, num_classes)
        )
        self.history = trainer.train(batches, held_out_batches, given)
        if given:
            given[0].detach()
        self.weights = training.fingerprint_of(self.model)

    @property
    def epochs(self) -> int:
        return len(self.history["loss"])
