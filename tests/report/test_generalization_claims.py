"""Claims about generalization, where they hold, fail and are undecided."""

import pytest

from rethink_keras.report.evidence import NETWORKS
from rethink_keras.report.verdicts import FAILS, HOLDS, UNDECIDED
from tests.support.finished import (
    LEVELS,
    MODELS,
    STUCK,
    row_of,
    verdict,
    write,
    write_diverged,
)


def crops(crop, decay):
    return {
        f"{model}_{suffix}": right
        for model in ("inception", "alexnet")
        for suffix, right in (("crop", crop), ("weight_decay", decay))
    }


def architectures(inception, alexnet, mlp):
    return {
        "inception": inception,
        "alexnet_crop_weight_decay": alexnet,
        "mlp_3x512_weight_decay": mlp,
        "mlp_1x512_weight_decay": mlp,
    }


def batch_norm(on, off):
    return {"inception": on, "inception_no_batch_norm": off}


COMPARED = [
    ("S6", crops(8_450, 8_200), HOLDS),
    ("S6", crops(8_200, 8_450), FAILS),
    ("S6", crops(8_203, 8_200), UNDECIDED),
    ("S7", architectures(8_500, 8_100, 5_300), HOLDS),
    ("S7", architectures(8_100, 8_500, 5_300), FAILS),
    ("S7", architectures(8_103, 8_100, 5_300), UNDECIDED),
    ("S10", batch_norm(8_550, 8_300), HOLDS),
    ("S10", batch_norm(8_300, 8_550), FAILS),
    ("S10", batch_norm(8_303, 8_300), UNDECIDED),
]


@pytest.mark.parametrize(("claim", "right", "expected"), COMPARED)
def test_rows_with_one_seed_are_compared_on_shared_images(
    claim, right, expected, tmp_path
):
    rows = {name: {"right": count} for name, count in right.items()}
    write(tmp_path, "table1", rows)
    found = verdict(claim, tmp_path)
    assert found.verdict == expected
    assert "paired test of two trained networks" in found.evidence


@pytest.mark.parametrize(("claim", "right", "expected"), COMPARED)
def test_rows_with_several_seeds_are_compared_between_seeds(
    claim, right, expected, tmp_path
):
    for seed in range(3):
        rows = {
            name: {"test_accuracy": count / 10_000 + 0.001 * seed}
            for name, count in right.items()
        }
        write(tmp_path, "table1", rows, seed)
    found = verdict(claim, tmp_path)
    assert found.verdict == expected
    assert "t test between 3 and 3 seeds" in found.evidence


@pytest.mark.parametrize(("claim", "right", "expected"), COMPARED)
def test_rows_without_predictions_are_compared_by_a_bound(
    claim, right, expected, tmp_path
):
    rows = {n: {"test_accuracy": k / 10_000} for n, k in right.items()}
    write(tmp_path, "table1", rows)
    found = verdict(claim, tmp_path)
    assert found.verdict == expected
    assert "one seed without saved predictions" in found.evidence


@pytest.mark.parametrize(
    ("test", "decay", "expected"),
    [
        (0.5, {}, HOLDS),
        (0.2, {}, FAILS),
        (0.303, {}, UNDECIDED),
        (0.5, STUCK, FAILS),
        (0.5, {**STUCK, "steps": 2_000}, UNDECIDED),
    ],
)
def test_regularizers_are_neither_necessary_nor_sufficient(
    test, decay, expected, tmp_path
):
    write(tmp_path, "table1", {n: {"test_accuracy": test} for n in NETWORKS})
    online = {"accuracies": [0.5, decay.get("train_accuracy", 1.0)]}
    names = [
        f"{network}_weight_decay"
        for network in ("inception", "alexnet", "mlp_3x512", "mlp_1x512")
    ]
    rows = dict.fromkeys(names, decay)
    rows |= {
        f"inception_{name}": decay | online for name in ("crop", "augment")
    }
    write(tmp_path, "table4", rows)
    assert verdict("S8", tmp_path).verdict == expected


def test_one_network_suffices_to_show_insufficient_regularizers(tmp_path):
    write(tmp_path, "table1", {name: {} for name in NETWORKS})
    write(
        tmp_path,
        "table4",
        {"alexnet_weight_decay": {}, "mlp_1x512_weight_decay": STUCK},
    )
    assert verdict("S8", tmp_path).verdict == HOLDS


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ((0.10, 0.0), HOLDS),
        ((0.0, 0.0), FAILS),
        ((0.10, 0.10), FAILS),
        # 2.5 points exceed 2 points but are within the noise of the best epoch.
        ((0.025, 0.0), UNDECIDED),
    ],
)
def test_early_stopping_helps_some_and_not_others(gains, expected, tmp_path):
    rows = {
        network: {
            "test_accuracy": 0.5,
            "best_test_accuracy": 0.5 + gains[index % 2],
            "losses": [1.0] * 60,
            "batch_norm_statistics": "recomputed",
        }
        for index, network in enumerate(NETWORKS)
    }
    write(tmp_path, "table1", rows)
    measured = {
        "test_accuracy": 0.5,
        "best_test_accuracy": 0.5 + gains[1],
        "losses": [1.0] * 60,
        "batch_norm_statistics": "recomputed",
    }
    levels = {f"{m}_{n}": measured for m in MODELS for n in LEVELS[1:-1]}
    write(tmp_path, "figure1c", levels)
    assert verdict("S9", tmp_path).verdict == expected


@pytest.mark.parametrize(
    ("before", "expected"), [(0.49, HOLDS), (0.47, UNDECIDED)]
)
def test_a_row_that_alone_stopped_may_still_have_moved(
    before, expected, tmp_path
):
    """Crops are 2.5 points better than weight decay."""
    rows = {name: {"right": n} for name, n in crops(8_450, 8_200).items()}
    rows["inception_crop"]["losses"] = [1.0] * 50
    rows["inception_weight_decay"]["history"] = {
        "loss": [1.0, 0.04],
        "test_accuracy": [before, 0.5],
    }
    write(tmp_path, "table1", rows)
    found = verdict("S6", tmp_path)
    assert found.verdict == expected
    moved = "test accuracy moved by 3.00 points in its last epochs"
    assert (moved in found.evidence) == (expected == UNDECIDED)


def test_a_run_that_stopped_does_not_show_that_stopping_is_no_help(tmp_path):
    helps = {"test_accuracy": 0.4, "best_test_accuracy": 0.5}
    stopped = {"test_accuracy": 0.5, "best_test_accuracy": 0.5}
    rows = {
        name: stopped if row_of("table1", name).config.stop_at_loss else helps
        for name in NETWORKS
    }
    write(tmp_path, "table1", rows)
    levels = {f"{m}_{n}": helps for m in MODELS for n in LEVELS[1:-1]}
    write(tmp_path, "figure1c", levels)
    found = verdict("S9", tmp_path)
    assert found.verdict == UNDECIDED
    assert "runs of inception stopped before their last epoch" in found.evidence


def test_the_best_of_many_epochs_needs_a_larger_gain(tmp_path):
    """4.5 points exceed the noise of one epoch but not of fifty."""
    for count, expected in ((1, HOLDS), (50, UNDECIDED)):
        logdir = tmp_path / str(count)
        rows = {name: {"best_test_accuracy": 0.5} for name in NETWORKS}
        rows["alexnet"] = {
            "best_test_accuracy": 0.545,
            "losses": [1.0] * count,
        }
        write(logdir, "table1", rows)
        found = verdict("S9", logdir)
        assert ("alexnet is within noise of 2" in found.evidence) == (
            expected == UNDECIDED
        )


def test_a_gap_that_varies_between_seeds_is_undecided(tmp_path):
    for seed, slow in enumerate((6_000, 6_200, 6_400)):
        rows = {
            name: {"epochs_to_fit": 14, "right": 5_550} for name in NETWORKS
        }
        rows["alexnet"] = {"epochs_to_fit": 30, "right": slow}
        write(tmp_path, "table1", rows, seed)
    assert verdict("S16", tmp_path).verdict == UNDECIDED


def test_one_seed_is_compared_by_runs_that_have_predictions(tmp_path):
    write(tmp_path, "table1", {"inception": {"test_accuracy": 0.85}}, seed=0)
    write(tmp_path, "table1", {"inception": {"right": 8_500}}, seed=1)
    other = {"inception_no_batch_norm": {"right": 8_200}}
    write(tmp_path, "table1", other, seed=2)
    assert verdict("S10", tmp_path).verdict == HOLDS


def test_one_seed_needs_a_difference_that_seeds_do_not_make(tmp_path):
    """McNemar's test of 1.9 points is far from chance."""
    rows = {n: {"right": k} for n, k in batch_norm(8_490, 8_300).items()}
    write(tmp_path, "table1", rows)
    found = verdict("S10", tmp_path)
    assert found.verdict == UNDECIDED
    assert (
        "must differ by more than 2 points, in one direction" in found.evidence
    )


def test_seeds_that_disagree_are_undecided(tmp_path):
    """The mean is lower with BatchNorm, and higher with seed 0 only."""
    rows = {n: {"right": k} for n, k in batch_norm(8_000, 7_500).items()}
    write(tmp_path, "table1", rows)
    for seed in (1, 2):
        write(tmp_path, "table1", {"inception": {"right": 7_000}}, seed)
    assert verdict("S10", tmp_path).verdict == UNDECIDED


def test_seeds_without_spread_give_no_estimate_of_noise(tmp_path):
    for seed in range(2):
        rows = {n: {"right": k} for n, k in batch_norm(8_601, 8_600).items()}
        write(tmp_path, "table1", rows, seed)
    assert verdict("S10", tmp_path).verdict == UNDECIDED


@pytest.mark.parametrize("claim", ["S7", "S8", "S9", "S10"])
def test_the_seeds_that_did_not_diverge_are_a_selection(claim, tmp_path):
    names = dict.fromkeys([*NETWORKS, *architectures(0, 0, 0)])
    write(tmp_path, "table1", {n: {"losses": [1.0] * 60} for n in names})
    before = verdict(claim, tmp_path)
    for name in names:
        write_diverged(tmp_path, row_of("table1", name), seed=1)
    found = verdict(claim, tmp_path)
    assert "diverged" not in before.evidence
    assert "a seed of inception diverged" in found.evidence
    assert found.verdict != HOLDS


def test_moving_averages_do_not_show_that_stopping_is_no_help(tmp_path):
    for version in ({}, {"batch_norm_statistics": "recomputed"}):
        logdir = tmp_path / str(len(version))
        whole = {"losses": [1.0] * 60, "best_test_accuracy": 0.5} | version
        write(logdir, "table1", dict.fromkeys(NETWORKS, whole))
        evidence = verdict("S9", logdir).evidence
        old = "runs of inception used moving averages" in evidence
        assert old == (not version)


@pytest.mark.parametrize(
    ("alexnet", "mlp", "expected"),
    [
        ((30, 7_500), (14, 5_300), HOLDS),
        ((14, 7_500), (30, 5_300), FAILS),
        ((30, 5_500), (14, 5_300), FAILS),
        ((31, 7_500), (30, 5_300), UNDECIDED),
    ],
)
def test_slow_networks_are_compared_at_the_same_learning_rate(
    alexnet, mlp, expected, tmp_path
):
    measured = dict.fromkeys(NETWORKS, (14, 5_000)) | {
        "inception": (10, 8_500),  # at another learning rate
        "inception_no_batch_norm": (40, 8_300),
        "alexnet": alexnet,
        "mlp_3x512": mlp,
        "mlp_1x512": mlp,
    }
    rows = {
        name: {"epochs_to_fit": epochs, "right": right}
        for name, (epochs, right) in measured.items()
    }
    write(tmp_path, "table1", rows)
    assert verdict("S16", tmp_path).verdict == expected
