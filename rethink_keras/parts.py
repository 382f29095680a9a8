"""The parts of a run, from its config and data: network, batches."""

import dataclasses
from typing import Any

import keras

from rethink_keras import data, models, pipeline, training
from rethink_keras.config import RunConfig
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.tasks import StreamedTask, Task, regularization


def build_model(
    config: RunConfig, image_shape: tuple[int, int, int], classes: int
) -> keras.Model:
    """The network of a run, for images [n, *image_shape]."""
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    if config.batch_norm is not None:
        options["batch_norm"] = config.batch_norm
    with keras_settings(**{**STANDARD, "dtype_policy": config.precision}):
        return models.BUILDERS[config.model](
            input_shape=image_shape,
            classes=classes,
            **options,
        )


def make_optimizer(
    config: RunConfig, epoch_steps: int
) -> keras.optimizers.Optimizer:
    """The optimizer of a run with so many steps an epoch."""
    return training.sgd(
        config.learning_rate,
        decay=config.learning_rate_decay,
        momentum=config.momentum,
        epoch_steps=epoch_steps,
    )


def training_batches(
    config: RunConfig,
    task: Task,
    whitened: data.Examples,
    progress: training.Progress | None = None,
) -> pipeline.TrainingBatches:
    """The training batches of a run.

    Args:
      config: of the run.
      task: its data.
      whitened: its training examples as they are seen without augmentation.
      progress: after which to start; None for the start.
    """
    done = progress or training.Progress()
    examples, augment = whitened, None
    if config.random_crop or config.augment:
        examples = task.train if config.random_crop else task.train_crops
        augment = pipeline.augmentation(
            task.randomization,
            crop=config.random_crop,
            flip_and_rotate=config.augment,
            seed=config.seed,
        )
    return pipeline.TrainingBatches(
        examples,
        batch_size=config.batch_size,
        seed=config.seed,
        epochs=range(done.epoch, config.epochs),
        skip=done.step,
        augment=augment,
        regularize=regularization(config, task.randomization.classes),
    )


@dataclasses.dataclass(frozen=True)
class Batches:
    """What a run trains on, and what it is evaluated on.

    Attributes:
      to_train: the training batches that are left.
      train_set: all training examples, as they are seen without augmentation.
      test_set: the test examples.
    """

    to_train: training.TrainingBatches
    train_set: training.Batches
    test_set: training.Batches


def make_batches(
    config: RunConfig, task: Task | StreamedTask, progress: training.Progress
) -> Batches:
    """The batches of a run, from its progress on."""
    if isinstance(task, StreamedTask):
        return _streamed_batches(config, task, progress)
    train = pipeline.whitened(task.train_crops)
    return Batches(
        to_train=training_batches(config, task, train, progress),
        train_set=pipeline.EvaluationBatches(train),
        test_set=pipeline.EvaluationBatches(pipeline.whitened(task.test_crops)),
    )


def _streamed_batches(
    config: RunConfig, task: StreamedTask, progress: training.Progress
) -> Batches:
    train, test = (
        pipeline.StreamedEvaluationBatches(
            examples, task.preparation, batch_size=config.batch_size
        )
        for examples in (task.streams.train, task.streams.test)
    )
    return Batches(
        to_train=pipeline.StreamedTrainingBatches(
            task.streams.train,
            task.preparation,
            batch_size=config.batch_size,
            epochs=range(progress.epoch, config.epochs),
            skip=progress.step,
        ),
        train_set=train,
        test_set=test,
    )
