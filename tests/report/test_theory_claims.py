"""Claims about the theory, judged from records."""

import pytest
from matplotlib.figure import Figure

from rethink_keras.plotting import as_png
from rethink_keras.report.page import write_report
from rethink_keras.report.theory_claims import CLAIMS
from rethink_keras.report.verdicts import (
    FAILS,
    HOLDS,
    UNDECIDED,
    UNKNOWN,
    UNTESTED,
)
from rethink_keras.results.records import SavedRecord, write_record


def record_of(experiment, table, rows, data="cifar10_sample", seed=0):
    whole = experiment in ("theorem1", "table3")
    return SavedRecord(
        experiment=experiment,
        name=data if whole else f"{table}_{data}",
        title=f"title of {table}",
        seed=seed,
        tables={table: rows},
        figures={"picture": as_png(Figure(figsize=(1, 1)))},
        seconds=1.0,
        command="python launch/x.py",
        device="a device",
    )


def verdict(name, *records):
    (found,) = [v for v in CLAIMS.judge(records) if v.name == name]
    return found


def theorem(weights=2 * 50 + 7, accuracy=100.0, **options):
    row = {
        "network": "Theorem 1",
        "n": 50,
        "d": 7,
        "weights": weights,
        "accuracy %": accuracy,
        "largest error": 3e-5,
    }
    trained = {**row, "network": "MLP", "weights": 9, "accuracy %": None}
    return record_of("theorem1", "networks", [row, trained], **options)


def descents(zero, random, loss=1e-15):
    rows = [
        {"start": start, "distance to w*": distance, "loss": loss}
        for start, distance in (
            ("zero", 0.0),
            ("zero", zero),
            ("random", random),
        )
    ]
    return record_of("min_norm", "descent", rows)


def complexities(*reached):
    rows = [
        {
            "functions": "net",
            "estimate": "from below",
            "complexity": value,
            "least": least,
            "most": max(2 * value - least, value),
        }
        for value, least in reached
    ]
    linear = {
        "functions": "linear",
        "estimate": "bound",
        "complexity": 0.03,
        "least": None,
        "most": None,
    }
    return record_of("complexity", "rademacher", [*rows, linear])


def test_claims_without_records_name_the_scripts_to_run():
    found = {v.name: v for v in CLAIMS.judge([])}
    assert list(found) == ["S11", "S12", "S13", "S14", "S17"]
    assert found.pop("S12").verdict == UNTESTED
    assert {v.verdict for v in found.values()} == {UNKNOWN}
    assert [v.evidence for v in found.values()] == [
        "needs rethink-keras theorem1",
        "needs rethink-keras min-norm",
        "needs rethink-keras min-norm",
        "needs rethink-keras complexity",
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (theorem(), HOLDS),
        (theorem(weights=2 * 50 + 8), FAILS),
        (theorem(accuracy=98.0), FAILS),
    ],
)
def test_memorization_needs_exactly_the_theorems_weights(record, expected):
    found = verdict("S11", record)
    assert found.verdict == expected
    assert "n = 50" in found.evidence
    assert "largest error 3e-05" in found.evidence
    worse = verdict("S11", theorem(data="mnist"), record)
    assert worse.verdict == expected
    assert "mnist, seed 0" in worse.evidence


@pytest.mark.parametrize(
    ("zero", "random", "expected"),
    [(1e-4, 0.5, HOLDS), (2e-4, 0.5, FAILS), (1e-5, 1e-5, FAILS)],
)
def test_only_descent_from_zero_ends_at_the_minimum_norm(
    zero, random, expected
):
    assert verdict("S13", descents(zero, random)).verdict == expected


def test_a_descent_that_has_not_converged_is_undecided():
    found = verdict("S13", descents(0.3, 0.9, loss=1e-3))
    assert found.verdict == UNDECIDED
    assert "a descent ended at a loss of 0.001" in found.evidence


def interpolants(*errors):
    """A record of functions that fit every label per four errors."""
    return [
        record_of(
            "min_norm",
            "interpolants",
            [
                {"function": "f", "norm": norm, "test error %": error}
                for norm, error in zip((1, 2, 3, 4), of_one, strict=True)
            ],
            f"sample_{number}",
        )
        for number, of_one in enumerate(errors)
    ]


RISING, FALLING = (10.0, 20.0, 30.0, 40.0), (40.0, 30.0, 20.0, 10.0)
NEARLY_RISING = (10.0, 20.0, 40.0, 30.0)
# Rank correlations of 1/3 and -1/3.
MIXED = ((10.0, 40.0, 20.0, 30.0), (30.0, 20.0, 40.0, 10.0)) * 3


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (MIXED, HOLDS),
        ([RISING, RISING, RISING, NEARLY_RISING], FAILS),
        ([RISING] * 4, UNDECIDED),
        ([RISING, FALLING], UNDECIDED),
        (MIXED[:1], UNDECIDED),
    ],
)
def test_norms_must_not_correlate_with_errors(errors, expected):
    assert verdict("S14", *interpolants(*errors)).verdict == expected


def test_functions_with_a_ridge_do_not_count():
    """They do not fit every label, and the norm falls with the ridge."""
    table = "choices on held-out training images"
    rows = [
        {"ridge": 1 / norm, "norm": norm, "held-out error %": error}
        for norm, error in zip((1, 2, 3, 4), RISING, strict=True)
    ]
    ridges = record_of("table3", table, rows, "cifar10_raw")
    found = verdict("S14", ridges, *interpolants(FALLING))
    assert "rank correlation -1.00 over one record" in found.evidence
    assert found.verdict == UNDECIDED


def test_the_evidence_describes_the_papers_pair_and_ours():
    ours = [
        record_of(
            "table3",
            "machine",
            [{"ridge": 0.0, "norm": norm, "test error %": error}],
            name,
        )
        for name, norm, error in (
            ("mnist_raw", 145.1, 1.22),
            ("mnist_gabor", 104.7, 0.37),
        )
    ]
    found = verdict("S14", *interpolants(*MIXED), *ours)
    assert (
        "the paper's pixels and Gabor wavelets on MNIST: norms 220 and 390,"
        " errors 1.20 and 0.60 %; the larger norm has the smaller error"
    ) in found.evidence
    assert (
        "our pixels and Gabor wavelets on MNIST: norms 145 and 105, errors 1.22"
        " and 0.37 %; the smaller norm has the smaller error"
    ) in found.evidence


def test_the_evidence_adds_the_norms_of_trained_networks():
    """One line for a norm that has an interval; none for another measure."""
    rows = [
        {"measure": name, "all": 0.1, "all: low": low, "all: high": 0.25}
        for name, low in (
            ("parameter norm", -0.1),
            ("path norm", None),
            ("sharpness", 0.0),
        )
    ]
    record = record_of("measures", "rank correlation with the gap", rows)
    found = verdict("S14", *interpolants(*MIXED), record)
    assert (
        f"beyond the paper, {record.name}: rank correlation of parameter norm"
        " with the gap 0.10 [-0.10, 0.25] over label corruption and training"
        " size"
    ) in found.evidence
    assert found.evidence.count("beyond the paper") == 1
    assert found.verdict == HOLDS


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((0.99, 0.99), HOLDS),
        ((0.975, 0.97), FAILS),
        ((0.965, 0.9), UNDECIDED),
        ((0.995, 0.98), UNDECIDED),
    ],
)
def test_every_network_must_reach_the_largest_complexity(second, expected):
    found = verdict("S17", complexities((1.0, 1.0), second))
    assert found.verdict == expected


def test_the_report_shows_theory_with_and_without_records(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    for records in ([], [theorem(), theorem(accuracy=50.0, seed=1)]):
        for record in records:
            write_record(record, str(logs), record.command)
        write_report(str(logs), str(tmp_path / "report"))
        for name in ("index.html", "report.md"):
            text = (tmp_path / "report" / name).read_text()
            for shown in (
                "title of networks",
                "not tested",
                "needs rethink-keras min-norm",
            ):
                assert (shown in text) == bool(records), shown
            assert "needs rethink-keras theorem1" not in text
    pictures = {path.name for path in (tmp_path / "report").glob("theorem1*")}
    assert pictures == {
        f"theorem1_cifar10_sample_seed={seed}_picture.png" for seed in (0, 1)
    }
    assert all(f"]({picture})" in text for picture in pictures)
