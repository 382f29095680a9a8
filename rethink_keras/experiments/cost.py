"""Estimates of the time that a run takes."""

import dataclasses
from collections.abc import Iterable

from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.experiments.speed import Speeds, network_of
from rethink_keras.results import FinishedRun

_START_MINUTES = 0.2
_EVALUATION = 0.1  # of an epoch's time


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Estimated time of a run.

    Attributes:
      minutes: minutes for all epochs; None if the speed is unknown.
      basis: where the speed comes from, in words.
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
    """Estimates the time of a run.

    Uses the measured speed of the network if it is given. Otherwise uses the
    speed of a finished run of the same network and precision, if possible on
    the same device.

    Args:
      config: config of the run.
      finished: finished runs.
      device: device of the run, as described in result.json.
      speeds: speeds measured on this machine.
    """
    measured = (speeds or {}).get(network_of(config), {})
    if config.precision in measured:
        return _estimate(config, measured[config.precision], "measured now")
    similar = [
        run
        for run in finished
        if run.config.precision == config.precision
        and network_of(run.config) == network_of(config)
    ]
    if not similar:
        return Estimate(None, "pass precision=fastest to measure the speed")
    run = next((r for r in similar if r.result["device"] == device), similar[0])
    return _estimate(
        config,
        run.result["images_per_second"],
        f"from the speed of a finished run on {run.result['device']}",
    )


def _estimate(config: RunConfig, speed: float, basis: str) -> Estimate:
    size = DATASET_SIZES.get(config.dataset, DATASET_SIZES["cifar10"])
    examples = config.train_examples or size.num_train_examples
    seconds = config.epochs * examples / speed * (1 + _EVALUATION)
    return Estimate(_START_MINUTES + seconds / 60, basis)
