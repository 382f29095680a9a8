"""Texts, figures and numbers that TensorBoard shows in a browser."""

import pytest
import tensorflow as tf

from rethink_keras import RunConfig, run
from rethink_keras.experiments import TITLES, load
from rethink_keras.report.curves import AXES
from rethink_keras.report.page import compare
from rethink_keras.results import find_runs
from rethink_keras.results.records import Record, write_record
from tests.support.browser import Browser
from tests.support.finished import row_of, write_result

FIGURES = [name for name in TITLES if name in AXES]


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Browser:
    """TensorBoard on all tables and figures, with one run each."""
    logs = tmp_path_factory.mktemp("logs")
    shown = logs / "shown"
    configs = set()
    for name in TITLES:
        row = load(name, "paper")[0]
        if row.config not in configs:
            write_result(logs / "runs", row)
            configs.add(row.config)
    for name in TITLES:
        compare(str(shown), name, "paper", find_runs(logs / "runs"))
    return Browser(shown)


def pixels(image: bytes) -> tuple[int, ...]:
    assert image.startswith(b"\x89PNG")
    return tuple(tf.io.decode_png(image).shape)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_image_and_a_text(compared, name):
    run_name = f"{name}/report"
    assert (run_name, f"{name}/figure") in compared.tags("images")
    (image,) = compared.images(run_name, f"{name}/figure")
    height, width, _ = pixels(image)
    assert min(height, width) > 300
    assert (run_name, name) in compared.tags("text")
    assert "<" in compared.text(run_name, name)


def test_a_table_is_a_text_with_its_rows(compared):
    text = compared.text("table1/report", "table1")
    assert "<table>" in text
    assert "50.51" in text


def test_every_text_and_image_can_be_shown(compared):
    for run_name, tag in compared.tags("text"):
        assert compared.text(run_name, tag)
    images = compared.tags("images")
    assert {run_name for run_name, _ in images} == {
        f"{name}/report" for name in FIGURES
    }
    for run_name, tag in images:
        assert compared.images(run_name, tag)


def test_runs_in_the_directory_of_a_comparison_stay(tmp_path):
    row = row_of("table1", "mlp_1x512")
    write_result(tmp_path / "runs", row)
    runs = find_runs(tmp_path / "runs")
    table = tmp_path / "shown" / "table1"
    foreign = table / "my_baseline" / "events.out.tfevents.1.mine"
    elsewhere = tmp_path / "elsewhere" / "seed=0" / "events.out.tfevents.1"
    stale = table / "no_row" / "seed=0" / "events.out.tfevents.1.stale"
    kept = [
        table / "runs" / "one" / name
        for name in ("result.json", "train/events.out.tfevents.1.one")
    ]
    kept += [
        table / "mlp_1x512" / name
        for name in (
            "config.json",
            "checkpoints/step-1.npz",
            "events.out.tfevents.1.two",
            "test/events.out.tfevents.1.two",
        )
    ]
    kept += [foreign, elsewhere]
    linked = tmp_path / "linked" / "events.out.tfevents.1"
    kept += [linked, table / "config.json", table / "events.out.tfevents.1.run"]
    for path in (stale, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (table / "linked").symlink_to(tmp_path / "elsewhere")
    (table / "runs" / "seed=7").symlink_to(linked.parent)

    for _ in range(2):
        compare(str(tmp_path / "shown"), "table1", "paper", runs)

    assert all(path.exists() for path in kept)
    assert not stale.parents[1].exists()
    (written,) = (table / "mlp_1x512" / "seed=0").iterdir()
    assert ".tfevents." in written.name


def test_curves_of_seeds_that_no_longer_count_are_removed(tmp_path):
    row = row_of("figure1a", "true_labels")
    for seed in (0, 1):
        write_result(tmp_path / "runs", row, seed)
    runs = find_runs(tmp_path / "runs")
    compare(str(tmp_path / "shown"), "figure1a", "paper", runs)
    curve = tmp_path / "shown" / "figure1a" / "true_labels" / "ours"
    assert {path.name for path in curve.iterdir()} == {"seed=0", "seed=1"}
    del runs[row.seeded(1)]
    compare(str(tmp_path / "shown"), "figure1a", "paper", runs)
    assert {path.name for path in curve.iterdir()} == {"seed=0"}


def test_a_record_of_the_theory_is_a_text_and_images(tmp_path):
    png = tf.io.encode_png(tf.zeros((4, 5, 3), tf.uint8)).numpy()
    record = Record(
        experiment="theorem1",
        name="sample",
        title="a title",
        seed=0,
        tables={"networks": [{"weights": 12_345}]},
        figures={"theorem1": png, "construction": png},
        seconds=1.0,
    )
    path = write_record(record, str(tmp_path), "python launch/theorem1.py")
    board = Browser(tmp_path)
    where = str(path.relative_to(tmp_path))
    assert "12,345" in board.text(where, "theorem1")
    assert board.tags("images") == [
        (where, "theorem1/construction"),
        (where, "theorem1/theorem1"),
    ]
    for _, tag in board.tags("images"):
        assert [pixels(x) for x in board.images(where, tag)] == [(4, 5, 3)]


def test_a_run_has_a_text_about_its_configuration(tmp_path):
    config = RunConfig(train_examples=20, epochs=1)
    run(config, tmp_path / "run", verbose=False)
    board = Browser(tmp_path)
    assert board.tags("text") == [("run", "config"), ("run", "run")]
    assert "--train_examples=20" in board.text("run", "config")
    assert board.tags("images") == [("run", "randomizations")]
    (picture,) = board.images("run", "randomizations")
    height, width, _ = pixels(picture)
    assert min(height, width) > 300
    assert "1,209,866 parameters" in board.text("run", "run")
    assert ("run/test", "accuracy") in board.tags("scalars")
