"""Rows of the paper's tables and figures, and their plans."""

import dataclasses
import functools
import os

import pytest

from rethink_keras import InputError, RunConfig, paper
from rethink_keras.config import MODELS, SAMPLE
from rethink_keras.experiments import TITLES, load, plan
from rethink_keras.experiments.rows import CORRUPTIONS, FLAGS_DIRECTORY
from rethink_keras.results import REFERENCE, counting_runs, find_runs
from rethink_keras.runs import parameters

FLAGFILES = sorted(FLAGS_DIRECTORY.rglob("*.txt"))
PARAMETERS = {
    "small_inception": 1_649_402,
    "inception_v3": 23_817_352,
    "small_alexnet": 1_387_786,
    "mlp_1x512": 1_209_866,
    "mlp_3x512": 1_735_178,
    "small_resnet": 1_198_810,
    "small_vit": 1_203_722,
}


@functools.cache
def parameters_of(model: str, batch_norm: bool | None) -> int:
    switches = {} if batch_norm is None else {"batch_norm": batch_norm}
    return parameters(MODELS[model].load()(**switches))


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_a_flagfile_builds_the_model_it_names(path):
    text = path.read_text()
    config = RunConfig.from_flags(text)
    imagenet = config.model == "inception_v3"
    assert config.dataset == ("imagenet2012" if imagenet else "cifar10")
    count = parameters_of(config.model, config.batch_norm)
    assert count == PARAMETERS[config.model]
    assert f"{count:,} parameters" in text
    command = f"--flagfile={path.relative_to(FLAGS_DIRECTORY.parent)}"
    assert command in text
    assert "Paper: " in text
    assert "Expect: " in text


def test_flagfiles_state_the_minutes_of_recorded_runs():
    """Of seed 0; in Figures 1b and 1c, of the run on random labels."""
    runs = find_runs(FLAGS_DIRECTORY.parent / "tensorboard_logs" / REFERENCE)
    for experiment in set(TITLES) - {"figure1c", "memorization"}:
        for row in load(experiment, "paper"):
            name = row.name.removesuffix("_1.0")
            path = FLAGS_DIRECTORY / experiment / f"{name}.txt"
            if not path.exists():
                continue
            text = path.read_text().replace("\n# ", " ")
            run = counting_runs(runs.values(), row.config).get(0)
            if run is None:
                assert "Expect: not run yet" in text, path
                continue
            minutes = run.result["wall_seconds"] / 60
            stated = f"(seed 0); {minutes:.0f} min in {run.config.precision}"
            assert stated in text, path


def test_table_1_has_the_papers_rows():
    rows = load("table1", "paper")
    reported = paper.read("table1")
    assert [row.name for row in rows] == [row["row"] for row in reported]
    for row, papers in zip(rows, reported, strict=True):
        config = row.config
        assert PARAMETERS[config.model] == papers["parameters"]
        assert config.random_crop == (papers["random_crop"] == "yes")
        assert bool(config.weight_decay) == (papers["weight_decay"] == "yes")
        random_labels = papers["random_labels"] == "yes"
        assert config.randomize == ("labels" if random_labels else "none")
        without = "w/o BatchNorm" in papers["model"]
        assert (config.batch_norm is False) == without


def test_table_2_has_the_papers_rows():
    rows = load("table2", "paper")
    reported = paper.read("table2")
    assert [row.name for row in rows] == [row["row"] for row in reported]
    for row, papers in zip(rows, reported, strict=True):
        config = row.config
        assert (config.model, config.image_size) == ("inception_v3", 299)
        assert config.distort == (papers["data_aug"] == "yes")
        assert bool(config.dropout) == (papers["dropout"] == "yes")
        assert bool(config.weight_decay) == (papers["weight_decay"] == "yes")
        random_labels = papers["random_labels"] == "yes"
        assert config.randomize == ("labels" if random_labels else "none")


def test_figure_2a_shares_the_runs_of_table_2():
    curves = {row.config for row in load("figure2a", "paper")}
    assert len(curves) == 3
    assert curves < {row.config for row in load("table2", "paper")}


def test_rows_of_table_4_are_random_labels_with_a_regularizer():
    rows = {row.name: row.config for row in load("table4", "paper")}
    assert list(rows) == [row["row"] for row in paper.read("table4")]
    for papers in paper.read("table4"):
        config = rows[papers["row"]]
        assert (config.randomize, config.label_corruption) == ("labels", 1)
        assert bool(config.weight_decay) == (
            papers["regularizer"] == "weight decay"
        )
        assert config.random_crop == (
            papers["regularizer"].endswith("cropping")
        )
        assert config.augment == (papers["regularizer"] == "augmentation")


def test_rows_of_figure_1a_are_named_by_their_randomization():
    kinds = {
        row.name: row.config.randomize for row in load("figure1a", "paper")
    }
    assert kinds == {
        "true_labels": "none",
        "random_labels": "labels",
        "shuffled_pixels": "shuffled_pixels",
        "random_pixels": "random_pixels",
        "gaussian": "gaussian",
    }


@pytest.mark.parametrize("experiment", ["figure1b", "figure1c"])
def test_figures_1b_and_1c_have_three_networks_at_eleven_levels(experiment):
    rows = load(experiment, "paper")
    assert len(rows) == 33
    for row in rows:
        model, _, level = row.name.rpartition("_")
        assert model in row.config.model
        corruption = row.config.label_corruption
        if row.config.randomize == "none":
            corruption = 0.0
        assert corruption == float(level)
    assert {float(row.name.rpartition("_")[2]) for row in rows} == set(
        CORRUPTIONS
    )


def test_rows_of_today_are_named_by_network_and_regularizer():
    rows = {row.name: row.config for row in load("today", "paper")}
    for name, config in rows.items():
        network = config.model.removeprefix("small_")
        assert name.startswith(f"{network}_")
        kind, what, *_ = name.removeprefix(f"{network}_").split("_")
        assert config.mixup == name.endswith("mixup")
        assert config.cutout == name.endswith("cutout")
        assert bool(config.label_smoothing) == name.endswith("smoothing")
        if kind == "corruption":
            assert config.label_corruption == int(what) / 100
        else:
            assert (
                config.randomize == {"true": "none", "random": "labels"}[kind]
            )
    memorization = [row.name for row in load("memorization", "paper")]
    assert memorization == ["resnet_corruption_20", "resnet_corruption_50"]


@pytest.mark.parametrize("experiment", TITLES)
def test_scales_differ_in_the_data_set_and_streamed_ones_in_size(experiment):
    full, sample = load(experiment, "paper"), load(experiment, "sample")
    assert len({row.config for row in full}) == len(full)
    for full_row, sample_row in zip(full, sample, strict=True):
        smaller = {"image_size": 75, "epochs": 3}
        smaller = smaller if full_row.config.streams else {}
        assert sample_row.config == dataclasses.replace(
            full_row.config, dataset=SAMPLE, **smaller
        )
        assert f"--dataset={SAMPLE}" in sample_row.flags


def test_rows_with_equal_configs_share_one_run():
    rows = load("table1", "paper") + load("figure1b", "paper")
    jobs = plan(rows, [0], "nowhere")
    configs = [job.config for job in jobs]
    assert len(set(configs)) == len(configs)
    assert len(configs) == 19 + 33 - 2 * 3


def test_commands_find_their_flagfile_from_any_directory(tmp_path, monkeypatch):
    row = load("table1", "sample")[0]
    monkeypatch.chdir(FLAGS_DIRECTORY.parent)
    (at_root,) = plan([row], [0], "out")
    assert at_root.command[2:4] == row.flags
    monkeypatch.chdir(tmp_path)
    (elsewhere,) = plan([row], [0], "out")
    paths = [
        job.command[2].removeprefix("--flagfile=")
        for job in (at_root, elsewhere)
    ]
    assert os.path.samefile(FLAGS_DIRECTORY.parent / paths[0], paths[1])
    assert elsewhere.command[3:] == at_root.command[3:]
    assert elsewhere.command[-1].startswith("--workdir=out/")


def test_unknown_experiments_and_scales_are_refused():
    with pytest.raises(InputError, match=r"table9.*table1"):
        load("table9", "paper")
    with pytest.raises(InputError, match=r"scale=small.*sample"):
        load("table1", "small")
