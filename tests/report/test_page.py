"""The report: our results, the paper's numbers and their comparison."""

import numpy as np
import pytest
from etils import epath
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.plugins.hparams import plugin_data_pb2

from rethink_keras import InputError, paper
from rethink_keras.experiments import TITLES
from rethink_keras.report.curves import AXES, curves
from rethink_keras.report.figures import draw
from rethink_keras.report.measured import measure
from rethink_keras.report.page import compare, write_report
from rethink_keras.report.tables import level_rows, table_rows
from rethink_keras.results import find_runs
from tests.support.finished import row_of, write_result
from tests.support.processes import scalars

# The paper's values


def test_curves_agree_with_the_papers_text():
    random_labels = dict(paper.curve("figure1a", "epoch", "random_labels"))
    below = [epoch for epoch, loss in random_labels.items() if loss <= 0.05]
    assert min(below) == 36
    slow = paper.curve("figure1b", "label_corruption", "Inception")
    assert (slow[0], slow[-1]) == ((0.0, 1.0), (1.0, 3.6))
    (failed,) = [row for row in paper.read("table4") if row["train"] is None]
    assert failed["row"] == "alexnet_weight_decay"


def test_figure_2a_ends_at_the_values_of_table_2():
    ends = {
        name: paper.long_curve("figure2a_long", name)[-1][1]
        for name in ("test_all", "test_wdonly", "test_none", "train_all")
    }
    rows = {row["row"]: row for row in paper.read("table2")}
    everything = rows["inception_v3_distort_dropout_weight_decay"]
    assert 100 * ends["test_all"] == pytest.approx(everything["test"], abs=0.1)
    assert 100 * ends["train_all"] == pytest.approx(
        everything["train"], abs=0.3
    )
    assert 100 * ends["test_none"] == pytest.approx(
        rows["inception_v3"]["test"], abs=0.1
    )


# Numbers


def test_mean_and_standard_deviation_over_seeds(tmp_path):
    row = row_of("table1", "mlp_1x512")
    for seed, accuracy in enumerate((0.50, 0.51, 0.53)):
        write_result(tmp_path, row, seed, test_accuracy=accuracy)
    rows = measure("table1", "paper", find_runs(tmp_path))
    (found,) = [r for r in rows if r.runs]
    assert found.row.name == "mlp_1x512"
    assert found.test.mean == pytest.approx(100 * np.mean([0.5, 0.51, 0.53]))
    assert found.test.sd == pytest.approx(
        100 * np.std([0.5, 0.51, 0.53], ddof=1)
    )
    assert found.paper == {"train": 100.0, "test": 50.51}


def compared(logdir, experiment, name, scale="paper"):
    rows = measure(experiment, scale, find_runs(logdir))
    (found,) = [r for r in table_rows(rows, str(logdir)) if r.name == name]
    return found.compared, found.difference, found.within_noise


def test_the_papers_run_is_compared_as_one_more_seed(tmp_path):
    """The shared test images cancel, so the bound depends only on the seeds."""
    row = row_of("table1", "mlp_1x512")
    write_result(tmp_path, row, test_accuracy=0.49)
    found = compared(tmp_path, "table1", row.name)
    assert found == ("test", "-1.51", "one seed")
    for seed, accuracy in ((1, 0.50), (2, 0.51)):
        write_result(tmp_path, row, seed, test_accuracy=accuracy)
    # sd 1, 2 degrees of freedom: 4.3027 * sqrt(4/3), and the rounding.
    found = compared(tmp_path, "table1", row.name)
    assert found == ("test", "-0.51", "yes (±4.97)")


def test_seeds_that_do_not_differ_give_no_verdict(tmp_path):
    row = row_of("table1", "mlp_1x512")
    for seed in range(2):
        write_result(tmp_path, row, seed, test_accuracy=0.49)
    found = compared(tmp_path, "table1", row.name)
    assert found == ("test", "-1.51", "no spread")


def test_random_labels_are_compared_by_training_accuracy(tmp_path):
    """Test accuracies at chance always agree."""
    row = row_of("table1", "inception_no_batch_norm_random_labels")
    for seed, accuracy in enumerate((0.109, 0.110, 0.111)):
        write_result(
            tmp_path, row, seed, train_accuracy=accuracy, test_accuracy=0.1
        )
    found = compared(tmp_path, "table1", row.name)
    assert found == ("train", "-89.00", "no (±0.55)")


@pytest.mark.parametrize("name", ["mlp_1x512", "mlp_1x512_random_labels"])
def test_the_sample_is_not_compared_with_the_full_data_set(name, tmp_path):
    row = row_of("table1", name, "sample")
    for seed in range(2):
        write_result(tmp_path, row, seed)
    assert compared(tmp_path, "table1", name, "sample") == ("", "", "")


def test_the_report_compares_rows_outside_the_bound_with_chance(tmp_path):
    logs, target = tmp_path / "logs", tmp_path / "report"
    for name, test in (("mlp_1x512", 0.5051), ("mlp_3x512", 0.9)):
        for seed in range(2):
            measured = {"test_accuracy": test + 1e-4 * seed}
            write_result(logs, row_of("table1", name), seed, **measured)
    write_report(str(logs), str(target))
    text = " ".join((target / "report.md").read_text().split())
    assert "1 of 2 rows are outside the bound; by chance, 0.1 would be" in text


def test_scales_never_mix(tmp_path):
    write_result(tmp_path, row_of("table1", "mlp_1x512", "sample"))
    runs = find_runs(tmp_path)
    assert not any(row.runs for row in measure("table1", "paper", runs))
    assert any(row.runs for row in measure("table1", "sample", runs))


def test_slow_down_is_relative_to_true_labels_of_the_same_seed(tmp_path):
    for name, epochs in (("0.0", 10), ("0.5", 25), ("1.0", 36)):
        write_result(
            tmp_path,
            row_of("figure1b", f"inception_{name}"),
            accuracies=(epochs - 1) * [0.989] + [0.99, 1.0],
            test_accuracy_corrupted=0.25,
        )
    write_result(tmp_path, row_of("figure1b", "inception_1.0"), seed=1)
    rows = measure("figure1b", "paper", find_runs(tmp_path))
    drawn = {curve.name: curve for curve in curves("figure1b", rows)}
    assert drawn["inception"].ours == {0: [(0.0, 1.0), (0.5, 2.5), (1.0, 3.6)]}
    assert drawn["alexnet"].ours == {}
    errors = {curve.name: curve for curve in curves("figure1c", rows)}
    assert errors["inception"].ours[0] == [
        (0.0, 0.75),
        (0.5, 0.75),
        (1.0, 0.75),
    ]
    assert errors["inception"].ours[1] == [(1.0, 0.5)]


def test_points_over_levels_are_listed_with_the_papers(tmp_path):
    for seed in (0, 1):
        for level, epochs in (("0.0", 10), ("1.0", 30 + seed)):
            write_result(
                tmp_path,
                row_of("figure1b", f"inception_{level}"),
                seed=seed,
                accuracies=(epochs - 1) * [0.5] + [1.0],
            )
    write_result(
        tmp_path, row_of("figure1b", "inception_0.5"), accuracies=[0.5, 1.0]
    )
    rows = measure("figure1b", "paper", find_runs(tmp_path))
    papers, ours = level_rows(curves("figure1b", rows))
    assert papers["random labels"] == "Inception, paper"
    assert ours["random labels"] == "Inception, ours, 1 to 2 seeds"
    assert (papers["50 %"], ours["50 %"]) == ("2.50", "0.20")
    assert (papers["10 %"], ours["10 %"]) == ("1.60", "")
    assert (papers["100 %"], ours["100 %"]) == ("3.60", "3.05 ± 0.07")
    (plot,) = draw("figure1b", curves("figure1b", rows), "paper").axes
    (line,) = [x for x in plot.lines if x.get_label() == "Inception"]
    assert line.get_linestyle() == "None"
    assert line.get_xydata().tolist() == [[0, 1], [50, 0.2], [100, 3.05]]
    figure = measure("figure1a", "paper", find_runs(tmp_path))
    assert level_rows(curves("figure1a", figure)) == []


def test_memorization_separates_clean_from_corrupted_labels(tmp_path):
    row = row_of("memorization", "resnet_corruption_20")
    write_result(tmp_path, row)
    compare(str(tmp_path), "memorization", "paper", find_runs(tmp_path))
    root = tmp_path / "memorization"
    for name, split, values in (
        ("clean", "train", (0.6, 0.9)),
        ("corrupted", "train", (0.2, 0.8)),
        ("corrupted_as_true", "train", (0.3, 0.1)),
        ("true_labels", "test", (0.4, 0.5)),
    ):
        path = root / row.name / name / "ours" / "seed=0" / split
        points = scalars(path, "accuracy")
        expected = list(zip((391, 782), values, strict=True))
        np.testing.assert_allclose(points, expected, rtol=1e-6)
    assert not list(root.rglob("paper"))


# TensorBoard


def test_the_papers_curves_and_ours_share_a_tag(tmp_path):
    write_result(tmp_path, row_of("figure1a", "random_labels"))
    compare(str(tmp_path), "figure1a", "paper", find_runs(tmp_path))
    root = tmp_path / "figure1a"
    papers = scalars(root / "random_labels" / "paper" / "train", "loss")
    expected = paper.curve("figure1a", "steps", "random_labels")
    np.testing.assert_allclose(papers, expected, rtol=1e-6)
    ours = scalars(root / "random_labels" / "ours" / "seed=0" / "train", "loss")
    np.testing.assert_allclose(ours, [(391, 1.0), (782, 0.04)], rtol=1e-6)
    assert not (root / "gaussian" / "ours").exists()
    compare(str(tmp_path), "figure1a", "paper", find_runs(tmp_path))
    again = scalars(root / "random_labels" / "paper" / "train", "loss")
    assert again == papers


def test_a_table_is_an_hparams_page_with_the_papers_numbers(tmp_path):
    write_result(tmp_path, row_of("table1", "mlp_1x512"), test_accuracy=0.5)
    compare(str(tmp_path), "table1", "paper", find_runs(tmp_path))
    session = tmp_path / "table1" / "mlp_1x512" / "seed=0"
    events = EventAccumulator(str(session)).Reload()
    content = events.PluginTagToContent("hparams")[
        "_hparams_/session_start_info"
    ]
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    hparams = data.session_start_info.hparams
    assert hparams["row"].string_value == "mlp_1x512"
    assert scalars(session, "test/ours")[0][1] == pytest.approx(50)
    assert scalars(session, "test/paper")[0][1] == pytest.approx(50.51)
    text = EventAccumulator(str(tmp_path / "table1" / "report")).Reload()
    assert "table1" in text.PluginTagToContent("text")


# The page


def test_the_report_shows_only_numbers_of_finished_runs(tmp_path):
    logs, target = tmp_path / "logs", tmp_path / "report"
    write_result(logs, row_of("table1", "mlp_1x512"), test_accuracy=0.4321)
    write_result(logs, row_of("figure1a", "true_labels"))
    write_report(str(logs), str(target))
    page = (target / "index.html").read_text()
    text = (target / "report.md").read_text()
    for shown in (page, text):
        assert "43.21" in shown
        assert "-7.30" in shown
        assert "+7.30" not in shown
        assert "Not run yet: 17 rows" in shown
        assert "Which runs count" in shown
    assert "http" not in page
    assert "--flagfile=flags/table1/mlp_1x512.txt" in page
    names = {path.name for path in epath.Path(target).iterdir()}
    assert names == {
        "index.html",
        "report.md",
        "results.csv",
        "figure1a.png",
        "figure1a.svg",
        "figure2b.png",
        "figure2b.svg",
        "figure1b.png",
        "figure1b.svg",
        "figure1c.png",
        "figure1c.svg",
        "overview.png",
        "overview.svg",
    }
    lines = (target / "results.csv").read_text().splitlines()
    assert len(lines) == 1 + len({*lines[1:]})
    assert any(line.startswith("table1,paper,mlp_1x512,0,") for line in lines)


def test_every_figure_has_axes_and_curves():
    for experiment in TITLES:
        rows = measure(experiment, "paper", {})
        assert bool(curves(experiment, rows)) == (experiment in AXES)


@pytest.mark.parametrize("name", ["index.html", "report.md", "results.csv"])
def test_files_of_something_else_are_not_overwritten(name, tmp_path):
    page = tmp_path / "report" / "index.html"
    page.parent.mkdir()
    mine = page.with_name(name)
    mine.write_bytes(b"<p>mine, about rethink_keras\xe9</p>")
    with pytest.raises(InputError, match=f"holds another {name}"):
        write_report(str(tmp_path), str(page.parent))
    assert mine.read_bytes() == b"<p>mine, about rethink_keras\xe9</p>"
    mine.unlink()
    for _ in range(2):  # its own page is replaced
        assert write_report(str(tmp_path / "none"), str(page.parent)) == page
    page.unlink()  # as after an interruption
    assert write_report(str(tmp_path / "none"), str(page.parent)) == page
