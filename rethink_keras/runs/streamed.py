"""Inputs of a run whose images are read from disk in each epoch."""

import contextlib
import dataclasses

import numpy as np

from rethink_keras import data, pipeline, randomization, training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.runs.pictures import SHOWN, picture_of
from rethink_keras.runs.randomized import make_randomization, regularization


@dataclasses.dataclass(frozen=True)
class StreamedInputs:
    """Inputs that are read from disk in each epoch. See `Inputs`.

    Attributes:
      config: config of the run.
      streams: the data set.
      preprocessing: randomization and preprocessing of images and labels.
      fingerprint: SHA-256 of the identities and randomized labels of the first
        1,000 training and test examples, and of the parameters that randomize
        their pixels.
    """

    config: RunConfig
    streams: data.ImageStreams
    preprocessing: pipeline.Preprocessing
    fingerprint: str

    @classmethod
    def open(cls, config: RunConfig) -> "StreamedInputs":
        """Opens the data of a run whose config has an `image_size`.

        Raises:
          InputError: if the data cannot be read, or the options do not fit
            them.
        """
        size = config.image_size
        if size is None:
            raise ValueError("config.image_size=None: must be set")
        streams = data.stream(config.dataset, config.data_dir)
        if config.batch_size > len(streams.train):
            raise InputError(
                f"batch_size={config.batch_size}: must be at most the number of"
                f" training images of {config.dataset}, {len(streams.train)}"
            )
        with streams.naming_damage():
            moments: tuple = ()
            if config.randomize == "gaussian":
                moments = pipeline.streamed_moments(
                    streams.train, size, config.seed
                )
            random = make_randomization(config, streams.num_classes, *moments)
            return cls(
                config=config,
                streams=streams,
                preprocessing=pipeline.Preprocessing(
                    random,
                    image_size=size,
                    seed=config.seed,
                    distort=config.distort,
                    flip_and_rotate=config.augment,
                    regularize=regularization(config, streams.num_classes),
                ),
                fingerprint=randomization.streamed_fingerprint(
                    random, streams.train, streams.test
                ),
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        size = self.preprocessing.image_size
        return size, size, 3

    @property
    def num_classes(self) -> int:
        return self.streams.num_classes

    @property
    def images_per_epoch(self) -> int:
        return self.steps_per_epoch * self.config.batch_size

    @property
    def num_train_examples(self) -> int:
        return len(self.streams.train)

    @property
    def num_test_examples(self) -> int:
        return len(self.streams.test)

    @property
    def steps_per_epoch(self) -> int:
        return self.num_train_examples // self.config.batch_size

    @property
    def positions(self) -> dict[str, np.ndarray]:
        return {
            "train": np.arange(self.num_train_examples, dtype="int32"),
            "test": np.arange(self.num_test_examples, dtype="int32"),
        }

    @property
    def train_set(self) -> training.EvaluationBatches:
        return self._evaluated(self.streams.train)

    @property
    def test_set(self) -> training.EvaluationBatches:
        return self._evaluated(self.streams.test)

    def _evaluated(
        self, examples: data.EncodedExamples
    ) -> training.EvaluationBatches:
        return pipeline.StreamedEvaluationBatches(
            examples, self.preprocessing, batch_size=self.config.batch_size
        )

    def training_batches(
        self, progress: training.Progress
    ) -> pipeline.StreamedTrainingBatches:
        """See `Inputs`."""
        return pipeline.StreamedTrainingBatches(
            self.streams.train,
            self.preprocessing,
            batch_size=self.config.batch_size,
            epochs=range(progress.epoch, self.config.epochs),
            skip=progress.step,
        )

    def picture(self) -> np.ndarray:
        """See `Inputs`."""
        first = list(self.streams.train.in_order().take(SHOWN))
        images = np.stack(
            [self.preprocessing.decode(image, None) for image, *_ in first]
        )
        labels, ids = np.array([numbers for _, *numbers in first]).T
        random = self.preprocessing.randomization
        moments = (random.mean, random.stddev)
        if not random.mean:
            moments = pipeline.channel_moments(images, crop=False)
        return picture_of(images, labels, ids, random, moments)

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """See `Inputs`."""
        return self.streams.naming_damage()
