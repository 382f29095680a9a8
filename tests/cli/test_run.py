"""The command line of a run: one-line errors, help and flagfiles."""

import sys

import pytest

from rethink_keras import RunConfig
from tests.support.processes import finish, finish_forked

MAIN = "rethink_keras.main"


def main(*arguments, cwd):
    return finish([sys.executable, "-m", MAIN, *arguments], cwd=cwd)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--dataset=nosuchdata"], "--dataset=nosuchdata"),
        (["--train_examples=6000"], "--train_examples=6000"),
        (["--workdir=/dev/null/logs"], "--workdir=/dev/null/logs"),
    ],
)
def test_an_invalid_command_line_is_reported_in_one_line(
    arguments, named, tmp_path
):
    done = finish_forked(MAIN, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flag", ["--help", "--helpshort"])
def test_help_fits_a_screen(flag, tmp_path):
    done = main(flag, cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) <= 42
    assert max(map(len, lines)) <= 80
    for option in (*RunConfig.__dataclass_fields__, "workdir", "resume"):
        assert f"--{option}" in done.stdout


def test_a_run_prints_its_progress_and_repeats_from_its_flagfile(tmp_path):
    arguments = [
        "--randomize=labels",
        "--label_corruption=0.25",
        "--random_crop",
        "--train_examples=20",
        "--epochs=2",
        "--seed=5",
        "--learning_rate=0.01",
    ]
    done = main(*arguments, "--workdir=first", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "20 training and 1,000 test images" in lines[0]
    assert "1,209,866 parameters" in done.stdout
    assert sum(line.startswith("epoch") for line in lines) == 2
    assert "training accuracy" in lines[-1]
    assert "test accuracy" in lines[-1]
    assert "tensorboard --logdir" in lines[-1]
    again = finish_forked(
        MAIN, "--flagfile=first/flags.txt", "--workdir=second", cwd=tmp_path
    )
    assert again.returncode == 0
    configs = [
        (tmp_path / name / "config.json").read_text()
        for name in ("first", "second")
    ]
    assert configs[0] == configs[1]


def test_divergence_is_reported_in_one_line(tmp_path):
    wrong = ("--learning_rate=1e6", "--train_examples=200")
    done = finish_forked(MAIN, *wrong, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "at step" in done.stderr
