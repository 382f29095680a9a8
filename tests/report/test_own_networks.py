"""The report of runs with a network or data of one's own."""

import dataclasses

import pytest

from rethink_keras import RunConfig
from rethink_keras.report.gap import Accuracies, Gap, gaps_of_own
from rethink_keras.report.gap_figure import draw_gaps
from rethink_keras.report.runs import own_rows
from rethink_keras.results import find_own_runs
from tests.report.test_article import report, words
from tests.support.finished import row_of, write_result


@pytest.fixture
def own(tmp_path):
    """Writes a run of the network `mine` on the data `set`."""
    logs = tmp_path / "logs"

    def write(
        path, train, optimizer=None, classes=4, test_accuracy=0.5, **options
    ):
        given = {"model": {"name": "mine"}, "data": {"name": "set"}}
        if optimizer:
            given["optimizer"] = {"class_name": optimizer}
        config = RunConfig(**options)
        write_result(
            logs / path,
            row_of("table1", "mlp_1x512"),
            config=config,
            given=given,
            classes=classes,
            train_accuracy=train,
            test_accuracy=test_accuracy,
            losses=[0.1] * config.epochs,
        )
        return logs

    return write


def gap_of(logs):
    (found,) = gaps_of_own(find_own_runs(logs))
    return found


def trained(logs):
    """The training accuracies on true and on random labels."""
    found = gap_of(logs)
    return found.true.train, found.random.train


@pytest.mark.parametrize(
    "other",
    [
        {"epochs": 1},
        {"learning_rate": 0.5},
        {"train_examples": 100},
        {"augment": True},
        {"optimizer": "Adam"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_accuracies_are_means_over_seeds_only(own, other):
    for seed, train in ((0, 0.75), (1, 1.0)):
        own("true", train, randomize="none", seed=seed, epochs=5)
    own("random", 1.0, randomize="labels", epochs=5)
    logs = own("other", 0.25, randomize="none", **{"epochs": 5, **other})
    assert trained(logs) == (87.5, 100)


def test_held_out_images_are_no_test_images(own):
    own("a", 1.0, randomize="none", validation_examples=10)
    logs = own("b", 1.0, randomize="none", seed=2021)
    assert gap_of(logs).true.test == 50
    rows = own_rows(find_own_runs(logs), str(logs))
    cells = {(row["seed"], row["test"]) for row in rows}
    assert cells == {("0", "50.00% held out"), ("2021", "50.00%")}


def test_a_copied_run_counts_once(own):
    own("a", 1.0, randomize="none")
    own("a copy", 1.0, randomize="none")
    logs = own("b", 0.5, randomize="none", seed=1)
    assert trained(logs) == (75, None)


@pytest.mark.parametrize(
    "other",
    [{"epochs": 100}, {"epochs": 5, "optimizer": "Adam"}],
    ids=["epochs", "optimizer"],
)
def test_true_and_random_labels_are_compared_at_equal_settings(
    own, tmp_path, other
):
    own("true", 0.9, randomize="none", epochs=5)
    logs = own("random", 1.0, randomize="labels", **other)
    assert trained(logs) == (None, 100)
    for shown in map(words, report(logs, tmp_path)):
        assert "trained the same way" not in shown
        assert "mine on set still fits" in shown
        assert "The chart shows one setting of each network" in shown


def test_a_network_at_chance_is_not_said_to_generalize(own, tmp_path):
    own("true", 1.0, randomize="none", epochs=5, test_accuracy=0.25)
    logs = own("random", 1.0, randomize="labels", epochs=5)
    for shown in map(words, report(logs, tmp_path)):
        assert "why it generalizes" not in shown
        assert "mine on set still fits" in shown


@pytest.mark.parametrize(
    ("accuracy", "chance"), [(0.012, True), (0.039, False)]
)
def test_chance_is_narrower_for_more_classes(own, accuracy, chance):
    logs = own(
        "random", 1.0, classes=100, randomize="labels", test_accuracy=accuracy
    )
    assert gap_of(logs).at_chance == chance


def test_a_dollar_in_a_name_begins_no_formula():
    half = Accuracies(100.0, 50.0)
    draw_gaps([Gap("$5_vs_$6", half, half)]).canvas.draw()


def test_both_labels_then_fitted_ones_then_most_epochs_are_shown(own):
    logs = own("true", 0.9, randomize="none", epochs=9)
    assert trained(logs) == (90, None)
    own("a", 0.3, randomize="labels", epochs=1)
    assert trained(logs) == (None, 30)
    own("b", 0.4, randomize="labels", epochs=2)
    assert trained(logs) == (None, 40)
    own("c", 1.0, randomize="labels", epochs=1, augment=True)
    assert trained(logs) == (None, 100)
    own("d", 0.8, randomize="none", epochs=3)
    own("e", 0.2, randomize="labels", epochs=3)
    assert trained(logs) == (80, 20)


def test_guessing_depends_on_the_classes_of_true_labels_too(own):
    assert gap_of(own("true", 0.9, randomize="none", classes=2)).chance == 50


def test_each_network_has_a_line_at_its_own_guessing():
    def drawn(*classes):
        found = [Accuracies(90, 60, chance=100 / n) for n in classes]
        figure = draw_gaps([Gap("mine", each, each) for each in found])
        (plot,) = figure.axes
        assert set(plot.get_xticks()) == {0, 10, 25, 50, 75, 100}
        dotted = [x for x in plot.lines if x.get_linestyle() == ":"]
        return [[list(map(float, x)) for x in x.get_data()] for x in dotted]

    assert drawn(10, 10) == [[[10, 10], [0, 1]]]
    assert drawn(2, 10) == [
        [[50, 50], [-0.4, 0.4]],
        [[10, 10], [-1.4, -0.6]],
    ]


def test_directories_are_shown_as_they_are(own, tmp_path):
    logs = own("", 1.0, randomize="none", model="small_alexnet")
    (run,) = find_own_runs(logs)
    directory = str(run.path.relative_to(logs))
    assert "none,small_alexnet" in directory
    for shown in report(logs, tmp_path):
        assert directory in shown


def test_runs_on_data_that_no_row_has_are_ones_own(tmp_path):
    row = row_of("table1", "mlp_1x512")
    for number, dataset in enumerate(("photos", "mnist", "cifar10")):
        config = dataclasses.replace(row.seeded(number), dataset=dataset)
        write_result(tmp_path, row, config=config)
    own = find_own_runs(tmp_path)
    table = own_rows(own, str(tmp_path))
    assert {row["data"] for row in table} == {"photos", "mnist"}
