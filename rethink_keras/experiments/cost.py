"""Estimates of the time that a run takes."""

import dataclasses
from collections.abc import Iterable

from rethink_keras.config import DATASET_SIZES, RunConfig
from rethink_keras.environment import kind_of
from rethink_keras.experiments.speed import Speeds, network_of
from rethink_keras.results import FinishedRun

_START_MINUTES = 0.2
_EVALUATION = 0.1  # of an epoch's time


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Estimated time of a run.

    Attributes:
      minutes: minutes for all epochs; None if the speed is unknown.
      basis: at which speed, in words.
    """

    minutes: float | None
    basis: str

    def __str__(self) -> str:
        if self.minutes is None:
            return f"minutes unknown: {self.basis}"
        return f"at most {self.minutes:.0f} min {self.basis}"


def estimate_minutes(
    config: RunConfig,
    finished: Iterable[FinishedRun],
    device: str,
    speeds: Speeds | None = None,
) -> Estimate:
    """Estimates the time of a run.

    Uses the measured speed of the network if it is given. Otherwise uses that
    of the slowest finished run of the same network and precision on the same
    device, or else on the same kind of device, such as a CPU.

    Args:
      config: config of the run.
      finished: finished runs.
      device: device of the run, as described in result.json.
      speeds: speeds measured on this machine.
    """
    measured = (speeds or {}).get(network_of(config), {})
    if config.precision in measured:
        return _estimate(
            config, measured[config.precision], "at the speed measured now"
        )
    similar = [
        run
        for run in finished
        if run.config.precision == config.precision
        and network_of(run.config) == network_of(config)
    ]
    here = [run for run in similar if run.result["device"] == device]
    of_kind = [
        run
        for run in similar
        if kind_of(run.result["device"]) == kind_of(device)
    ]
    slowest = min(
        here or of_kind,
        key=lambda run: run.result["images_per_second"],
        default=None,
    )
    if slowest is None:
        return Estimate(
            None,
            "no similar run has finished; precision=fastest measures the speed"
            " of new runs",
        )
    return _estimate(
        config,
        slowest.result["images_per_second"],
        f"at the speed of the slowest run on {slowest.result['device']}",
    )


def _estimate(config: RunConfig, speed: float, basis: str) -> Estimate:
    size = DATASET_SIZES.get(config.dataset, DATASET_SIZES["cifar10"])
    examples = config.train_examples or size.num_train_examples
    seconds = config.epochs * examples / speed * (1 + _EVALUATION)
    return Estimate(_START_MINUTES + seconds / 60, basis)
