"""Finished runs are found once, whatever lies beside them."""

import json
import os

import pytest
import tensorflow as tf

from rethink_keras.errors import InputError
from rethink_keras.files import walk
from rethink_keras.results import find_runs
from rethink_keras.results.markdown import markdown_table
from tests.support.finished import row_of, write_result

ROW = row_of("table1", "inception")


def test_links_in_a_circle_lead_to_each_run_once(tmp_path):
    write_result(tmp_path / "one", ROW)
    for name in ("self", "again"):
        (tmp_path / "one" / name).symlink_to(tmp_path)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "linked").symlink_to(tmp_path / "one")
    (run,) = find_runs(tmp_path).values()
    assert (tmp_path / "one") in run.path.parents  # not by a link
    assert len(find_runs(tmp_path / "two")) == 1


def test_a_link_to_what_is_left_out_is_followed(tmp_path):
    write_result(tmp_path / "reference", ROW)
    assert not find_runs(tmp_path)
    (tmp_path / "a").symlink_to(tmp_path / "reference")
    (tmp_path / "z").symlink_to(tmp_path / "reference")
    assert len(find_runs(tmp_path)) == 1


def test_folders_of_an_object_store_are_walked():
    """TensorFlow's file system in memory takes the place of one."""
    tf.io.gfile.makedirs("ram://walked/one/theory")
    tf.io.gfile.makedirs("ram://walked/two")
    for name in ("one/a", "one/theory/b", "two/c"):
        with tf.io.gfile.GFile(f"ram://walked/{name}", "w") as file:
            file.write("")
    found = walk("ram://walked", lambda folder: "theory" in folder)
    assert [name for _, files in found for name in files] == ["a", "c"]


def test_names_that_are_not_utf_8_are_passed_over(tmp_path):
    write_result(tmp_path, ROW)
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    assert len(find_runs(tmp_path)) == 1


@pytest.mark.parametrize("key", ["config", "epochs", "train_accuracy"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_result_that_lacks_a_value_is_named(tmp_path, key, missing):
    write_result(tmp_path, ROW)
    (path,) = tmp_path.rglob("result.json")
    result = json.loads(path.read_text())
    del result[key]
    path.write_text(json.dumps(result if missing else {"config": None}))
    with pytest.raises(InputError, match=r"result\.json: is not the result"):
        find_runs(tmp_path)


def test_recomputed_statistics_are_preferred_to_moving_averages(tmp_path):
    """Both runs have the same config."""
    for place, accuracy, version in (
        ("a", 0.80, {}),
        ("b", 0.86, {"batch_norm_statistics": "recomputed"}),
        ("c", 0.80, {}),
    ):
        write_result(tmp_path / place, ROW, test_accuracy=accuracy, **version)
    (run,) = find_runs(tmp_path).values()
    assert run.result["test_accuracy"] == 0.86


def test_a_bar_in_a_cell_does_not_end_it():
    *_, line = markdown_table(("a", "b"), [("x|y", "z")]).splitlines()
    assert line == r"| x\|y | z |"
