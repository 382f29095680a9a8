"""Which run counts for which row, in which precision, and what it takes."""

import dataclasses
import itertools

import pytest

from rethink_keras import RunConfig
from rethink_keras.experiments import (
    FASTEST,
    jobs_as_text,
    load,
    plan,
    planning,
)
from rethink_keras.experiments.speed import (
    Network,
    images_per_second,
    network_of,
)
from rethink_keras.results import counting_runs, counts_for, find_runs
from tests.support.finished import row_of, write_result

ROW = row_of("table1", "inception")


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
def test_a_run_counts_if_it_differs_in_precision_or_stop_alone(options, counts):
    assert counts_for(changed(**options), ROW.config) == counts


def test_a_row_without_a_stop_takes_no_run_that_stopped():
    row = changed(stop_at_loss=None)
    assert not counts_for(changed(stop_at_loss=0.002), row)


def test_runs_of_one_precision_count_float32_first(tmp_path):
    for seed, precision in ((0, "mixed_bfloat16"), (1, "mixed_bfloat16")):
        config = changed(precision=precision)
        write_result(tmp_path, dataclasses.replace(ROW, config=config), seed)
    found = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert list(found) == [0, 1]
    write_result(tmp_path, ROW, seed=1)
    found = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert {s: r.config.precision for s, r in found.items()} == {1: "float32"}


def test_recomputed_statistics_come_first_then_the_rows_own_stop(tmp_path):
    old = changed(stop_at_loss=None)
    write_result(tmp_path, dataclasses.replace(ROW, config=old))
    only = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert only[0].moving_averages
    write_result(tmp_path, ROW, batch_norm_statistics="recomputed")
    both = counting_runs(find_runs(tmp_path).values(), ROW.config)
    assert not both[0].moving_averages
    assert both[0].config.stop_at_loss == 0.002


def test_inception_rows_without_crops_or_augmentation_stop():
    names = ("table1", "table4", "figure1a", "figure1b", "figure2b")
    rows = itertools.chain(*(load(name, "paper") for name in names))
    for row in rows:
        config = row.config
        varied = config.random_crop or config.augment
        stops = config.model == "small_inception" and not varied
        assert config.stop_at_loss == (0.002 if stops else None), row.name


# Precision


def test_flagfiles_leave_the_precision_to_the_machine():
    for name in ("table1", "table2", "table4", "figure1b", "today"):
        for row in load(name, "paper"):
            assert row.config.precision == "float32"


@pytest.fixture
def measured(monkeypatch):
    """Stands in for the measurement: bfloat16 twice as fast."""
    asked: list[Network] = []

    def measure(networks):
        asked.extend(networks)
        speeds = {"float32": 100.0, "mixed_bfloat16": 200.0}
        return dict.fromkeys(asked, speeds)

    monkeypatch.setattr(planning, "measure_speeds", measure)
    return asked


def test_the_fastest_precision_is_taken_and_its_speed_told(measured, tmp_path):
    (job,) = plan([ROW], [0], str(tmp_path), precision=FASTEST)
    assert measured == [network_of(ROW.config)]
    assert job.config.precision == "mixed_bfloat16"
    assert "--precision=mixed_bfloat16" in job.command
    # 50 epochs of 50,000 images at 200 images/s, a tenth more to evaluate.
    minutes = 50 * 50_000 / 200 * 1.1 / 60 + 0.2
    assert job.estimate.minutes == pytest.approx(minutes)
    assert "measured now" in jobs_as_text([job])


@pytest.mark.parametrize("begun", ["float32", "mixed_bfloat16"])
def test_a_run_that_has_begun_keeps_its_precision(begun, measured, tmp_path):
    config = changed(precision=begun)
    folder = tmp_path / config.name() / "checkpoints"
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


def test_estimates_rest_on_finished_runs_or_are_unknown(tmp_path):
    (job,) = plan([ROW], [0], str(tmp_path))
    assert job.estimate.minutes is None
    assert "and 1 of unknown time" in jobs_as_text([job])
    write_result(tmp_path, ROW, seed=1, images_per_second=500.0)
    (job,) = plan([ROW], [0], str(tmp_path))
    minutes = 50 * 50_000 / 500 * 1.1 / 60 + 0.2
    assert job.estimate.minutes == pytest.approx(minutes)
    assert "a finished run on a device" in str(job.estimate)


def test_a_speed_is_measured():
    network = Network("mlp_1x512", None, None, 10)
    assert images_per_second(network, "float32") > 0
