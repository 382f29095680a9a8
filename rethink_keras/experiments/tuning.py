"""Chooses what the paper leaves open, on held-out training images.

keras-tuner proposes, a run of the package measures: each trial is a run with
`validation_examples`, so the test set is never seen. What runs leave in their
directories is all that a search remembers: keras-tuner walks its grid anew at
each start, and trials that have finished are not run again.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import keras_tuner
from etils import epath

from rethink_keras.config import RunConfig
from rethink_keras.errors import DivergenceError, InterruptedRunError
from rethink_keras.files import GOES_ON, write_whole, writing
from rethink_keras.results import key_of
from rethink_keras.runs import run

_OBJECTIVE = "validation_accuracy"
_DIVERGED = "diverged.txt"


@dataclasses.dataclass(frozen=True)
class Range:
    """Values that an option may take, as keras-tuner samples them."""

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
    """The values of each named option: keys of RANGES."""
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
    """A trial that was measured; accuracies are shares of 1, 0 if it diverged.

    Attributes:
      config: what ran.
      validation_accuracy: on the held-out images.
      train_accuracy: on the others.
      fits: whether the latter is as large as the tuner asks for.
    """

    config: RunConfig
    validation_accuracy: float
    train_accuracy: float
    fits: bool


class RunTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """A tuner whose trials are runs; resumes an earlier search of its config.

    Args:
      config: of every trial, but for the options searched; holds out
        `validation_examples`.
      names: of the options searched.
      workdir: of the trials; other searches may share it.
      trials: how many at most; the grid may have fewer.
      min_train_accuracy: that a trial must reach to be chosen.

    Raises:
      InputError: the work directory cannot be written.
    """

    def __init__(
        self,
        config: RunConfig,
        names: Sequence[str],
        workdir: epath.Path,
        trials: int,
        min_train_accuracy: float = 0.0,
    ):
        if config.validation_examples is None:
            raise ValueError("config: needs validation_examples")
        self._config = config
        self._workdir = workdir
        self._min_train_accuracy = min_train_accuracy
        self._tried: list[TrialResult] = []
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
        """Runs the config with the trial's values."""
        try:
            config = self.config_of(trial.hyperparameters.values)
            validation, train = self._measure(config)
        except InterruptedRunError as error:
            raise KeyboardInterrupt from error
        except Exception as error:
            # Of other errors keras-tuner makes failed trials, and goes on.
            raise keras_tuner.errors.FatalError(str(error)) from error
        fits = train >= self._min_train_accuracy
        self._tried.append(TrialResult(config, validation, train, fits))
        return {_OBJECTIVE: validation}

    def _measure(self, config: RunConfig) -> tuple[float, float]:
        """Accuracies on the held-out images and on the others."""
        path = self._workdir / config.name()
        diverged = path / _DIVERGED
        if not diverged.exists():
            try:
                result = run(config, path)
                return result["test_accuracy"], result["train_accuracy"]
            except DivergenceError as error:
                with writing(path, GOES_ON):
                    write_whole(diverged, str(error).encode())
        print(f"{diverged.read_text()}: counts as accuracy 0")
        return 0.0, 0.0

    def config_of(self, values: dict[str, Any]) -> RunConfig:
        """The run of a trial; its values rounded to three digits."""
        rounded: dict[str, Any] = {
            name: value if name == "epochs" else float(f"{value:.3g}")
            for name, value in values.items()
        }
        return dataclasses.replace(self._config, **rounded)

    def tune(self) -> list[TrialResult]:
        """Runs the trials that are left; ranks all.

        Returns:
          The trials that fit, by validation accuracy, then the others; of
          equal ones, the first that was tried comes first.

        Raises:
          InputError: the data or the work directory cannot be used.
        """
        try:
            with writing(self._workdir, GOES_ON):
                self.search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None
        return sorted(
            self._tried,
            key=lambda t: (t.fits, t.validation_accuracy),
            reverse=True,
        )
