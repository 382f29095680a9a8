"""Curves of the figures from runs of several seeds."""

import math

import pytest

from rethink_keras import paper
from rethink_keras.report.curves import curves
from rethink_keras.report.measured import measure
from rethink_keras.results import find_runs
from tests.support.finished import row_of, write_result


def drawn(logdir, figure):
    return curves(figure, measure(figure, "paper", find_runs(logdir)))


def test_a_seed_that_stopped_keeps_its_last_value(tmp_path):
    row = row_of("figure1a", "true_labels")
    write_result(tmp_path, row, seed=0, losses=[1.0, 0.5])
    write_result(tmp_path, row, seed=1, losses=[2.0, 1.0, 0.7])
    (curve,) = [c for c in drawn(tmp_path, "figure1a") if c.ours]
    assert curve.values == {391: [1.0, 2.0], 782: [0.5, 1.0], 1173: [0.5, 0.7]}


def test_a_level_that_some_seed_did_not_fit_is_left_out(tmp_path):
    for level, seed, epochs in (
        (0, 0, 10),
        (0, 1, 12),
        (0.1, 0, 20),
        (0.1, 1, None),
        (0.2, 0, 20),
        (0.2, 1, 24),
        (0.3, 2, 30),  # without a run on true labels
        (0.3, 0, 30),
    ):
        accuracies = [0.5] * ((epochs or 61) - 1) + [1.0] * bool(epochs)
        write_result(
            tmp_path,
            row_of("figure1b", f"mlp_1x512_{float(level)}"),
            seed=seed,
            accuracies=accuracies,
            losses=[1.0] * len(accuracies),
        )
    (curve,) = [c for c in drawn(tmp_path, "figure1b") if c.ours]
    assert curve.values == {0: [1, 1], 0.2: [2, 2], 0.3: [3]}


def test_figure_2b_has_the_papers_four_curves(tmp_path):
    of_paper = {
        (curve.name, curve.split): curve.paper
        for curve in drawn(tmp_path, "figure2b")
    }
    assert len(of_paper) == 4
    without = of_paper["no_batch_norm", "train"]
    assert without[0] == (103, 0.5111)
    assert all(math.isfinite(y) and 0 < y <= 1 for _, y in without)


@pytest.mark.parametrize(
    ("table", "row", "column", "expected"),
    [
        ("table1", "inception", "test", 0.005),
        ("table1", "inception_random_labels", "train", 0.05),
        ("table1", "mlp_1x512_random_labels", "train", 0.005),
        ("table4", "inception_weight_decay", "train", 0.5),
        ("table4", "inception_crop", "train", 0.005),
    ],
)
def test_half_a_unit_of_the_papers_last_digit(table, row, column, expected):
    assert paper.half_unit(table, row, column) == pytest.approx(expected)
