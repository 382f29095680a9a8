"""Collected reference runs are whole, and name no directory of the machine."""

import pathlib
import runpy

import tensorflow as tf
from tensorboard.backend.event_processing.event_multiplexer import (
    EventMultiplexer,
)

from rethink_keras import RunConfig, run
from rethink_keras.results import find_diverged, find_runs
from tests.support.finished import row_of, write_diverged, write_result

ROOT = pathlib.Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "collect.py"))


def scalars_and_texts(directory):
    """Returns the records of a directory's event files by run, tag and step."""
    events = EventMultiplexer().AddRunsFromDirectory(str(directory))
    events.Reload()
    found = {}
    for name in events.Runs():
        for tag in events.Runs()[name]["tensors"]:
            for event in events.Tensors(name, tag):
                value = tf.make_ndarray(event.tensor_proto).tolist()
                found[name, tag, event.step] = value
    return found


def test_a_collected_run_is_whole_and_names_no_directory(tmp_path):
    config = RunConfig(data_dir=str(tmp_path), train_examples=130, epochs=2)
    begun, reference = tmp_path / "runs" / "one", tmp_path / "reference"
    run(config, str(begun), verbose=False)
    (finished,) = find_runs(begun.parent).values()

    copy = TOOL["collect"](finished.path, finished.config, reference)

    (collected,) = find_runs(reference).values()
    assert collected.path == copy
    assert collected.config == finished.config
    assert collected.result["history"] == finished.result["history"]
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert files
    assert not any(str(tmp_path).encode() in p.read_bytes() for p in files)
    assert not {path.name for path in files} & {"model.keras", "lock"}
    kept, given = map(scalars_and_texts, (copy, begun))
    changed = {key[1] for key in kept if kept[key] != given[key]}
    assert changed == {"config", "run"}
    assert {key[1] for key in given.keys() - kept.keys()} == {"randomizations"}
    assert kept.keys() <= given.keys()
    assert TOOL["collect"](finished.path, finished.config, reference) is None


def test_a_diverged_run_is_collected_too(tmp_path):
    """Without it, the report would show the other seeds only."""
    row = row_of("table1", "alexnet")
    write_diverged(tmp_path / "runs", row, data_dir=str(tmp_path))
    (config,) = find_diverged(tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    TOOL["collect"](folder, config, tmp_path / "reference")
    assert list(find_diverged(tmp_path / "reference")) == [config]
    write_result(tmp_path / "later", row)
    (finished,) = find_runs(tmp_path / "later").values()
    later = finished.path, finished.config, tmp_path / "reference"
    assert TOOL["collect"](*later) is not None
    assert not find_diverged(tmp_path / "reference")
    assert list(find_runs(tmp_path / "reference")) == [config]


def test_the_end_of_a_cut_event_file_is_left_out(tmp_path):
    config = RunConfig(train_examples=130, epochs=1)
    begun, reference = tmp_path / "runs" / "one", tmp_path / "reference"
    run(config, str(begun), verbose=False, save_model=False)
    (cut,) = (begun / "train").iterdir()
    cut.write_bytes(cut.read_bytes()[:-5])
    (begun / "mine.json").write_text("[]")
    copy = TOOL["collect"](begun, config, reference)
    kept, given = map(scalars_and_texts, (copy, begun))
    assert {key[1] for key in given.keys() - kept.keys()} == {"randomizations"}
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "reference"}
