"""The command's tables and figures of learning and memorization."""

import json

import numpy as np
import pytest

from rethink_keras import InputError
from rethink_keras.memorization import Ensemble, Scores, random_subsets
from rethink_keras.memorization import memorization as scores_of
from rethink_keras.studies import (
    memorization,
    memorization_figures,
    memorization_tables,
)

COUNT = 40
CORRUPTED = np.arange(COUNT) < 10


def made_up_runs(rng) -> list[dict[str, np.ndarray]]:
    """Corrupted examples are learned last and forgotten twice."""
    order = np.where(CORRUPTED, 20, np.arange(COUNT) % 5 + 1)
    return [
        {
            "first_epoch": order + rng.integers(0, 2, COUNT),
            "forgetting_events": 2 * CORRUPTED.astype(int),
        }
        for _ in range(2)
    ]


LABELS = {"true": np.zeros(COUNT, int), memorization.PARTLY: CORRUPTED * 1}


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    inside = random_subsets(20, COUNT, 0.7, seed=0)
    ensemble = Ensemble(inside, inside | ~CORRUPTED, rng.random((20, 15)) < 0.8)
    learned = {
        kind: made_up_runs(rng)
        for kind in ("true", memorization.PARTLY, "random")
    }
    scores = scores_of(ensemble.trainset_correctness, inside)
    return {
        **memorization_tables.learning_tables(learned, CORRUPTED),
        **memorization_tables.score_tables(
            ensemble, scores, learned[memorization.PARTLY], CORRUPTED, LABELS
        ),
    }


def test_tables_tell_clean_from_corrupted_examples(tables):
    json.dumps(tables, allow_nan=False)
    apart = {row["quantity"]: row for row in tables["corrupted or clean"]}
    for row in apart.values():
        assert row["AUC"] == row["AUC: low"] == row["AUC: high"] == 1
    events = apart["forgetting events"]
    assert events["correlation with score"] == pytest.approx(1)
    clean, corrupted = tables["memorization scores"]
    assert (clean["count"], clean["mean score"]) == (30, 0)
    assert (corrupted["count"], corrupted["mean score"]) == (10, 1)
    memorized = tables["most memorized clean examples"]
    assert {row["label"] for row in memorized} == {0}
    learning = {row["labels"]: row for row in tables["learning and forgetting"]}
    clean = learning["partly corrupted: clean"]
    assert clean["never learned %"] == 0
    assert clean["learned and never forgotten %"] == 100
    assert learning["partly corrupted: corrupted"]["forgetting events"] == 2
    first, *_, last = tables["learned by epoch"]
    assert first["partly corrupted: corrupted %"] == 0
    assert last["partly corrupted: clean %"] == 100
    histogram = tables["distribution of scores"]
    assert histogram[0]["clean %"] == histogram[-1]["corrupted %"] == 100


def test_examples_that_are_never_learned_rank_as_the_most_forgotten():
    rng = np.random.default_rng(0)
    inside = random_subsets(20, COUNT, 0.7, seed=0)
    ensemble = Ensemble(inside, inside | ~CORRUPTED, rng.random((20, 15)) < 0.8)
    run = {
        "first_epoch": np.where(CORRUPTED, memorization_tables.EPOCHS + 1, 3),
        "forgetting_events": np.where(CORRUPTED, 0, 1),
    }
    tables = memorization_tables.score_tables(
        ensemble,
        scores_of(ensemble.trainset_correctness, inside),
        [run],
        CORRUPTED,
        LABELS,
    )
    (events,) = [
        row
        for row in tables["corrupted or clean"]
        if row["quantity"] == "forgetting events"
    ]
    assert events["AUC"] == 1


@pytest.mark.parametrize("constant", [0, 1, 2])
def test_agreement_is_undefined_wherever_the_constant_run_stands(constant):
    rng = np.random.default_rng(0)
    runs = made_up_runs(rng) + made_up_runs(rng)[:1]
    runs[constant] = {**runs[constant], "first_epoch": np.ones(COUNT)}
    row = memorization_tables._agreement("true", runs)
    numbers = [row[name] for name in ("agreement", "lowest pair")]
    assert [*numbers, row["highest pair"]] == [None] * 3


def test_few_corrupted_examples_have_an_interval():
    corrupted = np.arange(20) < 2
    values = np.arange(20.0)
    row = memorization_tables._told_apart("x", values, -values, corrupted)
    assert row["AUC"] == 0
    assert 0 <= row["AUC: low"] <= row["AUC: high"] <= 1


def test_the_interval_of_an_auc_covers_95_percent():
    rng = np.random.default_rng(0)
    corrupted, values = np.arange(400) < 200, rng.normal(size=400)
    row = memorization_tables._told_apart("x", values, -values, corrupted)
    deviation = (401 / (12 * 200 * 200)) ** 0.5  # Mann and Whitney (1947)
    width = row["AUC: high"] - row["AUC: low"]
    assert width == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_figures_show_the_tables(tables):
    scores, learning = (
        draw(tables) for draw in memorization_figures.DRAWN.values()
    )
    assert len(scores.axes[0].patches) == 20
    assert len(learning.axes[0].lines) == 4


def test_each_example_has_a_score_with_its_standard_error():
    scores = Scores(np.linspace(0, 1, COUNT), np.full(COUNT, 0.125))
    runs = made_up_runs(np.random.default_rng(0))
    text = memorization_tables.examples_as_csv(scores, runs, LABELS).decode()
    header, first, *_, last = text.splitlines()
    assert header == (
        "example,label,true_label,memorization_score,standard_error"
        ",first_epoch,forgetting_events"
    )
    assert first.startswith("0,1,0,0,0.125,2")
    assert last.startswith("39,0,0,1,0.125,")
    assert text.count("\n") == COUNT + 1


def test_labels_of_which_none_is_corrupted_are_refused():
    pytest.importorskip("sklearn", reason="the extra [theory] is not installed")
    with pytest.raises(InputError, match=r"^train_examples=10: with seed=18,"):
        memorization.load_images("digits", None, 10, seed=18)


@pytest.mark.slow
def test_a_record_has_all_tables_and_figures(monkeypatch):
    pytest.importorskip("sklearn", reason="the extra [theory] is not installed")
    monkeypatch.setattr(memorization_tables, "EPOCHS", 3)
    images = memorization.load_images("digits", None, 100, seed=0)
    assert np.bincount(images.labels["true"]).tolist() == [10] * 10
    assert 5 <= images.corrupted.sum() <= 30
    record = memorization.demonstrate(images, num_models=50, seeds=(0, 1))
    json.dumps(record.tables, allow_nan=False)
    assert set(record.figures) == {"scores", "learning", "images", "order"}
    (networks,) = record.tables["networks on subsets"]
    assert (networks["networks"], networks["subset"]) == (50, 70)
    assert len(record.tables["most memorized clean examples"]) == 10
    assert record.files["examples.csv"].count(b"\n") == 101
