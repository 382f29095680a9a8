"""How long a run will take, estimated before it starts."""

from collections.abc import Iterable

from rethink_keras.config import SAMPLE, RunConfig
from rethink_keras.results import FinishedRun

TRAIN_EXAMPLES = {
    SAMPLE: 5_000,
    "cifar10": 50_000,
    "mnist": 60_000,
    "imagenet2012": 1_281_167,
}

# Images per second of training on 2 cores of an AMD EPYC, as measured by
# launch/benchmark.py: float32, mixed_bfloat16.
_MEASURED = {
    "small_inception": (150, 250),
    "small_alexnet": (1_340, 2_210),
    "mlp_1x512": (30_000, 35_000),
    "mlp_3x512": (15_000, 22_000),
    "small_resnet": (270, 470),
    "small_vit": (290, 430),
}
# The same of Inception V3 at 75x75; the time grows with the area.
_INCEPTION_V3 = (75, 100)
_INCEPTION_V3_SIZE = 75
_START_MINUTES = 0.2
_EVALUATION = 0.1  # of an epoch's time


def estimate_minutes(config: RunConfig, finished: Iterable[FinishedRun]):
    """Minutes of a run.

    From the speed of a finished run of the same model and precision where
    there is one, else from the speed measured on 2 CPU cores.
    """
    default = TRAIN_EXAMPLES.get(config.dataset, TRAIN_EXAMPLES["cifar10"])
    examples = config.train_examples or default
    speed = next(
        (
            run.result["images_per_second"]
            for run in finished
            if run.config.model == config.model
            and run.config.precision == config.precision
            and run.config.image_size == config.image_size
        ),
        None,
    )
    if speed is None:
        speed = _measured_speed(config)
    seconds = config.epochs * examples / speed * (1 + _EVALUATION)
    return _START_MINUTES + seconds / 60


def _measured_speed(config: RunConfig) -> float:
    """Images per second on 2 CPU cores."""
    reduced = config.precision != "float32"
    if config.model != "inception_v3":
        return _MEASURED[config.model][reduced]
    assert config.image_size is not None
    area = (config.image_size / _INCEPTION_V3_SIZE) ** 2
    return _INCEPTION_V3[reduced] / area
