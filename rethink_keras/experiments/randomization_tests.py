"""The paper's randomization test for a network of one's own (Section 2)."""

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import pandas as pd
from matplotlib.figure import Figure

from rethink_keras.config import RANDOMIZATIONS, RunConfig, suggestion
from rethink_keras.data import from_arrays
from rethink_keras.errors import InputError
from rethink_keras.plotting import CONDITION_COLOURS, as_png
from rethink_keras.results.metrics import chance_of
from rethink_keras.runs import (
    RunResult,
    check_builder,
    run,
    with_named_model,
)

_WORDS = {
    "none": "true labels",
    "labels": "random labels",
    "shuffled_pixels": "shuffled pixels",
    "random_pixels": "random pixels",
    "gaussian": "Gaussian noise",
}


class _NotebookFigure(Figure):
    """A figure that notebooks show although pyplot does not manage it."""

    def _repr_png_(self) -> bytes:
        return as_png(self)


@dataclasses.dataclass(frozen=True)
class RandomizationTest:
    """One network, trained on true and on randomized data.

    A network that fits random labels as well as true ones can memorize its
    training set: its capacity does not explain that it generalizes.

    Attributes:
      results: result of each run, by randomization.
    """

    results: Mapping[str, RunResult]

    def to_frame(self) -> pd.DataFrame:
        """Returns one row per randomization.

        The columns:

        - `randomize`: the randomization;
        - `train_accuracy`, `test_accuracy`: after the last epoch, from 0 to 1,
          the latter against the true labels;
        - `epochs`: number of epochs trained;
        - `epochs_to_fit`: first epoch with a mean loss below 0.05; missing if
          there is none;
        - `ratio_to_true_labels`: `epochs_to_fit` over that of `none`.
        """
        frame = pd.DataFrame(
            [
                {
                    "randomize": kind,
                    "train_accuracy": result["train_accuracy"],
                    "test_accuracy": result["test_accuracy"],
                    "epochs": result["epochs"],
                    "epochs_to_fit": result["epochs_to_fit"],
                }
                for kind, result in self.results.items()
            ]
        )
        to_fit = frame["epochs_to_fit"].astype("Float64")
        true = to_fit[frame["randomize"] == "none"]
        frame["epochs_to_fit"] = to_fit.astype("Int64")
        frame["ratio_to_true_labels"] = (
            to_fit / true.iloc[0] if len(true) else pd.NA
        )
        return frame

    def plot(self) -> Figure:
        """Draws training accuracy over epochs and test accuracy at the end."""
        figure = _NotebookFigure(figsize=(9, 3.6), layout="constrained")
        curves, bars = figure.subplots(1, 2, width_ratios=(3, 2))
        for kind, result in self.results.items():
            label, colour = _WORDS[kind], CONDITION_COLOURS[kind]
            percent = 100 * result.to_frame()["accuracy"]
            curves.plot(percent.index, percent, color=colour, label=label)
            bars.barh(label, 100 * result["test_accuracy"], color=colour)
        chance = 100 * max(map(chance_of, self.results.values()))
        bars.axvline(chance, color="grey", linestyle="--", linewidth=1)
        bars.set_xlabel("test accuracy (%); dashed: chance")
        bars.set_xlim(0, 100)
        bars.invert_yaxis()
        curves.set_xlabel("epoch")
        curves.set_ylabel("training accuracy (%)")
        curves.set_ylim(0, 102)
        curves.legend(frameon=False)
        for axes in (curves, bars):
            axes.spines[["top", "right"]].set_visible(False)
        return figure


def randomization_test(
    model: keras.Model | Callable[..., keras.Model] | str | None,
    data: Any = None,
    *,
    kinds: Sequence[str] = RANDOMIZATIONS,
    epochs: int | None = None,
    optimizer: keras.optimizers.Optimizer | str | None = None,
    callbacks: Callable[[str], Any] | None = None,
    workdir: os.PathLike | str | None = None,
    config: RunConfig | None = None,
    save_model: bool = True,
    overwrite: bool = False,
    strategy: str = "auto",
    verbose: bool = True,
) -> RandomizationTest:
    """Trains a network on true and on randomized data, with one setting.

    The paper's randomization test (Section 2): does the network fit random
    labels and random pixels, and how much longer does it take? An interrupted
    test resumes where it stopped; finished runs are not repeated.

    Args:
      model: network, as in `run`.
      data: data set, as in `run`.
      kinds: randomizations to train on, of `none`, `labels`,
        `shuffled_pixels`, `random_pixels` and `gaussian`.
      epochs: number of epochs of each run (default: that of `config`).
      optimizer: optimizer of each run, as in `run`.
      callbacks: function from a randomization, such as `labels`, to new
        callbacks for its run, as in `run` (default: none). Callbacks keep a
        state, so that runs cannot share them.
      workdir: directory with one subdirectory a randomization (default: the
        work directories of `run`).
      config: all other options, such as `batch_size`, `learning_rate` and
        `seed` (default: `RunConfig()`).
      save_model: as in `run`.
      overwrite: as in `run`.
      strategy: as in `run`.
      verbose: whether to print progress.

    Raises:
      InputError: an argument is not allowed.

    Example:
      >>> test = randomization_test(build, ((x, y), (x_test, y_test)))
      >>> test.to_frame(), test.plot().savefig("test.png")
    """
    kinds = _checked_kinds(kinds)
    options: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise InputError(
            f"config: must be a RunConfig; received a {type(config).__name__}"
        )
    if isinstance(model, str):
        # Before `epochs` is set: it would drop values that are its defaults.
        config, model = with_named_model(config, model), None
    if "label_corruption" in config.differences():
        raise InputError(
            f"config: label_corruption={config.label_corruption} is not a"
            " randomization test, whose labels are all random; leave it at 1"
        )
    if callbacks is not None and not callable(callbacks):
        raise InputError(
            "callbacks: must be a function of the randomization that returns"
            " new callbacks, such as lambda kind: [TerminateOnNaN()]; received"
            f" a {type(callbacks).__name__}"
        )
    if workdir == "":
        raise InputError("workdir='': must be the path of a directory")
    configs = {
        kind: dataclasses.replace(config, randomize=kind, **options)
        for kind in kinds
    }
    if data is not None and not isinstance(data, str | os.PathLike):
        data = from_arrays(data)  # each pass over a dataset may differ
    if len(kinds) > 1:
        check_builder(
            dataclasses.replace(config, randomize="none", **options),
            model=model,
            data=data,
            strategy=strategy,
        )
    return RandomizationTest(
        {
            kind: run(
                config,
                None if workdir is None else os.path.join(workdir, kind),
                model=model,
                data=data,
                optimizer=optimizer,
                callbacks=() if callbacks is None else callbacks(kind),
                save_model=save_model,
                overwrite=overwrite,
                strategy=strategy,
                verbose=verbose,
            )
            for kind, config in configs.items()
        }
    )


def _checked_kinds(kinds: Sequence[str]) -> list[str]:
    if isinstance(kinds, str) or not isinstance(kinds, Iterable):
        kinds = [kinds]
    kinds = list(kinds)
    for kind in kinds:
        if kind not in RANDOMIZATIONS:
            raise InputError(
                f"kinds={kind}: must be among {', '.join(RANDOMIZATIONS)}"
                f"{suggestion(str(kind), RANDOMIZATIONS)}"
            )
    if not kinds:
        raise InputError(
            f"kinds: empty; must be among {', '.join(RANDOMIZATIONS)}"
        )
    return list(dict.fromkeys(kinds))
