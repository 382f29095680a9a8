"""How long a run will take, estimated before it starts."""

import dataclasses
from collections.abc import Iterable

from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.experiments.speed import Speeds, network_of
from rethink_keras.results import FinishedRun

_START_MINUTES = 0.2
_EVALUATION = 0.1  # of an epoch's time


@dataclasses.dataclass(frozen=True)
class Estimate:
    """An estimate of a run's time.

    Attributes:
      minutes: of all its epochs; None if no speed is known.
      basis: what it rests on.
    """

    minutes: float | None
    basis: str

    def __str__(self) -> str:
        if self.minutes is None:
            return f"minutes unknown: {self.basis}"
        return f"at most {self.minutes:.0f} min, {self.basis}"


def estimate_minutes(
    config: RunConfig,
    finished: Iterable[FinishedRun],
    device: str,
    speeds: Speeds | None = None,
) -> Estimate:
    """The minutes of a run.

    They rest on the speed measured now or, without it, on that of a finished
    run of the same network and precision, if possible on the same device.

    Args:
      config: of the run.
      finished: runs to learn from.
      device: that will train, as in result.json.
      speeds: as measured now.
    """
    measured = (speeds or {}).get(network_of(config), {})
    if config.precision in measured:
        return _estimate(config, measured[config.precision], "measured now")
    alike = [
        run
        for run in finished
        if run.config.precision == config.precision
        and network_of(run.config) == network_of(config)
    ]
    if not alike:
        return Estimate(None, "--precision=fastest measures the speed")
    run = next((r for r in alike if r.result["device"] == device), alike[0])
    return _estimate(
        config,
        run.result["images_per_second"],
        f"the speed of a finished run on {run.result['device']}",
    )


def _estimate(config: RunConfig, speed: float, basis: str) -> Estimate:
    size = DATASET_SIZES.get(config.dataset, DATASET_SIZES["cifar10"])
    examples = config.train_examples or size.num_train_examples
    seconds = config.epochs * examples / speed * (1 + _EVALUATION)
    return Estimate(_START_MINUTES + seconds / 60, basis)
