"""The randomization and the batch regularizers of a config."""

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
      config: config of the run.
      num_classes: number of classes.
      mean: mean of Gaussian noise in each channel, for pixels from 0 to 1.
      stddev: standard deviation of Gaussian noise in each channel.
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
    """Returns the regularizers of training batches, or None without any."""
    return pipeline.regularization(
        num_classes=num_classes,
        cutout=config.cutout,
        mixup=config.mixup,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )
