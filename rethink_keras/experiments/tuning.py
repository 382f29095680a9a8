"""Searches hyperparameters that the paper leaves open, with keras-tuner.

Each trial is a run with `validation_examples`, which evaluates held-out
training images in place of the test set.

The state of a search is stored only in the work directories of its runs.
keras-tuner restarts its grid search each time, and the results of finished
trials are read instead of running them again.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import keras_tuner
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import DivergenceError, InterruptedRunError
from rethink_keras.files import RESUME_ADVICE, writing
from rethink_keras.results import DIVERGED, RESULT, key_of, run_directory
from rethink_keras.runs import run

_OBJECTIVE = "validation_accuracy"


@dataclasses.dataclass(frozen=True)
class Range:
    """Range of an option, with the arguments of keras-tuner's samplers.

    Attributes:
      low: smallest value.
      high: largest value.
      sampling: `linear` or `log`.
      step: distance between values; with `log`, their ratio.
    """

    low: float
    high: float
    sampling: str = "linear"
    step: float | None = None


# The hyperparameters that the paper leaves open.
RANGES = {
    "weight_decay": Range(1e-5, 1e-2, "log", 10**0.5),
    "learning_rate": Range(1e-3, 1.0, "log", 10**0.5),
    "epochs": Range(20, 100, step=20),
    "dropout": Range(0.0, 0.75, step=0.25),
}


def search_space(names: Sequence[str]) -> keras_tuner.HyperParameters:
    """Returns the search space over options.

    Args:
      names: names of options, which are keys of RANGES.
    """
    space = keras_tuner.HyperParameters()
    for name in names:
        found = RANGES[name]
        define = space.Int if name == "epochs" else space.Float
        define(
            name,
            min_value=found.low,
            max_value=found.high,
            sampling=found.sampling,
            step=found.step,
        )
    return space


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """Result of a trial.

    Accuracies are fractions from 0 to 1; both are 0 if the run diverged.

    Attributes:
      config: config of the run.
      validation_accuracy: accuracy on the held-out images.
      train_accuracy: accuracy on the training images.
      fits: whether `train_accuracy` reaches the required minimum.
    """

    config: RunConfig
    validation_accuracy: float
    train_accuracy: float
    fits: bool


class RunTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Tuner whose trials are runs of this package.

    Finished trials in the work directory are not run again.

    Args:
      config: config of all trials, except for the searched options. Its
        `validation_examples` must be set.
      names: names of the searched options, which are keys of RANGES.
      workdir: directory of the trials. Several searches can share it.
      trials: maximum number of trials; None for all points of the grid.
      min_train_accuracy: training accuracy that a trial needs to be ranked
        among those that fit.

    Raises:
      InputError: if the work directory cannot be written.
    """

    def __init__(
        self,
        config: RunConfig,
        names: Sequence[str],
        workdir: epath.Path,
        trials: int | None = None,
        min_train_accuracy: float = 0.0,
    ):
        if config.validation_examples is None:
            raise ValueError("config.validation_examples=None: must be set")
        self._config = config
        self._workdir = workdir
        self._min_train_accuracy = min_train_accuracy
        self._results: list[TrialResult] = []
        oracle = keras_tuner.oracles.GridSearchOracle(
            objective=keras_tuner.Objective(_OBJECTIVE, "max"),
            max_trials=trials,
            seed=config.seed,
            hyperparameters=search_space(names),
        )
        search = f"{key_of(config).as_flags()}{names}{trials}"
        digest = hashlib.sha256(search.encode()).hexdigest()[:16]
        with writing(workdir):
            super().__init__(
                oracle,
                directory=str(workdir),
                project_name=f"keras_tuner/{digest}",
                overwrite=True,
            )

    def run_trial(self, trial, *args, **kwargs) -> dict[str, float]:
        """Runs a trial and returns its objective."""
        try:
            config = self.config_of(trial.hyperparameters.values)
            validation, train = self._measure(config)
        except InterruptedRunError as error:
            raise KeyboardInterrupt from error
        except Exception as error:
            # keras-tuner would count any other error as a failed trial and
            # continue with the next trial.
            raise keras_tuner.errors.FatalError(str(error)) from error
        fits = train >= self._min_train_accuracy
        self._results.append(TrialResult(config, validation, train, fits))
        return {_OBJECTIVE: validation}

    def _measure(self, config: RunConfig) -> tuple[float, float]:
        """Returns the accuracies on the held-out and the training images."""
        path = run_directory(self._workdir, config)
        diverged = path / DIVERGED
        if diverged.exists():
            reason = diverged.read_text().strip()
        else:
            try:
                result = run(config, path, verbose=not (path / RESULT).exists())
                return result["test_accuracy"], result["train_accuracy"]
            except DivergenceError as error:
                reason = str(error)
        print(f"{reason}; the trial counts with accuracy 0")
        return 0.0, 0.0

    def config_of(self, values: dict[str, Any]) -> RunConfig:
        """Returns the config of a trial, with values of three digits."""
        rounded: dict[str, Any] = {
            name: value if name == "epochs" else float(f"{value:.3g}")
            for name, value in values.items()
        }
        return dataclasses.replace(self._config, **rounded)

    def tune(self) -> list[TrialResult]:
        """Runs the remaining trials and ranks all trials.

        Returns:
          The trials that fit, by descending validation accuracy, followed by
          the others. Equal trials keep the order in which they ran.

        Raises:
          InputError: if the data or the work directory cannot be used.
          InterruptedRunError: if SIGINT or SIGTERM stopped a trial.
        """
        try:
            with writing(self._workdir, RESUME_ADVICE):
                self.search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None
        except KeyboardInterrupt as error:
            raise error.__cause__ or error from None
        return sorted(
            self._results,
            key=lambda result: (result.fits, result.validation_accuracy),
            reverse=True,
        )
