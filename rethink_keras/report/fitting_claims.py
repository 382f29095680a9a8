"""Claims about what networks can fit, and how long it takes."""

import dataclasses
import itertools
from collections.abc import Sequence

from rethink_keras.report.curves import epochs_to_accuracy
from rethink_keras.report.epochs import EPOCH_NOISE, Epochs, mean_epochs
from rethink_keras.report.evidence import NETWORKS, PAPER_STEPS, Evidence
from rethink_keras.report.statistics import Interval, unpaired_noise
from rethink_keras.report.verdicts import (
    UNDECIDED,
    UNKNOWN,
    Claims,
    Finding,
    above,
    attempt,
    each,
    every,
    found,
)

CLAIMS: Claims[Evidence] = Claims()
_JUST_AS_LONG = 1.2  # largest ratio to the epochs of true labels
_STEEP = 1 / 3  # largest step, relative to the whole fall in accuracy
_ENDS = ("0.0", "1.0")
_BETWEEN = ("0.2", "0.5", "0.8")  # fewest levels of Figure 1c


@CLAIMS.add(
    "S1",
    "Deep networks easily fit random labels.",
    "Section 2.1, Table 1",
    "All five networks of Table 1 reach at least 99 % training accuracy on"
    " random labels with the hyperparameters of true labels. A network below"
    f" 99 % is undecided if it trained for fewer than {PAPER_STEPS:,} steps (50"
    " of the paper's epochs) or if its loss is still falling. A seed whose loss"
    " became infinite or NaN does not fit.",
)
def _s1(evidence):
    rows = [f"{network}_random_labels" for network in NETWORKS]
    return every(each(evidence.fitted, rows))


@CLAIMS.add(
    "S2",
    "Networks have enough capacity to memorize the whole data set when the"
    " relation between images and labels is destroyed.",
    "Section 2.1, Figure 1a",
    "The Inception reaches at least 99 % training accuracy on random labels,"
    " random pixels and Gaussian noise. On random labels, the 95 % interval of"
    " each seed's test accuracy, over the draw of the test images, is within 3"
    " points of chance.",
)
def _s2(evidence):
    names = ("random_labels", "random_pixels", "gaussian")
    fits = each(evidence.fitted, names, "figure1a")
    chance = attempt(evidence.at_chance, "random_labels", "figure1a")
    return every([*fits, chance])


@CLAIMS.add(
    "S3",
    "Networks fit random pixels and noise, and do so faster than random"
    " labels.",
    "Section 2.1, Figure 1a",
    "The Inception reaches at least 99 % training accuracy on shuffled pixels,"
    " random pixels and Gaussian noise. Each takes fewer epochs than random"
    " labels, by more than 10 %.",
)
def _s3(evidence):
    names = ("shuffled_pixels", "random_pixels", "gaussian")
    fits = each(evidence.fitted, names, "figure1a")
    times = each(evidence.faster, names, "random_labels", "figure1a")
    return every([*fits, *times])


@CLAIMS.add(
    "S4",
    "Memorization takes just as long as learning.",
    "Section 2.1, Figure 1b",
    "For all three models of Figure 1b, fitting random labels takes at most 1.2"
    " times the epochs of true labels (the paper: 3.6, 1.55, 1.96). A run that"
    " does not fit gives a lower bound. Differences of 10 % are within noise.",
)
def _s4(evidence):
    def as_fast(model):
        base, full = (
            mean_epochs(
                evidence.row(f"{model}_{level}", "figure1b"), epochs_to_accuracy
            )
            for level in _ENDS
        )
        ratio = Epochs(full.count / base.count, full.reached)
        number = f"{model} {ratio} times the epochs"
        if not base.reached:
            reason = f"{model} does not fit true labels"
            return Finding(UNDECIDED, (number,), (reason,))
        low, high = (ratio.count * (1 + e) for e in (-EPOCH_NOISE, EPOCH_NOISE))
        if not ratio.reached:
            low, high = ratio.count, float("inf")
        interval = Interval(ratio.count, low, high)
        return above(interval, _JUST_AS_LONG, model, number).opposite()

    return every(each(as_fast, _models(evidence, "figure1b")))


def _models(evidence: Evidence, experiment: str) -> list[str]:
    """Returns the models of a figure over levels of corruption."""
    names = evidence.experiments[experiment]
    return list(dict.fromkeys(name.rpartition("_")[0] for name in names))


@CLAIMS.add(
    "S5",
    "Test error grows smoothly with label corruption, up to chance.",
    "Section 2.1, Figure 1c",
    "Each model of Figure 1c is measured on true labels, on random labels and"
    f" at least at levels {', '.join(_BETWEEN[:-1])} and {_BETWEEN[-1]} of"
    " corruption. Its accuracy on true test labels (mean over all seeds) does"
    " not rise beyond noise from one measured level to the next. No step falls"
    " by more than a third of the whole fall from true to random training"
    " labels; where a step that may exceed this, within noise, skips levels,"
    " these are needed. With random labels, the accuracy is within 3 points of"
    " chance, as in S2. (On corrupted test labels, the error would grow by"
    " construction.)",
)
def _s5(evidence):
    models = _models(evidence, "figure1c")
    return every(each(_smooth, models, evidence, len(models)))


def _smooth(model: str, evidence: Evidence, models: int) -> Finding:
    """Judges whether the curve of a model is smooth."""
    names = [
        name
        for name in evidence.experiments["figure1c"]
        if name.rpartition("_")[0] == model
    ]
    for level in (*_ENDS, *_BETWEEN):
        evidence.row(f"{model}_{level}", "figure1c")
    rows = [evidence.experiments["figure1c"][name] for name in names]
    for row in rows:
        if row.runs or row.diverged:
            evidence.whole_row(row.row.name, "figure1c")
    curve = {
        place: row.test.mean
        for place, row in enumerate(rows)
        if row.test is not None
    }
    largest = _STEEP * (curve[0] - curve[len(names) - 1])
    steps = [
        _step(
            names[first : second + 1],
            (curve[first], curve[second]),
            largest,
            rows[0].test_examples,
            models * (len(names) - 1),
        )
        for first, second in itertools.pairwise(curve)
    ]
    end = evidence.at_chance(names[-1], "figure1c")
    listed = ", ".join(
        f"{names[place].rpartition('_')[2]}: {accuracy:.2f}"
        for place, accuracy in curve.items()
    )
    return dataclasses.replace(
        every([*steps, end]), numbers=(f"test {model} by level {listed} %",)
    )


def _step(
    names: Sequence[str],
    accuracies: tuple[float, float],
    largest: float,
    examples: int,
    comparisons: int,
) -> Finding:
    """Judges whether a step neither rises nor falls too steeply.

    Args:
      names: the rows from the first to the second; those between have no
        runs.
      accuracies: in percent, before and after the step.
      largest: largest fall, in points.
      examples: number of test examples.
      comparisons: number of steps of all models.
    """
    fall = accuracies[0] - accuracies[1]
    noise = unpaired_noise(*accuracies, examples, comparisons)
    if fall < -noise:
        return found(False)
    if abs(fall) + noise <= largest:
        return found(True)
    if skipped := names[1:-1]:
        return Finding(UNKNOWN, reasons=(f"needs figure1c/{skipped[0]}",))
    if fall - noise > max(largest, 0):
        return found(False)
    reason = (
        f"the step from {names[0]} to {names[1]} is within noise of a limit"
    )
    return Finding(UNDECIDED, (), (reason,))


@CLAIMS.add(
    "S15",
    "Optimization stays easy when generalization is poor.",
    "Section 6, Figures 1a and 1b",
    "With one learning rate schedule, the Inception's loss falls below 0.05 in"
    " all five conditions of Figure 1a.",
)
def _s15(evidence):
    names = evidence.experiments["figure1a"]
    return every(each(evidence.reaches_loss, names, "figure1a"))
