"""Plans: which runs count for a row, precisions and estimated times."""

import dataclasses
import itertools
import json

import pytest

from rethink_keras import RunConfig
from rethink_keras.config import FASTEST
from rethink_keras.experiments import (
    jobs_as_text,
    load,
    plan,
    planning,
)
from rethink_keras.experiments import speed as speed_module
from rethink_keras.experiments.speed import (
    Network,
    images_per_second,
    network_of,
)
from rethink_keras.results import (
    counting_runs,
    counts_for,
    find_runs,
    run_directory,
)
from tests.support.finished import row_of, write_result

ROW = row_of("table1", "inception")
CPU = "CPU, 2 cores (one kind)"


def changed(**options) -> RunConfig:
    return dataclasses.replace(ROW.config, **options)


# Which run counts


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ({}, True),
        ({"data_dir": "elsewhere"}, True),
        ({"precision": "mixed_bfloat16"}, True),
        ({"stop_at_loss": None}, True),
        ({"stop_at_loss": 0.05}, False),
        ({"stop_at_loss": 0.001}, False),
        ({"seed": 1}, False),
        ({"weight_decay": 1e-4}, False),
        ({"epochs": 51}, False),
    ],
)
def test_a_run_may_differ_from_its_row_only_in_precision_or_stop(
    options, counts
):
    assert counts_for(changed(**options), ROW.config) == counts


def test_a_run_with_stop_at_loss_does_not_count_for_a_row_without():
    row = changed(stop_at_loss=None)
    assert not counts_for(changed(stop_at_loss=0.002), row)


def test_counting_runs_have_one_precision_preferably_float32(tmp_path):
    for seed, precision in ((0, "mixed_bfloat16"), (1, "mixed_bfloat16")):
        config = changed(precision=precision)
        write_result(tmp_path, dataclasses.replace(ROW, config=config), seed)
    found = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert list(found) == [0, 1]
    write_result(tmp_path, ROW, seed=1)
    found = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert {s: r.config.precision for s, r in found.items()} == {1: "float32"}


def test_counting_runs_prefer_recomputed_statistics_then_the_rows_stop(
    tmp_path,
):
    old = changed(stop_at_loss=None)
    write_result(tmp_path, dataclasses.replace(ROW, config=old))
    only = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert only[0].moving_averages
    write_result(tmp_path, ROW, batch_norm_statistics="recomputed")
    both = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert not both[0].moving_averages
    assert both[0].config.stop_at_loss == 0.002


def test_only_inception_rows_without_augmentation_have_stop_at_loss():
    names = ("table1", "table4", "figure1a", "figure1b", "figure2b")
    rows = itertools.chain(*(load(name, "paper") for name in names))
    for row in rows:
        config = row.config
        augmented = config.random_crop or config.augment
        stops = config.model == "small_inception" and not augmented
        assert config.stop_at_loss == (0.002 if stops else None), row.name


# Precision


def test_flagfiles_do_not_set_the_precision():
    for name in ("table1", "table2", "table4", "figure1b", "today"):
        for row in load(name, "paper"):
            assert row.config.precision == "float32"


@pytest.fixture
def measured(monkeypatch):
    """Networks whose speed is measured; bfloat16 seems twice as fast."""
    timed: list[Network] = []

    def measure(networks):
        timed.extend(networks)
        speeds = {"float32": 100.0, "mixed_bfloat16": 200.0}
        return dict.fromkeys(timed, speeds)

    monkeypatch.setattr(planning, "measure_speeds", measure)
    return timed


def test_fastest_selects_a_precision_and_estimates_from_its_speed(
    measured, tmp_path
):
    (job,) = plan([ROW], [0], str(tmp_path), precision=FASTEST)
    assert measured == [network_of(ROW.config)]
    assert job.config.precision == "mixed_bfloat16"
    assert "--precision=mixed_bfloat16" in job.command
    # 50 epochs of 50,000 images at 200 images/s, plus 10 % for evaluation.
    minutes = 50 * 50_000 / 200 * 1.1 / 60 + 0.2
    assert job.estimate.minutes == pytest.approx(minutes)
    assert "measured now" in jobs_as_text([job])


@pytest.mark.parametrize("begun", ["float32", "mixed_bfloat16"])
def test_a_run_that_has_begun_keeps_its_precision(begun, measured, tmp_path):
    config = changed(precision=begun)
    folder = run_directory(tmp_path, config) / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "step-0000000391.npz").touch()
    (job,) = plan([ROW], [0], str(tmp_path), precision=FASTEST)
    assert measured == []
    assert job.config == config


def test_a_finished_run_in_another_precision_is_not_repeated(
    measured, tmp_path
):
    config = changed(precision="mixed_bfloat16")
    write_result(tmp_path, dataclasses.replace(ROW, config=config))
    for precision in ("float32", FASTEST):
        (job,) = plan([ROW], [0], str(tmp_path), precision=precision)
        assert job.finished is not None
        assert job.finished.config == config
    assert measured == []


def test_finished_runs_in_the_wanted_precision_are_not_repeated(tmp_path):
    write_result(tmp_path, ROW, seed=0)
    config = changed(precision="mixed_bfloat16", seed=1)
    write_result(tmp_path, ROW, config=config)
    for precision, of_seed_1 in (("float32", False), ("mixed_bfloat16", True)):
        jobs = plan([ROW], [0, 1, 2], str(tmp_path), precision=precision)
        found = [bool(job.finished) for job in jobs]
        assert found == [True, of_seed_1, False]


def test_further_seeds_have_the_precision_of_those_that_count(
    measured, tmp_path
):
    config = changed(precision="float32")  # bfloat16 seems faster
    write_result(tmp_path, ROW, config=config)
    _, job = plan([ROW], [0, 1], str(tmp_path), precision=FASTEST)
    assert measured == []
    assert job.config.precision == "float32"
    assert job.others is None
    _, job = plan([ROW], [0, 1], str(tmp_path), precision="mixed_bfloat16")
    assert job.to_do
    assert "other seeds are in float32" in jobs_as_text([job])


def test_a_run_that_diverged_anywhere_is_not_to_do(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(ROW.config.as_dict()))
    (folder / "diverged.txt").write_text("a loss is NaN")
    first, second = plan([ROW], [0, 1], str(tmp_path))
    assert (first.to_do, second.to_do) == (False, True)
    assert str(folder / "diverged.txt") in jobs_as_text([first])


def test_estimates_use_the_speed_of_finished_runs_or_are_unknown(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(planning, "device", lambda: CPU)
    (job,) = plan([ROW], [0], str(tmp_path))
    assert job.estimate.minutes is None
    assert "done; 1 to do in unknown time" in jobs_as_text([job])
    for seed, (of_run, speed, used) in enumerate(
        (
            ("1 x a GPU, 1 GB", 9_000.0, None),
            ("CPU, 64 cores (another)", 2_000.0, 2_000),
            ("CPU, 32 cores (another)", 1_000.0, 1_000),
            (CPU, 500.0, 500),
            (CPU, 5_000.0, 500),
        ),
        start=1,
    ):
        write_result(
            tmp_path, ROW, seed=seed, images_per_second=speed, device=of_run
        )
        (job,) = plan([ROW], [0], str(tmp_path))
        minutes = used and 50 * 50_000 / used * 1.1 / 60 + 0.2
        assert job.estimate.minutes == pytest.approx(minutes)
    assert f"the slowest run on {CPU}" in str(job.estimate)


def test_images_per_second_measures_a_speed(monkeypatch):
    monkeypatch.setattr(speed_module, "_SECONDS", 0.0)
    network = Network("mlp_1x512", None, None, 10)
    assert images_per_second(network, "float32") > 0
