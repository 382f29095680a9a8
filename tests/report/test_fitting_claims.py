"""Claims about fitting, where they hold, fail and are undecided."""

import json

import pytest

from rethink_keras.experiments import TITLES
from rethink_keras.report.claims import CLAIMS
from rethink_keras.report.curves import curves
from rethink_keras.report.evidence import NETWORKS, Evidence
from rethink_keras.report.measured import measure
from rethink_keras.report.sections import make_section
from rethink_keras.report.tables import table_rows
from rethink_keras.report.verdicts import FAILS, HOLDS, UNDECIDED, UNKNOWN
from rethink_keras.results import find_diverged, find_runs
from tests.support.finished import (
    LEVELS,
    MODELS,
    STUCK,
    row_of,
    verdict,
    write,
    write_diverged,
    write_result,
)

CONDITIONS = ("shuffled_pixels", "random_pixels", "gaussian", "random_labels")


def test_claims_without_runs_are_unknown(tmp_path):
    runs = CLAIMS.judge(
        Evidence(
            "paper",
            {
                title: {
                    row.row.name: row for row in measure(title, "paper", {})
                }
                for title in TITLES
            },
        )
    )
    assert {v.verdict for v in runs} == {UNKNOWN}
    assert [v.name for v in runs] == [
        *(f"S{n}" for n in range(1, 11)),
        "S15",
        "S16",
    ]
    assert all(v.section for v in runs)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({}, HOLDS),
        (STUCK, FAILS),
        ({**STUCK, "steps": 2_000}, UNDECIDED),
        ({**STUCK, "losses": [2.3 - 0.04 * n for n in range(50)]}, UNDECIDED),
        (None, UNKNOWN),
    ],
)
def test_runs_with_too_few_steps_are_undecided(last, expected, tmp_path):
    rows = {f"{network}_random_labels": {} for network in NETWORKS}
    rows["mlp_1x512_random_labels"] = last
    if last is None:
        del rows["mlp_1x512_random_labels"]
    write(tmp_path, "table1", rows)
    assert verdict("S1", tmp_path).verdict == expected


def test_a_network_fits_if_each_of_its_seeds_does(tmp_path):
    rows = {f"{network}_random_labels": {} for network in NETWORKS}
    write(tmp_path, "table1", rows)
    write(tmp_path, "table1", {"alexnet_random_labels": STUCK}, seed=1)
    found = verdict("S1", tmp_path)
    assert found.verdict == UNDECIDED
    assert "not every seed of alexnet_random_labels fits" in found.evidence


def test_a_seed_that_diverged_does_not_fit(tmp_path):
    rows = {f"{network}_random_labels": {} for network in NETWORKS}
    del rows["alexnet_random_labels"]
    write(tmp_path, "table1", rows)
    row = row_of("table1", "alexnet_random_labels")
    for seed in (0, 1):
        path = tmp_path / f"diverged_{seed}"
        path.mkdir()
        options = json.dumps(row.seeded(seed).as_dict())
        (path / "config.json").write_text(options)
        (path / "diverged.txt").write_text("a loss is NaN")
    found = verdict("S1", tmp_path)
    assert found.verdict == FAILS
    assert "alexnet_random_labels diverged" in found.evidence
    section = make_section(
        "table1", "paper", {}, tmp_path, find_diverged(tmp_path)
    )
    (line,) = section.shown
    assert (line.name, line.ours_train, line.ours_test) == (
        row.name,
        "diverged",
        "diverged",
    )
    write_result(tmp_path, row, seed=0)
    assert verdict("S1", tmp_path).verdict == UNDECIDED
    measured = measure(
        "table1", "paper", find_runs(tmp_path), find_diverged(tmp_path)
    )
    (shown,) = [
        line
        for line in table_rows(measured, str(tmp_path))
        if line.name == "alexnet_random_labels"
    ]
    assert (shown.seeds, shown.notes) == ("1", "stopped, diverged: seed 1")


@pytest.mark.parametrize(
    ("finished", "expected"), [(True, UNDECIDED), (False, FAILS)]
)
def test_the_loss_of_a_seed_that_diverged_does_not_fall(
    tmp_path, finished, expected
):
    conditions = ("true_labels", *CONDITIONS)
    rows = {name: {} for name in conditions if finished or name != "gaussian"}
    write(tmp_path, "figure1a", rows)
    write_diverged(tmp_path, row_of("figure1a", "gaussian"), seed=1)
    assert verdict("S15", tmp_path).verdict == expected


def test_epochs_are_lower_bounds_where_a_seed_diverged(tmp_path):
    for model in MODELS:
        for level in ("0.0", "1.0"):
            rows = {f"{model}_{level}": {"accuracies": [0.5, 0.99]}}
            write(tmp_path, "figure1b", rows)
    assert verdict("S4", tmp_path).verdict == HOLDS
    row = row_of("figure1b", "alexnet_1.0")
    write_diverged(tmp_path, row, seed=1)
    found = verdict("S4", tmp_path)
    assert found.verdict == UNDECIDED
    assert "alexnet > 1 times the epochs" in found.evidence
    rows = measure(
        "figure1b", "paper", find_runs(tmp_path), find_diverged(tmp_path)
    )
    (alexnet,) = (c for c in curves("figure1b", rows) if c.name == "alexnet")
    assert list(alexnet.values) == [0]


@pytest.mark.parametrize(
    ("claim", "experiment", "name"),
    [
        ("S10", "table1", "inception_no_batch_norm"),
        ("S4", "figure1b", "alexnet_1.0"),
        ("S3", "figure1a", "random_labels"),
    ],
)
def test_a_row_that_only_diverged_is_not_missing(
    tmp_path, claim, experiment, name
):
    write_diverged(tmp_path, row_of(experiment, name))
    write(tmp_path, "table1", {"inception": {}})
    write(tmp_path, "figure1b", {"alexnet_0.0": {}})
    rows = {n: {} for n in CONDITIONS if n != "random_labels"}
    write(tmp_path, "figure1a", rows)
    found = verdict(claim, tmp_path)
    assert f"{name} diverged" in found.evidence
    assert found.verdict == (UNKNOWN if claim == "S4" else UNDECIDED)


def test_the_accuracy_of_two_seeds_on_the_sample_keeps_its_interval(tmp_path):
    for name in ("random_labels", "random_pixels", "gaussian"):
        for seed in range(2):
            row = row_of("figure1a", name, "sample")
            write_result(tmp_path, row, seed, test_accuracy=0.129)
    assert verdict("S2", tmp_path, "sample").verdict == UNDECIDED


def test_a_seed_counts_as_diverged_in_the_precision_of_the_row(tmp_path):
    rows = {f"{network}_random_labels": {} for network in NETWORKS}
    write(tmp_path, "table1", rows)
    row = row_of("table1", "alexnet_random_labels")
    write_diverged(tmp_path, row, seed=1, precision="mixed_bfloat16")
    assert verdict("S1", tmp_path).verdict == HOLDS


@pytest.mark.parametrize(
    ("noise", "tests", "expected"),
    [
        ({}, (0.1,), HOLDS),
        ({}, (0.2,), FAILS),
        (STUCK, (0.1,), FAILS),
        ({}, (0.125,), UNDECIDED),
        # Of the mean of two seeds, the interval would be ±6.4 points.
        ({}, (0.105, 0.095), HOLDS),
        ({}, (0.1, 0.125), UNDECIDED),
        ({}, (0.2, 0.2), FAILS),
    ],
)
def test_memorization_needs_fitting_and_chance_accuracy(
    noise, tests, expected, tmp_path
):
    write(tmp_path, "figure1a", {"random_pixels": {}, "gaussian": noise})
    for seed, test in enumerate(tests):
        rows = {"random_labels": {"test_accuracy": test}}
        write(tmp_path, "figure1a", rows, seed)
    assert verdict("S2", tmp_path).verdict == expected


@pytest.mark.parametrize(
    ("gaussian", "labels", "expected"),
    [
        (13, 22, HOLDS),
        (30, 22, FAILS),
        (21, 22, UNDECIDED),
        (13, None, HOLDS),
        (None, 22, FAILS),
        (49, None, UNDECIDED),
    ],
)
def test_noise_is_fitted_faster_than_random_labels(
    gaussian, labels, expected, tmp_path
):
    epochs = dict.fromkeys(CONDITIONS, 13)
    epochs |= {"gaussian": gaussian, "random_labels": labels}
    rows = {
        name: {"epochs_to_fit": count, "losses": [1.0] * 50}
        for name, count in epochs.items()
    }
    write(tmp_path, "figure1a", rows)
    assert verdict("S3", tmp_path).verdict == expected


@pytest.mark.parametrize(
    ("fitting", "epochs", "expected"),
    [
        (True, 10, HOLDS),
        (True, 14, FAILS),
        (True, 12, UNDECIDED),
        (False, 14, FAILS),  # a lower bound of the ratio
        (False, 11, UNDECIDED),
    ],
)
def test_memorization_takes_as_long_as_learning(
    fitting, epochs, expected, tmp_path
):
    for model in MODELS:
        for level, count, last in (
            ("0.0", 10, 0.99),
            ("1.0", epochs, 0.99 if fitting else 0.5),
        ):
            accuracies = (count - 1) * [0.5] + [last]
            measured = {"accuracies": accuracies, "losses": [1.0] * count}
            write(tmp_path, "figure1b", {f"{model}_{level}": measured})
    assert verdict("S4", tmp_path).verdict == expected


LINE = [0.8 - 0.07 * level for level in range(11)]
BETWEEN = (1, 3, 4, 6, 7, 9)  # places that a curve may leave out


def skipping(curve, *places):
    """Returns a curve without its values at some places."""
    return [None if n in places else v for n, v in enumerate(curve)]


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (LINE, HOLDS),
        ([0.9] * 10 + [0.1], FAILS),
        ([0.9] * 11, FAILS),
        ([0.8] + [0.1] * 10, FAILS),
        ([*LINE[:5], 0.7, *LINE[6:]], FAILS),
        ([*LINE[:10], 0.3], FAILS),
        # The first step is a third of the fall, within noise.
        ([0.8, 0.57, *(0.55 - 0.05 * n for n in range(8)), 0.1], UNDECIDED),
        (LINE[:10], UNKNOWN),
        (skipping(LINE, *BETWEEN), HOLDS),
        (skipping([0.8] * 3 + [0.7] * 5 + [0.9] * 2 + [0.1], *BETWEEN), FAILS),
        (skipping(LINE, 1, 2), UNKNOWN),
        # A step that is too steep may be smooth at the levels it skips.
        (skipping([0.8] * 5 + [0.4] * 5 + [0.1], *BETWEEN), UNKNOWN),
        (skipping([0.8] * 5 + [0.4] * 5 + [0.1], 1, 3, 6, 7, 9), FAILS),
    ],
)
def test_test_error_grows_smoothly_on_true_labels(curve, expected, tmp_path):
    for model in MODELS:
        rows = {
            f"{model}_{level}": {
                "test_accuracy": accuracy,
                "test_accuracy_corrupted": accuracy * (1 - float(level))
                + 0.1 * float(level),
            }
            for level, accuracy in zip(LEVELS, curve, strict=False)
            if accuracy is not None
        }
        write(tmp_path, "figure1c", rows)
    assert verdict("S5", tmp_path).verdict == expected


@pytest.mark.parametrize(
    ("gaussian", "expected"),
    [
        ({}, HOLDS),
        (STUCK, FAILS),
        ({**STUCK, "steps": 2_000}, UNDECIDED),
        (None, UNKNOWN),
    ],
)
def test_the_loss_falls_in_every_condition(gaussian, expected, tmp_path):
    rows = {name: {} for name in (*CONDITIONS, "true_labels")}
    rows["gaussian"] = gaussian
    if gaussian is None:
        del rows["gaussian"]
    write(tmp_path, "figure1a", rows)
    assert verdict("S15", tmp_path).verdict == expected
