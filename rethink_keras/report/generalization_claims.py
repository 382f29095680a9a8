"""Claims about what makes networks generalize."""

import dataclasses
import itertools

from rethink_keras.report.evidence import NETWORKS, ONE_SEED_MARGIN, Evidence
from rethink_keras.report.verdicts import (
    Claims,
    above,
    attempt,
    each,
    every,
    some,
)

CLAIMS: Claims[Evidence] = Claims()
_BETTER = 5.0  # points of test accuracy
_COMPARED = (
    "Test accuracies are compared by Student's t test between seeds or, with"
    " one seed, by McNemar's test of two trained networks; then any two seeds"
    f" must also differ by more than {ONE_SEED_MARGIN:g} points, in one"
    " direction. Without their predictions, the difference must exceed a bound"
    " for independent draws of the test images. If only one of two rows stopped"
    " at a training loss, the"
    " difference must exceed the range of its test accuracy over its last five"
    " epochs."
)


@CLAIMS.add(
    "S6",
    "Data augmentation helps generalization more than weight decay.",
    "Section 3, Table 1",
    "For Inception and Alexnet in Table 1, the row with only random crops has"
    f" higher test accuracy than the row with only weight decay. {_COMPARED}",
)
def _s6(evidence):
    def crop_is_better(model):
        rivals = (f"{model}_crop", f"{model}_weight_decay")
        return evidence.better(*rivals, comparisons=2)

    return every(each(crop_is_better, ("inception", "alexnet")))


@CLAIMS.add(
    "S7",
    "Architecture matters more than regularization.",
    "Section 3, Table 1",
    "The unregularized Inception has higher test accuracy than the fully"
    " regularized Alexnet, which has higher test accuracy than both MLPs with"
    f" weight decay. {_COMPARED}",
)
def _s7(evidence):
    alexnet = "alexnet_crop_weight_decay"
    pairs = (
        ("inception", alexnet),
        (alexnet, "mlp_3x512_weight_decay"),
        (alexnet, "mlp_1x512_weight_decay"),
    )
    return every(
        [attempt(evidence.better, *pair, len(pairs)) for pair in pairs]
    )


@CLAIMS.add(
    "S8",
    "Explicit regularization is neither necessary nor sufficient for"
    " generalization.",
    "Section 3, Tables 1 and 4",
    "Not necessary: without regularizers, the test accuracy of every network of"
    " Table 1 is more than three times chance. Not sufficient: with a"
    " regularizer, some network of Table 4 reaches at least 99 % training"
    " accuracy on random labels.",
)
def _s8(evidence):
    fits = each(evidence.fitted, evidence.experiments["table4"], "table4")
    return every([*each(evidence.generalizes, NETWORKS), some(fits)])


@CLAIMS.add(
    "S9",
    "Early stopping may help, but not always.",
    "Section 3, Figure 2 and Table 2",
    "For at least one network of Table 1 (true labels, no regularizers) or row"
    " of Figure 1c with partly corrupted labels, the best epoch has 2 points"
    " more test accuracy than the last, beyond a bound for choosing the best of"
    " all epochs. For at least one of the networks of Table 1, it does not;"
    " runs that stopped before their last epoch or used moving averages cannot"
    " show this. The level is divided by the number of rows. (In the paper,"
    " early stopping helps on ImageNet but not on CIFAR-10.)",
)
def _s9(evidence):
    rows = evidence.experiments["figure1c"].items()
    corrupted = [n for n, row in rows if row.row.config.partly_corrupted]
    counts = len(NETWORKS) + len(corrupted), len(NETWORKS)
    true = each(evidence.stopping_helps, NETWORKS, "table1", *counts)
    noisy = each(evidence.stopping_helps, corrupted, "figure1c", *counts)
    useless = [gain.opposite() for gain in true]
    return every([some([*true, *noisy]), some(useless)])


@CLAIMS.add(
    "S10",
    "BatchNorm improves generalization, although it is not a regularizer.",
    "Section 3, Figure 2b and Table 1",
    "The Inception of Table 1 without regularizers has higher test accuracy"
    f" with BatchNorm than without. {_COMPARED}",
)
def _s10(evidence):
    return evidence.better("inception", "inception_no_batch_norm")


@CLAIMS.add(
    "S16",
    "Some models converge fast and generalize badly, others slowly and well.",
    "not in the paper; its Figures 1a and 1c allow the test",
    "For some pair of networks of Table 1 (true labels, no regularizers) with"
    " the same learning rate, one takes over 10 % more epochs to fit than the"
    " other and has at least 5 points more test accuracy. The whole interval of"
    " the difference is above 5 points: over seeds if both have two or more,"
    f" otherwise over the draw of the test images. {_COMPARED}",
)
def _s16(evidence):
    rows = evidence.experiments["table1"]
    pairs = [
        pair
        for pair in itertools.permutations(NETWORKS, 2)
        if len({rows[name].row.config.learning_rate for name in pair}) == 1
    ]

    def slow_and_better(slow, fast):
        gap = evidence.gap(slow, fast, len(pairs))
        return every(
            [
                evidence.faster(fast, slow, "table1"),
                above(gap, _BETTER, f"{slow} minus {fast}", ""),
                evidence.better(slow, fast, len(pairs)),
            ]
        )

    finding = some([attempt(slow_and_better, *pair) for pair in pairs])
    return dataclasses.replace(
        finding,
        numbers=tuple(
            f"{name}: {evidence.epochs_to_fit(name)} epochs,"
            f" {evidence.row(name).test} %"
            for name in NETWORKS
            if rows[name].runs
        ),
    )
