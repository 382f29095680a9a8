"""Curves of the figures: the paper's, and ours from finished runs."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from rethink_keras import paper
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.results.metrics import FITTED_ACCURACY

Points = list[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Curve:
    """A curve of a figure.

    Attributes:
      name: name of the row, or of the model for curves over corruption levels.
      split: `train` or `test`; empty for curves over corruption levels.
      tag: measured quantity, also the TensorBoard tag.
      paper: points (step or level, value) of the paper; empty if the paper has
        no such curve.
      ours: points of our runs, by seed.
    """

    name: str
    split: str
    tag: str
    paper: Points
    ours: Mapping[int, Points]

    @property
    def values(self) -> dict[float, list[float]]:
        """Our values at each step or level, from the seeds that have one.

        A seed that stopped before others keeps its last value.
        """
        steps = sorted({x for points in self.ours.values() for x, _ in points})
        values: dict[float, list[float]] = {}
        for points in self.ours.values():
            known, (last, final) = dict(points), points[-1]
            for x in steps:
                if x in known:
                    values.setdefault(x, []).append(known[x])
                elif self.split and x > last:
                    values.setdefault(x, []).append(final)
        return dict(sorted(values.items()))


@dataclasses.dataclass(frozen=True)
class FigureAxes:
    """Labels of a figure's axes."""

    x: str
    y: str


AXES = {
    "figure1a": FigureAxes("thousand steps", "training loss"),
    "figure1b": FigureAxes("random labels (%)", "epochs to fit, relative"),
    "figure1c": FigureAxes("random labels (%)", "test error (%)"),
    "figure2a": FigureAxes("thousand steps", "top-1 accuracy (%)"),
    "figure2b": FigureAxes("thousand steps", "accuracy (%)"),
    "memorization": FigureAxes("thousand steps", "accuracy (%)"),
}
_GRID_COLUMNS = {
    "inception": "Inception",
    "alexnet": "AlexNet",
    "mlp_1x512": "MLP_1x512",
}
_FIGURE_2A = {
    "all_regularizers": "all",
    "weight_decay": "wdonly",
    "no_regularizers": "none",
}
_FIGURE_2B = (
    ("batch_norm", "train", "figure2b", "train_BN"),
    ("batch_norm", "test", "figure2b", "test_BN"),
    ("no_batch_norm", "train", "figure2b_train_noBN", "train_noBN_online"),
    ("no_batch_norm", "test", "figure2b", "test_noBN"),
)
_MEMORIZATION = (
    ("clean", "train", "accuracy_clean"),
    ("corrupted", "train", "accuracy_corrupted"),
    ("corrupted_as_true", "train", "corrupted_as_true"),
    ("true_labels", "test", "test_accuracy"),
)


def curves(experiment: str, rows: Sequence[MeasuredRow]) -> list[Curve]:
    """Returns the curves of a figure; empty for a table.

    Args:
      experiment: a key of `experiments.TITLES`.
      rows: rows of the experiment with their finished runs.
    """
    by_name = {row.row.name: row for row in rows}
    if experiment == "figure1a":
        return [
            Curve(
                name=name,
                split="train",
                tag="loss",
                paper=paper.curve("figure1a", "steps", name),
                ours=_histories(row, "loss"),
            )
            for name, row in by_name.items()
        ]
    if experiment == "figure2a":
        return [
            Curve(
                name=name,
                split=split,
                tag="accuracy",
                paper=paper.long_curve("figure2a_long", f"{split}_{column}"),
                ours=_histories(by_name[name], key),
            )
            for name, column in _FIGURE_2A.items()
            for split, key in (("train", "accuracy"), ("test", "test_accuracy"))
        ]
    if experiment == "figure2b":
        return [
            Curve(
                name=name,
                split=split,
                tag="accuracy",
                paper=paper.curve(table, "steps", column),
                ours=_histories(
                    by_name[name],
                    "accuracy" if split == "train" else "test_accuracy",
                ),
            )
            for name, split, table, column in _FIGURE_2B
        ]
    if experiment == "figure1b":
        return _grid_curves("figure1b", "slow_down", rows, _slow_down)
    if experiment == "figure1c":
        return _grid_curves("figure1c", "test_error", rows, _test_error)
    if experiment == "memorization":
        return [
            Curve(
                name=f"{name}/{part}",
                split=split,
                tag="accuracy",
                paper=[],
                ours=_histories(row, key),
            )
            for name, row in by_name.items()
            for part, split, key in _MEMORIZATION
        ]
    return []


def _histories(row: MeasuredRow, key: str) -> dict[int, Points]:
    """Returns a metric's history over optimizer steps, by seed."""
    found = {}
    for seed, run in row.runs.items():
        values = run.result["history"][key]
        steps = run.result["steps"] / run.result["epochs"]
        found[seed] = [
            ((epoch + 1) * steps, value) for epoch, value in enumerate(values)
        ]
    return found


def _grid_curves(
    figure: str,
    tag: str,
    rows: Sequence[MeasuredRow],
    measure: Callable[[dict | None, dict | None], float | None],
) -> list[Curve]:
    """Returns curves over levels of corruption, one per model."""
    models: dict[str, dict[float, MeasuredRow]] = {}
    for row in rows:
        model, _, level = row.row.name.rpartition("_")
        models.setdefault(model, {})[float(level)] = row
    return [
        Curve(
            name=model,
            split="",
            tag=tag,
            paper=paper.curve(figure, "label_corruption", _GRID_COLUMNS[model]),
            ours=_levels(levels, measure),
        )
        for model, levels in models.items()
    ]


def _levels(
    levels: Mapping[float, MeasuredRow],
    measure: Callable[[dict | None, dict | None], float | None],
) -> dict[int, Points]:
    """Evaluates a measure at each level of corruption, by seed.

    `measure` takes the result at a level, None if the seed diverged, and the
    result of the same seed at level 0, None if there is none. A level is left
    out if the value of a seed is infinite, since a mean over the others would
    be too small.
    """
    points: dict[int, Points] = {}
    for level, row in sorted(levels.items()):
        values: dict[int, float] = {}
        results: dict[int, dict | None] = dict.fromkeys(row.diverged)
        results |= {seed: run.result for seed, run in row.runs.items()}
        for seed, result in results.items():
            base = levels[0].runs.get(seed)
            value = measure(result, base.result if base else None)
            if value is not None:
                values[seed] = value
        if math.inf not in values.values():
            for seed, value in values.items():
                points.setdefault(seed, []).append((level, value))
    return points


def _slow_down(result: dict | None, base: dict | None) -> float | None:
    """Returns the epochs to 99 % training accuracy, relative to level 0.

    It is infinite if the network did not get there or diverged, and None if it
    did not get there at level 0.

    The criterion is not a loss of 0.05, since MLP 1x512 on random labels does
    not reach that loss in 60 epochs. It still fits 99.3 % of the labels, as
    does the paper's.
    """
    if result is None:
        return math.inf
    first = epochs_to_accuracy(base) if base else None
    if first is None:
        return None
    return (epochs_to_accuracy(result) or math.inf) / first


def epochs_to_accuracy(result: Mapping) -> int | None:
    """Returns the first epoch with 99 % training accuracy; None if none has."""
    reached = (
        epoch
        for epoch, accuracy in enumerate(result["history"]["accuracy"], 1)
        if accuracy >= FITTED_ACCURACY
    )
    return next(reached, None)


def _test_error(result: dict | None, base: dict | None) -> float | None:
    """Returns the error on test labels corrupted like the training labels."""
    del base
    if result is None:
        return None
    corrupted = result["test_accuracy_corrupted"]
    return 1 - (result["test_accuracy"] if corrupted is None else corrupted)
