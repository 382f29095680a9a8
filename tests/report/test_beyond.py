"""The report on experiments that are not in the paper."""

import pytest
from matplotlib.figure import Figure

from rethink_keras.measures import MEASURES
from rethink_keras.plotting import as_png
from rethink_keras.report.page import write_report
from rethink_keras.report.theory_claims import CLAIMS
from rethink_keras.results.records import (
    Record,
    SavedRecord,
    find_records,
    write_record,
)
from rethink_keras.studies import (
    double_descent_figures,
    measure_figures,
    measure_tables,
)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> list[SavedRecord]:
    """A record of made-up measures, all equal to the gap."""
    rows = [
        {
            "corrupted %": corrupted,
            "examples": size,
            "seed": seed,
            "train accuracy %": 100.0,
            "gap": corrupted + seed,
            **dict.fromkeys(MEASURES, corrupted + seed),
            measure_tables.critical_at(0.02): corrupted / 2,
        }
        for corrupted in (20.0, 80.0)
        for size in (10, 20)
        for seed in (0, 1)
    ]
    tables = measure_tables.tables_of(rows)
    figures = {
        name: as_png(draw(tables))
        for name, draw in measure_figures.DRAWN.items()
    }
    record = Record("measures", "net", "Measures: net", 0, tables, figures, 1.0)
    logs = tmp_path_factory.mktemp("logs")
    write_record(record, str(logs), "rethink-keras measures")
    return find_records(logs)


def test_a_record_of_a_configured_data_set_is_found(tmp_path):
    figures = {"one": as_png(Figure())}
    record = Record("measures", "emnist/digits", "t", 0, {}, figures, 1.0)
    write_record(record, str(tmp_path), "rethink-keras measures")
    (found,) = find_records(tmp_path)
    assert found.name == "emnist/digits"
    assert found.file_of("one") == "measures_emnist_digits_seed=0_one.png"


def test_the_report_has_a_heading_for_what_is_not_in_the_paper(
    records, tmp_path
):
    for found in ([], records):
        logs = tmp_path / f"logs{len(found)}"
        logs.mkdir()
        for record in found:
            write_record(record, str(logs), record.command)
        write_report(str(logs), str(tmp_path / "report"))
        for name in ("index.html", "report.md"):
            text = (tmp_path / "report" / name).read_text()
            for shown in ("Beyond the paper", "ours, not", "sharpness"):
                assert (shown in text) == bool(found), (name, shown)
    for name in measure_figures.DRAWN:
        picture = f"measures_net_seed=0_{name}.png"
        assert (tmp_path / "report" / picture).exists()
        assert f"]({picture})" in text


def test_the_report_draws_double_descent(tmp_path):
    row = {
        "width": 1,
        "features": 1,
        "examples": 2,
        "train error %": 0.0,
        "train error %: deviation": None,
        "test error %": 62.5,
        "test error %: deviation": None,
        "test loss": 2.0,
        "test loss: deviation": None,
    }
    names = (double_descent_figures.NETWORKS, double_descent_figures.FEATURES)
    tables = {name: [row] for name in names}
    figures = {
        name: as_png(draw(tables))
        for name, draw in double_descent_figures.DRAWN.items()
    }
    record = Record("double_descent", "net", "Nets", 0, tables, figures, 1.0)
    write_record(record, str(tmp_path), "rethink-keras double-descent")
    write_report(str(tmp_path), str(tmp_path / "report"))
    page = (tmp_path / "report" / "index.html").read_text()
    for shown in ("Beyond the paper", "Double descent", "62.5"):
        assert shown in page
    for name in double_descent_figures.DRAWN:
        assert f'role="img" aria-label="Nets: {name}"' in page


def test_claims_on_norms_and_bounds_mention_the_measures(records):
    complexity = SavedRecord(
        experiment="complexity",
        name="rademacher_net",
        title="",
        seed=0,
        tables={
            "rademacher": [
                {
                    "functions": "net",
                    "estimate": "from below",
                    "complexity": 1.0,
                    "least": 1.0,
                    "most": 1.0,
                }
            ]
        },
        figures={},
        seconds=1.0,
        command="",
        device="",
    )
    claims = {c.name: c for c in CLAIMS.judge([*records, complexity])}
    assert claims["S17"].verdict == "holds"
    assert (
        "margin bound is 20 to 80, where 1 is trivial" in claims["S17"].evidence
    )
    without = {c.name: c for c in CLAIMS.judge([complexity])}
    assert "beyond the paper" not in without["S17"].evidence
