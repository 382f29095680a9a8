"""Networks over label corruption and size, their tables and figures."""

import json

import numpy as np
import pandas as pd
import pytest

from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.measures import MEASURES
from rethink_keras.plotting import as_png
from rethink_keras.studies import measure_figures, measure_tables, measures


def made_up(seeds=(0, 1), sizes=(10, 20)) -> list[dict]:
    """Rows whose measures rank the gap by corruption, and against size."""
    return [
        {
            "corrupted %": corrupted,
            "examples": size,
            "seed": seed,
            "train accuracy %": 100.0,
            "gap": corrupted - size + seed / 8,
            **dict.fromkeys(MEASURES, corrupted + 2.0 * size + seed / 8),
            "inverse margin": float("inf"),
            measure_tables.critical_at(0.02): corrupted / 2 + seed,
        }
        for corrupted in (0.0, 50.0, 100.0)
        for size in sizes
        for seed in seeds
    ]


@pytest.fixture(scope="module")
def tables():
    return measure_tables.tables_of(made_up())


def test_correlations_within_groups_and_over_all(tables):
    json.dumps(tables, allow_nan=False)
    by_name = {
        row["measure"]: row for row in tables["rank correlation with the gap"]
    }
    row = by_name["path norm"]
    assert (row["corruption"], row["size"]) == (1, -1)
    assert -1 < row["all: low"] < row["all"] < row["all: high"] <= 1
    constant = by_name["inverse margin"]
    assert set(constant.values()) == {"inverse margin", None}


def test_the_interval_of_a_rank_correlation_covers_95_percent():
    count = 200
    measure, gap = np.random.default_rng(0).normal(size=(2, count))
    _, low, high = measure_tables._tau(pd.Series(measure), pd.Series(gap))
    variance = 2 * (2 * count + 5) / (9 * count * (count - 1))  # Kendall
    assert high - low == pytest.approx(2 * 1.96 * variance**0.5, rel=0.1)


def test_means_deviations_and_critical_samples(tables):
    first = tables["means over seeds"][0]
    assert (first["seeds"], first["gap"]) == (2, -10 + 1 / 16)
    assert first["inverse margin"] is None
    assert [row["critical %"] for row in tables["critical samples"]] == [
        0.5,
        25.5,
        50.5,
    ]
    assert tables["critical samples"][0]["deviation"] == pytest.approx(0.5**0.5)


def test_one_seed_and_size_have_neither_deviations_nor_correlations_by_size():
    tables = measure_tables.tables_of(made_up(seeds=(0,), sizes=(10,)))
    assert "standard deviations over seeds" not in tables
    assert tables["rank correlation with the gap"][0]["size"] is None
    for draw in measure_figures.DRAWN.values():
        assert as_png(draw(tables)).startswith(b"\x89PNG")


def test_the_figure_has_one_panel_a_measure(tables):
    figure = measure_figures.draw_gap(tables)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[: len(MEASURES)] == list(MEASURES)


@pytest.mark.slow
def test_networks_are_trained_once_and_measured(tmp_path):
    configs = measures.grid(RunConfig(), [0, 1], [20], [0])
    assert [config.label_corruption for config in configs] == [1, 1]
    assert [config.randomize for config in configs] == ["none", "labels"]
    record = measures.demonstrate(configs, tmp_path)
    json.dumps(record.tables, allow_nan=False)
    means = record.tables["means over seeds"]
    assert [row["corrupted %"] for row in means] == [0, 100]
    assert all(row["train accuracy %"] == 100 for row in means)
    assert set(record.figures) == {"gap", "critical"}

    def written():
        return {p: p.stat().st_mtime_ns for p in tmp_path.rglob("result.json")}

    before = written()
    assert len(before) == 2
    row = measures.measure_network(configs[0], tmp_path)
    assert written() == before
    assert [row[name] for name in MEASURES] == [means[0][n] for n in MEASURES]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("small_alexnet", "(LocalResponseNormalization)"),
        ("inception_v3", "streams images from disk"),
    ],
)
def test_networks_that_cannot_be_measured_are_not_trained(
    model, words, tmp_path
):
    def train():
        configs = measures.grid(RunConfig(model=model), [0], [20], [0])
        measures.demonstrate(configs, tmp_path)

    with pytest.raises(InputError) as raised:
        train()
    assert words in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_too_large_a_size_is_refused_before_others_are_trained(tmp_path):
    configs = measures.grid(RunConfig(), [0], [20, 6_000], [0])
    with pytest.raises(InputError, match="train_examples=6000"):
        measures.demonstrate(configs, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_deviation_leaves_the_others():
    rows = made_up()
    for row in rows:
        if row["seed"]:
            row["inverse margin"] = 1.0
    for table in ("means over seeds", "standard deviations over seeds"):
        found = measure_tables.tables_of(rows)[table]
        assert len(found) == 6
        assert {row["inverse margin"] for row in found} == {None}
        assert None not in {row["gap"] for row in found}
