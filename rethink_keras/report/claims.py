"""The claims told of the paper that training runs can test.

Numbers of claims are those of an overview that readers start from; those of
theory are in `theory_claims`.
"""

import itertools
import math
from collections.abc import Mapping

from rethink_keras.report.curves import curves
from rethink_keras.report.evidence import CHANCE, Evidence
from rethink_keras.report.verdicts import Claims, NotMeasuredError
from rethink_keras.results.metrics import FITTED_ACCURACY

CLAIMS: Claims[Evidence] = Claims()
FITTED = 100 * FITTED_ACCURACY  # percent
_MODELS = (
    "inception",
    "inception_no_batch_norm",
    "alexnet",
    "mlp_3x512",
    "mlp_1x512",
)


@CLAIMS.add(
    "S1",
    "Deep networks easily fit random labels.",
    "training accuracy of at least 99 % on random labels for all five"
    " networks of Table 1, at the hyperparameters of true labels",
)
def _s1(evidence):
    accuracies = {
        model: evidence.train("table1", f"{model}_random_labels")
        for model in _MODELS
    }
    return min(accuracies.values()) >= FITTED, _listed(accuracies)


@CLAIMS.add(
    "S2",
    "Capacity suffices to memorize the whole data set when the relation of"
    " image and label is destroyed.",
    "the Inception fits random labels, random pixels and Gaussian noise to at"
    " least 99 %; test accuracy on random labels within two binomial"
    " deviations of 10 %",
)
def _s2(evidence):
    names = ("random_labels", "random_pixels", "gaussian")
    fits = {name: evidence.train("figure1a", name) for name in names}
    test = evidence.test("random_labels", "figure1a")
    chance = abs(test - CHANCE) <= evidence.chance_noise
    return (
        min(fits.values()) >= FITTED and chance,
        f"{_listed(fits)}; test on random labels {test:.2f} %",
    )


@CLAIMS.add(
    "S3",
    "Networks fit random pixels and noise, and faster than random labels.",
    "the Inception fits shuffled pixels, random pixels and Gaussian noise to"
    " at least 99 %, each in fewer epochs than random labels",
)
def _s3(evidence):
    names = ("shuffled_pixels", "random_pixels", "gaussian")
    fits = [evidence.train("figure1a", name) for name in names]
    epochs = {
        name: evidence.epochs_to_fit("figure1a", name)
        for name in (*names, "random_labels")
    }
    fast = max(epochs[name] for name in names) < epochs["random_labels"]
    return min(fits) >= FITTED and fast, _listed(epochs, "epochs to fit")


@CLAIMS.add(
    "S4",
    "Memorization takes just as long as learning.",
    "at full corruption, fitting takes at most 1.2 times the epochs of true"
    " labels for all three models of Figure 1b (the paper: 3.6, 1.55, 1.96)",
)
def _s4(evidence):
    rows = list(evidence.experiments["figure1b"].values())
    ratios = {}
    for curve in curves("figure1b", rows):
        ends = [dict(points).get(1.0) for points in curve.ours.values()]
        if not ends or None in ends:
            raise NotMeasuredError(f"figure1b/{curve.name}_0.0 and _1.0")
        ratios[curve.name] = sum(ends) / len(ends)
    holds = max(ratios.values()) <= 1.2
    return holds, _listed(ratios, "times the epochs")


@CLAIMS.add(
    "S5",
    "Test error grows smoothly with label corruption, up to chance.",
    "for each model of Figure 1c with all levels, no step down by more than"
    " two binomial deviations, and 90 % at the end within as much",
)
def _s5(evidence):
    rows = list(evidence.experiments["figure1c"].values())
    ends = {}
    smooth = True
    for curve in curves("figure1c", rows):
        for points in curve.ours.values():
            if len(points) < len(curve.paper):
                continue
            errors = [100 * error for _, error in points]
            steps = itertools.pairwise(errors)
            noise = 1.7 * evidence.chance_noise  # of a difference, at 50 %
            smooth &= all(after - before > -noise for before, after in steps)
            smooth &= abs(errors[-1] - 90) <= evidence.chance_noise
            ends[curve.name] = errors[-1]
    if not ends:
        raise NotMeasuredError("all levels of a model of figure1c")
    return smooth, _listed(ends, "% test error at full corruption")


@CLAIMS.add(
    "S6",
    "Data augmentation helps generalization more than weight decay.",
    "in Table 1, for Inception and Alexnet, random crops alone gain more test"
    " accuracy than weight decay alone",
)
def _s6(evidence):
    gains = {}
    holds = True
    for model in ("inception", "alexnet"):
        plain = evidence.test(model)
        crop = evidence.test(f"{model}_crop") - plain
        decay = evidence.test(f"{model}_weight_decay") - plain
        holds &= crop > decay
        gains[f"{model} crop"] = crop
        gains[f"{model} weight decay"] = decay
    return holds, _listed(gains, "points")


@CLAIMS.add(
    "S7",
    "Architecture matters more than regularization.",
    "test accuracy of the unregularized Inception above the fully regularized"
    " Alexnet's, and that above the better MLP's",
)
def _s7(evidence):
    tests = {
        name: evidence.test(name)
        for name in (
            "inception",
            "alexnet_crop_weight_decay",
            "mlp_3x512_weight_decay",
            "mlp_1x512_weight_decay",
        )
    }
    first, second, *rest = tests.values()
    return first > second > max(rest), _listed(tests)


@CLAIMS.add(
    "S8",
    "Explicit regularization is neither necessary nor sufficient for"
    " generalization.",
    "without any, every network of Table 1 generalizes to three times chance;"
    " with weight decay, the Inception and both MLPs still fit random labels"
    " to at least 99 % (Table 4)",
)
def _s8(evidence):
    without = {name: evidence.test(name) for name in _MODELS}
    fits = {
        name: evidence.train("table4", name)
        for name in (
            "inception_weight_decay",
            "mlp_3x512_weight_decay",
            "mlp_1x512_weight_decay",
        )
    }
    return (
        min(without.values()) > 3 * CHANCE and min(fits.values()) >= FITTED,
        f"test without: {_listed(without)}; fits with: {_listed(fits)}",
    )


@CLAIMS.add(
    "S9",
    "Early stopping may help, but not always.",
    "over the true-label rows of Table 1 without regularizers, the best test"
    " accuracy of an epoch exceeds the last by at least 1 point for some"
    " network and by less for another",
)
def _s9(evidence):
    gains = {}
    for name in _MODELS:
        best = evidence.row("table1", name).number("best_test_accuracy")
        gains[name] = best.mean - evidence.test(name)
    helps = [gain >= 1 for gain in gains.values()]
    return any(helps) and not all(helps), _listed(gains, "points")


@CLAIMS.add(
    "S10",
    "BatchNorm improves generalization, though it is no regularizer.",
    "test accuracy of the Inception with BatchNorm at least 1 point above"
    " that without (Table 1, no regularizers)",
)
def _s10(evidence):
    tests = {
        name: evidence.test(name)
        for name in ("inception", "inception_no_batch_norm")
    }
    first, second = tests.values()
    return first - second >= 1, _listed(tests)


@CLAIMS.add(
    "S15",
    "Optimization stays easy when generalization is poor.",
    "at one learning rate schedule, the Inception's loss falls below 0.05 in"
    " all five conditions of Figure 1a",
)
def _s15(evidence):
    epochs = {
        name: evidence.epochs_to_fit("figure1a", name)
        for name in evidence.experiments["figure1a"]
    }
    holds = math.isfinite(max(epochs.values()))
    return holds, _listed(epochs, "epochs to fit")


@CLAIMS.add(
    "S16",
    "Some models converge fast and generalize badly, others slowly and well.",
    "among the networks of Table 1 (true labels, no regularizers) one fits in"
    " more epochs than another and generalizes at least 5 points better",
)
def _s16(evidence):
    measured = {
        name: (
            evidence.epochs_to_fit("table1", name),
            evidence.test(name),
        )
        for name in _MODELS
    }
    pairs = itertools.permutations(measured.values(), 2)
    holds = any(
        math.isfinite(slow[0]) and slow[0] > fast[0] and slow[1] - fast[1] >= 5
        for slow, fast in pairs
    )
    numbers = "; ".join(
        f"{name}: {epochs:g} epochs, {test:.2f} %"
        for name, (epochs, test) in measured.items()
    )
    return holds, numbers


def _listed(values: Mapping[str, float], unit: str = "%") -> str:
    parts = (f"{name} {value:.2f}" for name, value in values.items())
    return f"{', '.join(parts)} ({unit})"
