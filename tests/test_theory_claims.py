"""Claims of theory: judged from records, by the rules and nothing else."""

import pytest
from matplotlib.figure import Figure

from rethink_keras.report.page import write_report
from rethink_keras.report.theory_claims import CLAIMS
from rethink_keras.report.verdicts import FAILS, HOLDS, UNKNOWN, UNTESTED
from rethink_keras.results.images import as_png
from rethink_keras.theory.records import SavedRecord, write_record


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


def descents(zero, random):
    rows = [
        {"start": start, "distance to w*": distance}
        for start, distance in (
            ("zero", 0.0),
            ("zero", zero),
            ("random", random),
        )
    ]
    return record_of("min_norm", "descent", rows)


def norms(first, second, misfit=0.0, **options):
    rows = [
        {
            "function": function,
            "norm": norm,
            "train error %": misfit,
            "test error %": error,
        }
        for function, (norm, error) in (("pixels", first), ("Gabor", second))
    ]
    return record_of("min_norm", "norms", rows, **options)


def complexities(*reached):
    rows = [
        {"functions": "net", "estimate": "from below", "complexity": value}
        for value in reached
    ]
    linear = {"functions": "linear", "estimate": "bound", "complexity": 0.03}
    return record_of("complexity", "rademacher", [*rows, linear])


def test_without_records_nothing_is_known_but_what_to_run():
    found = {v.name: v for v in CLAIMS.judge([])}
    assert list(found) == ["S11", "S12", "S13", "S14", "S17"]
    assert found.pop("S12").verdict == UNTESTED
    assert {v.verdict for v in found.values()} == {UNKNOWN}
    assert [v.evidence for v in found.values()] == [
        "needs python launch/theorem1.py",
        "needs python launch/min_norm.py",
        "needs python launch/min_norm.py",
        "needs python launch/complexity.py",
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (theorem(), HOLDS),
        (theorem(weights=2 * 50 + 8), FAILS),
        (theorem(accuracy=98.0), FAILS),
    ],
)
def test_memorizing_takes_exactly_the_weights_of_the_theorem(record, expected):
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
def test_descent_ends_at_the_minimum_norm_from_zero_alone(
    zero, random, expected
):
    assert verdict("S13", descents(zero, random)).verdict == expected


def exact(name, *functions, ridge=0.0):
    """A record of Table 3: filters, norms and test errors."""
    rows = [
        {
            "filters": filters,
            "ridge": ridge,
            "norm": norm,
            "test error %": error,
        }
        for filters, norm, error in functions
    ]
    return record_of("table3", "machine", rows, name)


def test_the_larger_norm_errs_less_somewhere_or_the_claim_falls():
    papers = norms((220.0, 1.2), (390.0, 0.6), data="mnist")
    others = norms((80.0, 53.0), (60.0, 47.0))
    assert verdict("S14", others).verdict == FAILS
    found = verdict("S14", others, papers)
    assert found.verdict == HOLDS
    assert "errs less in 1 of 2 pairs" in found.evidence
    assert "mnist, seed 0, pixels: norm 220, test error 1.20 %" in (
        found.evidence
    )
    unfitted = norms((220.0, 1.2), (390.0, 0.6), misfit=0.1)
    assert verdict("S14", unfitted).verdict == UNKNOWN


def test_norms_are_compared_within_a_data_set_and_without_a_ridge():
    raw = exact("cifar10_raw", (None, 550.0, 46.0))
    network = exact(
        "cifar10_convnet,filters=9_99", (9, 360.0, 23.0), (99, 1100.0, 21.0)
    )
    mnist = exact("mnist_gabor", (None, 100.0, 0.4))
    assert verdict("S14", raw, mnist).verdict == UNKNOWN
    ridge = exact("cifar10_convnet,filters=9", (9, 900.0, 20.0), ridge=0.1)
    assert verdict("S14", raw, ridge).verdict == UNKNOWN
    found = verdict("S14", raw, network, mnist)
    assert found.verdict == HOLDS
    assert "errs less in 2 of 3 pairs" in found.evidence
    assert "cifar10, seed 0, 99 random filters: norm 1100" in found.evidence
    same = exact("sample_raw", (None, 80.0, 53.0))
    again = norms((80.0, 53.0), (60.0, 47.0))
    assert "of 1 pairs" in verdict("S14", same, again).evidence


def test_every_network_reaches_the_largest_complexity_or_the_claim_falls():
    assert verdict("S17", complexities(1.0, 0.99)).verdict == HOLDS
    assert verdict("S17", complexities(1.0, 0.98)).verdict == FAILS


def test_the_report_shows_theory_with_and_without_records(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    for records in ([], [theorem(), theorem(accuracy=50.0, seed=1)]):
        for record in records:
            write_record(record, str(logs), record.command)
        write_report(str(logs), str(tmp_path / "report"))
        for name in ("index.html", "report.md"):
            text = (tmp_path / "report" / name).read_text()
            theory = text[text.index("Theory") :]
            assert "needs python launch/min_norm.py" in theory
            assert "not tested" in theory
            assert ("title of networks" in theory) == bool(records)
            needed = "needs python launch/theorem1.py" in theory
            assert needed != bool(records)
    pictures = {path.name for path in (tmp_path / "report").glob("theorem1*")}
    assert pictures == {
        f"theorem1_cifar10_sample_seed={seed}_picture.png" for seed in (0, 1)
    }
    assert all(f"]({picture})" in text for picture in pictures)
