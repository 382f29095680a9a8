"""What a config says is done to labels, images and batches."""

from rethink_keras import pipeline, randomization
from rethink_keras.config import RunConfig


def make_randomization(
    config: RunConfig,
    num_classes: int,
    mean: tuple[float, ...] = (),
    stddev: tuple[float, ...] = (),
) -> randomization.Randomization:
    """Returns the randomization of a run.

    Args:
      config: the run.
      num_classes: number of classes.
      mean: of each channel of Gaussian noise, on the scale of 0 to 1.
      stddev: standard deviation of each channel, likewise.
    """
    return randomization.Randomization(
        config.randomize,
        num_classes=num_classes,
        seed=config.seed,
        label_corruption=config.label_corruption,
        mean=mean,
        stddev=stddev,
    )


def regularization(
    config: RunConfig, num_classes: int
) -> pipeline.regularizers.Regularize | None:
    """Returns what is done to each training batch; None for nothing."""
    return pipeline.regularization(
        num_classes=num_classes,
        cutout=config.cutout,
        mixup=config.mixup,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )
