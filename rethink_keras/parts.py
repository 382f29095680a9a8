"""The parts of a run, from its config: data, network, batches."""

import dataclasses
from typing import Any

import keras

from rethink_keras import data, models, pipeline, randomization, training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Task:
    """The data of a run, randomized.

    Attributes:
      train: training examples as loaded: labels randomized, images not.
      train_crops: with the centre crops, randomized.
      test_crops: the test examples, likewise; or, of a run that chooses
        hyperparameters, the held-out training examples.
      randomization: what was applied.
      fingerprint: SHA-256 of the randomized labels and pixels.
    """

    train: data.Examples
    train_crops: data.Examples
    test_crops: data.Examples
    randomization: randomization.Randomization
    fingerprint: str


def make_task(config: RunConfig) -> Task:
    """Loads the data of a run and randomizes them.

    Raises:
      InputError: the data cannot be read, or do not suit the options.
    """
    loaded = data.load(config.dataset, config.data_dir, config.image_size)
    height, width = loaded.train.images.shape[1:3]
    if config.random_crop and min(height, width) < 28:
        raise InputError(
            f"random_crop=true: needs images of 28 x 28 or more; those of"
            f" {config.dataset} are {height} x {width}"
        )
    random = make_randomization(config, loaded)
    train, test = choose_examples(config, loaded)
    train_crops = pipeline.randomize(train, random)
    test_crops = pipeline.randomize(test, random)
    return Task(
        train=dataclasses.replace(train, labels=train_crops.labels),
        train_crops=train_crops,
        test_crops=test_crops,
        randomization=random,
        fingerprint=randomization.fingerprint(train_crops, test_crops),
    )


def choose_examples(
    config: RunConfig, loaded: data.ImageClassification
) -> tuple[data.Examples, data.Examples]:
    """The examples that a run trains and is tested on, not randomized.

    Raises:
      InputError: there are fewer than the run asks for.
    """
    train, test = loaded.train, loaded.test
    if config.validation_examples is not None:
        train, test = randomization.hold_out(
            train,
            config.validation_examples,
            classes=loaded.classes,
            seed=config.seed,
        )
    if config.train_examples is not None:
        train = randomization.balanced_subset(
            train,
            config.train_examples,
            classes=loaded.classes,
            seed=config.seed,
        )
    return train, test


def make_randomization(
    config: RunConfig, loaded: data.ImageClassification
) -> randomization.Randomization:
    """The randomization of a run.

    Gaussian noise matches the whole training set's mean and deviation of each
    channel, over the pixels of the centre crops.
    """
    mean: tuple[float, ...] = ()
    stddev: tuple[float, ...] = ()
    if config.randomize == "gaussian":
        mean, stddev = pipeline.channel_moments(loaded.train.images)
    return randomization.Randomization(
        config.randomize,
        classes=loaded.classes,
        seed=config.seed,
        label_corruption=config.label_corruption,
        mean=mean,
        stddev=stddev,
    )


def build_model(config: RunConfig, task: Task) -> keras.Model:
    """The network of a run, for the images of its task."""
    options: dict[str, Any] = {
        "weight_decay": config.weight_decay,
        "dropout": config.dropout,
    }
    for name in ("batch_norm", "batch_norm_momentum"):
        if getattr(config, name) is not None:
            options[name] = getattr(config, name)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        return models.BUILDERS[config.model](
            input_shape=task.train_crops.images.shape[1:],
            classes=task.randomization.classes,
            **options,
        )
    finally:
        keras.config.set_dtype_policy(before)


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
    regularize = pipeline.regularization(
        classes=task.randomization.classes,
        cutout=config.cutout,
        mixup=config.mixup,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )
    return pipeline.TrainingBatches(
        examples,
        batch_size=config.batch_size,
        seed=config.seed,
        epochs=range(done.epoch, config.epochs),
        skip=done.step,
        augment=augment,
        regularize=regularize,
    )
