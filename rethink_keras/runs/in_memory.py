"""Inputs of a run whose data fit in memory."""

import contextlib
import dataclasses

import numpy as np

from rethink_keras import data, pipeline, randomization, training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.runs.pictures import SHOWN, picture_of
from rethink_keras.runs.randomized import make_randomization, regularization

_LARGEST = 2.0
"""Float images without negative values that exceed it are not from 0 to 1."""


@dataclasses.dataclass(frozen=True)
class InMemoryInputs:
    """Inputs in memory, randomized once. See `Inputs`.

    Attributes:
      config: config of the run.
      originals: training examples with randomized labels and original images;
        without random crops only the first, for `picture`.
      train_crops: training examples with randomized labels and randomized
        centre crops.
      test_crops: test examples with randomized labels and randomized centre
        crops. If the run holds out training images, these are the test
        examples.
      positions: see `Inputs`.
      randomization: the randomization.
      fingerprint: SHA-256 of the randomized labels and pixels.
    """

    config: RunConfig
    originals: data.Examples
    train_crops: data.Examples
    test_crops: data.Examples
    positions: dict[str, np.ndarray]
    randomization: randomization.Randomization
    fingerprint: str

    @classmethod
    def load(
        cls, config: RunConfig, given: data.ImageClassification | None = None
    ) -> "InMemoryInputs":
        """Loads and randomizes the data of a run.

        Args:
          config: config of the run.
          given: the data set; None for `config.dataset`.

        Raises:
          InputError: if the data cannot be read, or the options do not fit
            them.
        """
        loaded = given or data.load(config.dataset, config.data_dir)
        for split in (loaded.train, loaded.test):
            check_scale("data", split.images, config)
        height, width = loaded.train.images.shape[1:3]
        if config.random_crop and min(height, width) < 28:
            raise InputError(
                "random_crop=True: requires images of at least 28 x 28; those"
                f" of {'data' if given else config.dataset} are"
                f" {height} x {width}"
            )
        if config.center_crop and min(height, width) < 2:
            raise InputError(
                "center_crop=True: leaves nothing of images of"
                f" {height} x {width}; pass center_crop=False"
            )
        random = _randomization_of(config, loaded)
        train, test = choose_examples(config, loaded)
        test_split = loaded.train if config.validation_examples else loaded.test
        train_crops, test_crops = (
            pipeline.randomize_examples(
                examples, random, crop=config.center_crop
            )
            for examples in (train, test)
        )
        return cls(
            config=config,
            originals=_originals(config, train, np.asarray(train_crops.labels)),
            train_crops=train_crops,
            test_crops=test_crops,
            positions={
                "train": _positions(train, loaded.train),
                "test": _positions(test, test_split),
            },
            randomization=random,
            fingerprint=randomization.fingerprint(train_crops, test_crops),
        )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return tuple(self.train_crops.images.shape[1:])

    @property
    def num_classes(self) -> int:
        return self.randomization.num_classes

    @property
    def images_per_epoch(self) -> int:
        return self.num_train_examples

    @property
    def num_train_examples(self) -> int:
        return len(self.train_crops)

    @property
    def num_test_examples(self) -> int:
        return len(self.test_crops)

    @property
    def steps_per_epoch(self) -> int:
        return pipeline.steps_per_epoch(
            self.num_train_examples, self.config.batch_size
        )

    @property
    def train_set(self) -> training.EvaluationBatches:
        return self._evaluated(self.train_crops)

    @property
    def test_set(self) -> training.EvaluationBatches:
        return self._evaluated(self.test_crops)

    def arrays(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns a split as a network gets it for evaluation.

        Args:
          split: `train` or `test`.

        Returns:
          The inputs, float32 [n, ...], and the labels, int32 [n].
        """
        crops = {"train": self.train_crops, "test": self.test_crops}[split]
        examples = pipeline.as_inputs(
            crops, standardize=self.config.standardize
        )
        return np.asarray(examples.images), np.asarray(examples.labels)

    def _evaluated(self, examples: data.Examples) -> training.EvaluationBatches:
        return pipeline.EvaluationBatches(
            examples,
            pipeline.converter(self.config.standardize),
            self.config.batch_size,
        )

    def training_batches(
        self, progress: training.Progress
    ) -> pipeline.TrainingBatches:
        """See `Inputs`."""
        config = self.config
        augment = pipeline.Augmentation(
            self.randomization,
            crop=config.random_crop,
            flip_and_rotate=config.augment,
            seed=config.seed,
            standardize=config.standardize,
        )
        return pipeline.TrainingBatches(
            self.originals if config.random_crop else self.train_crops,
            batch_size=config.batch_size,
            seed=config.seed,
            epochs=range(progress.epoch, config.epochs),
            skip=progress.step,
            augment=augment,
            regularize=regularization(config, self.num_classes),
        )

    def picture(self) -> np.ndarray:
        """See `Inputs`."""
        images, _, labels, ids = (
            np.asarray(field[:SHOWN]) for field in self.originals.fields
        )
        if self.config.center_crop:
            images = pipeline.centre_crop(images)
        random = self.randomization
        moments = (random.mean, random.stddev)
        if not random.mean:
            moments = pipeline.channel_moments(images, crop=False)
        return picture_of(images, labels, ids, random, moments)

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """See `Inputs`. Reading from memory cannot fail."""
        return contextlib.nullcontext()


def check_scale(name: str, images: np.ndarray, config: RunConfig) -> None:
    """Checks that the network of a run gets images on a small scale.

    Images that were standardized before the run have negative values.

    Args:
      name: name of the images.
      images: uint8, which a run scales to 0 to 1, or floats.
      config: config of the run. It standardizes images of any scale.

    Raises:
      InputError: if the images are floats from 0 to 255 or the like, and the
        run does not standardize them.
    """
    if config.standardize or images.dtype == np.uint8 or not images.size:
        return
    largest = images.max()
    if largest > _LARGEST and images.min() >= 0:
        raise InputError(
            f"{name}: float images reach {largest:g}, but standardize=False"
            " takes floats from 0 to 1; scale them (pixels from 0 to 255:"
            " divide by 255, or pass uint8)"
        )


def choose_examples(
    config: RunConfig, loaded: data.ImageClassification
) -> tuple[data.Examples, data.Examples]:
    """Returns the training and test examples of a run, not yet randomized.

    Raises:
      InputError: if the data set has fewer examples than the run needs.
    """
    train, test = loaded.train, loaded.test
    if config.validation_examples is not None:
        train, test = randomization.hold_out(
            train,
            config.validation_examples,
            seed=config.seed,
        )
    if config.train_examples is not None:
        train = randomization.balanced_subset(
            train,
            config.train_examples,
            seed=config.seed,
        )
    return train, test


def subset_size(config: RunConfig, limit: int) -> int:
    """Returns the size of a training subset of at most `limit` examples.

    Without `train_examples`, it is that of the largest balanced subset.
    """
    if config.train_examples is not None:
        return min(limit, config.train_examples)
    train = data.load(config.dataset, config.data_dir).train
    return randomization.balanced_size(train, limit)


def _randomization_of(
    config: RunConfig, loaded: data.ImageClassification
) -> randomization.Randomization:
    """Returns the randomization of a run.

    Gaussian noise has the mean and standard deviation of each channel over the
    whole training set, cropped as in the run.
    """
    moments: tuple = ()
    if config.randomize == "gaussian":
        moments = pipeline.channel_moments(
            loaded.train.images, crop=config.center_crop
        )
    return make_randomization(config, loaded.num_classes, *moments)


def _originals(
    config: RunConfig, train: data.Examples, labels: np.ndarray
) -> data.Examples:
    """Returns `InMemoryInputs.originals`."""
    examples = dataclasses.replace(train, labels=labels)
    if not config.random_crop:
        return examples.take(np.arange(min(SHOWN, len(examples))))
    return pipeline.as_tensors(examples)


def _positions(examples: data.Examples, split: data.Examples) -> np.ndarray:
    """Returns the position of each example in a split: int32 [n]."""
    order = np.argsort(split.ids)
    found = np.searchsorted(split.ids, examples.ids, sorter=order)
    return order[found].astype("int32")
