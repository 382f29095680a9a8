"""The data of a run, from its config, in memory or streamed."""

import contextlib
import dataclasses

import numpy as np

from rethink_keras import data, pipeline, randomization
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
      positions: int32 arrays by split, `train` and `test`: where each example
        stands in the data set's split.
      randomization: what was applied.
      fingerprint: SHA-256 of the randomized labels and pixels.
    """

    train: data.Examples
    train_crops: data.Examples
    test_crops: data.Examples
    positions: dict[str, np.ndarray]
    randomization: randomization.Randomization
    fingerprint: str

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Of the network's input: height, width, channels."""
        return tuple(self.train_crops.images.shape[1:])

    @property
    def train_examples(self) -> int:
        return len(self.train)

    @property
    def test_examples(self) -> int:
        return len(self.test_crops)

    def epoch_steps(self, batch_size: int) -> int:
        """Batches of an epoch."""
        return pipeline.epoch_steps(len(self.train), batch_size)

    def naming_damage(self) -> contextlib.AbstractContextManager[None]:
        """Nothing is read any more."""
        return contextlib.nullcontext()


def make_task(config: RunConfig) -> Task:
    """Loads the data of a run and randomizes them.

    Raises:
      InputError: the data cannot be read, or do not suit the options.
    """
    loaded = data.load(config.dataset, config.data_dir)
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
        positions={
            "train": _positions(train, loaded.train),
            "test": _positions(
                test,
                loaded.train if config.validation_examples else loaded.test,
            ),
        },
        randomization=random,
        fingerprint=randomization.fingerprint(train_crops, test_crops),
    )


def _positions(examples: data.Examples, split: data.Examples) -> np.ndarray:
    """Where each example stands in a split: int32 [n]."""
    order = np.argsort(split.ids)
    found = np.searchsorted(split.ids, examples.ids, sorter=order)
    return order[found].astype("int32")


@dataclasses.dataclass(frozen=True)
class StreamedTask:
    """The data of a run whose images are read anew in each epoch.

    Attributes:
      streams: the data set.
      preparation: of its images and labels.
      fingerprint: SHA-256 of the identities and randomized labels of the first
        1,000 training and test examples, and of what randomizes their pixels.
    """

    streams: data.ImageStreams
    preparation: pipeline.Preparation
    fingerprint: str

    @property
    def randomization(self) -> randomization.Randomization:
        return self.preparation.randomization

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Of the network's input: height, width, channels."""
        size = self.preparation.image_size
        return size, size, 3

    @property
    def train_examples(self) -> int:
        return len(self.streams.train)

    @property
    def test_examples(self) -> int:
        return len(self.streams.test)

    @property
    def positions(self) -> dict[str, np.ndarray]:
        """Where each example stands in its split: int32 arrays by split."""
        return {
            "train": np.arange(self.train_examples, dtype="int32"),
            "test": np.arange(self.test_examples, dtype="int32"),
        }

    def epoch_steps(self, batch_size: int) -> int:
        """Batches of an epoch."""
        return len(self.streams.train) // batch_size

    def naming_damage(self) -> contextlib.AbstractContextManager[None]:
        """See `data.ImageStreams.naming_damage`."""
        return self.streams.naming_damage()


def make_streamed_task(config: RunConfig) -> StreamedTask:
    """Opens the data of a run with an image size.

    Raises:
      InputError: the data cannot be read, or do not suit the options.
    """
    size = config.image_size
    if size is None:
        raise ValueError("config: needs image_size")
    streams = data.stream(config.dataset, config.data_dir)
    if config.batch_size > len(streams.train):
        raise InputError(
            f"batch_size={config.batch_size}: allowed is at most the"
            f" {len(streams.train)} training images of {config.dataset}"
        )
    with streams.naming_damage():
        moments: tuple = ()
        if config.randomize == "gaussian":
            moments = pipeline.streamed_moments(
                streams.train, size, config.seed
            )
        random = _randomization(config, streams.classes, *moments)
        return StreamedTask(
            streams=streams,
            preparation=pipeline.Preparation(
                random,
                image_size=size,
                seed=config.seed,
                distort=config.distort,
                flip_and_rotate=config.augment,
                regularize=regularization(config, streams.classes),
            ),
            fingerprint=randomization.streamed_fingerprint(
                random, streams.train, streams.test
            ),
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
    moments: tuple = ()
    if config.randomize == "gaussian":
        moments = pipeline.channel_moments(loaded.train.images)
    return _randomization(config, loaded.classes, *moments)


def _randomization(
    config: RunConfig,
    classes: int,
    mean: tuple[float, ...] = (),
    stddev: tuple[float, ...] = (),
) -> randomization.Randomization:
    return randomization.Randomization(
        config.randomize,
        classes=classes,
        seed=config.seed,
        label_corruption=config.label_corruption,
        mean=mean,
        stddev=stddev,
    )


def regularization(
    config: RunConfig, classes: int
) -> pipeline.regularizers.Regularize | None:
    """What is done to each training batch, if anything."""
    return pipeline.regularization(
        classes=classes,
        cutout=config.cutout,
        mixup=config.mixup,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )
