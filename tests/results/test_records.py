"""Records of the theory replace only earlier records with equal settings."""

import pytest

from rethink_keras import InputError
from rethink_keras.plotting import as_png, new_axes
from rethink_keras.results.records import (
    Record,
    check_workdir,
    find_records,
    write_record,
)


def record(value: float = 1.0, figures: dict | None = None) -> Record:
    return Record(
        experiment="theorem1",
        name="cifar10_sample",
        title="Theorem 1",
        seed=0,
        tables={"networks": [{"accuracy %": value}]},
        figures=figures or {},
        seconds=1.0,
    )


def values_in(logdir) -> list[float]:
    return [
        found.tables["networks"][0]["accuracy %"]
        for found in find_records(logdir)
    ]


def test_records_under_other_settings_do_not_replace_each_other(tmp_path):
    settings = {"train_examples": "1000", "widths": "_".join(["512"] * 60)}
    for value, under in enumerate(({}, {"widths": "1_4"}, settings)):
        write_record(record(value).under(under), str(tmp_path), "command")
    assert sorted(values_in(tmp_path)) == [0, 1, 2]
    titles = {found.title for found in find_records(tmp_path)}
    assert {"Theorem 1", "Theorem 1 (widths 1 4)"} < titles
    write_record(record(3.0), str(tmp_path), "command")
    assert sorted(values_in(tmp_path)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (record(float("nan")), ValueError),
        (record(2.0, {"figure": b"not a PNG file"}), InputError),
    ],
)
def test_a_record_that_cannot_be_written_keeps_the_earlier_one(
    tmp_path, broken, error
):
    _, axes = new_axes()
    write_record(record(1.0, {"axes": as_png(axes.figure)}), str(tmp_path), "")
    with pytest.raises(error):
        write_record(broken, str(tmp_path), "")
    assert values_in(tmp_path) == [1.0]
    write_record(record(4.0), str(tmp_path), "")
    assert values_in(tmp_path) == [4.0]
    (folder,) = tmp_path.glob("theory/theorem1/cifar10_sample")
    assert [path.name for path in folder.iterdir()] == ["seed=0"]


def test_a_directory_that_cannot_be_written_is_found_at_once(tmp_path):
    check_workdir(str(tmp_path / "new"))
    assert find_records(tmp_path / "new") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"workdir=.*file: cannot be written"):
        check_workdir(str(tmp_path / "file"))
