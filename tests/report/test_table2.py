"""Table 2 in the report: top-5 and best test accuracies."""

from rethink_keras.report.page import compare, make_section
from rethink_keras.report.tables import rows_as_text
from rethink_keras.results import find_runs
from tests.support.finished import row_of, write_result

IMAGENET = {
    "classes": 1000,
    "train_accuracy": 0.9,
    "train_top5_accuracy": 0.97,
    "test_accuracy": 0.6,
    "test_top5_accuracy": 0.8,
    "best_test_accuracy": 0.65,
    "best_test_top5_accuracy": 0.85,
}


def test_table_2_has_top_5_and_the_best_in_parentheses(tmp_path):
    row = row_of("table2", "inception_v3")
    write_result(tmp_path, row, **IMAGENET)
    section = compare(
        str(tmp_path), "table2", "paper", find_runs(str(tmp_path))
    )
    (found,) = [row for row in section.rows if row.seeds == "1"]
    assert (found.paper_train, found.ours_train) == ("99.53", "90.00")
    assert (found.paper_test, found.ours_test) == (
        "59.80 (63.16)",
        "60.00 (65.00)",
    )
    assert (found.paper_train_top5, found.ours_train_top5) == (
        "100.00",
        "97.00",
    )
    assert (found.paper_test_top5, found.ours_test_top5) == (
        "80.38 (84.49)",
        "80.00 (85.00)",
    )
    assert (found.compared, found.difference) == ("test", "+0.20")
    text = rows_as_text(section.rows)
    assert text.splitlines()[0].count("top-5") == 2
    table1 = make_section("table1", "paper", {}, str(tmp_path))
    assert "top-5" not in rows_as_text(table1.rows)


def test_the_sample_is_not_compared_with_imagenet(tmp_path):
    row = row_of("table2", "inception_v3", "sample")
    few = {name: None for name in IMAGENET if "top5" in name}
    write_result(tmp_path, row, **few)
    runs = find_runs(str(tmp_path))
    section = make_section("table2", "sample", runs, str(tmp_path))
    (found,) = [row for row in section.rows if row.seeds == "1"]
    assert found.ours_test == "50.00 (60.00)"
    assert found.ours_train_top5 == found.ours_test_top5 == ""
    assert found.difference == found.within_noise == ""
    full = make_section("table2", "paper", runs, str(tmp_path))
    assert not full.started
