"""Closed and full standard streams, and environments in which Keras fails."""

import os
import sys

import pytest

from tests.support.processes import command_of, finish

HELP = (sys.executable, "-m", "rethink_keras.main", "--help")
TINY = ("--train_examples=20", "--epochs=1")


def in_shell(command, redirection: str, **options):
    """Runs a command with its standard streams redirected by a shell."""
    return finish(
        ["bash", "-c", f'"$@" {redirection}', "bash", *command], **options
    )


def test_a_program_exits_quietly_if_the_pipe_has_no_reader():
    done = in_shell(HELP, "| true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_reported_in_one_line():
    done = in_shell(HELP, "> /dev/full")
    assert (done.returncode, done.stderr) == (
        2,
        "error: standard output cannot be written (No space left on device)\n",
    )


def test_help_needs_no_docstrings():
    done = finish([sys.executable, "-OO", *HELP[1:]])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("  --dataset ")


def test_a_run_needs_no_standard_streams(tmp_path):
    done = in_shell(command_of(tmp_path, *TINY), "<&- >&- 2>&-")
    assert done.returncode == 0
    assert (tmp_path / "result.json").exists()


def test_a_run_works_in_an_ascii_terminal_and_with_legacy_keras(tmp_path):
    done = finish(
        command_of(tmp_path / "übung", *TINY),
        env={
            **os.environ,
            "PYTHONIOENCODING": "ascii",
            "TF_USE_LEGACY_KERAS": "1",
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\\xfcbung'\n")


def test_an_unknown_backend_is_reported_in_one_line(tmp_path):
    done = finish(
        command_of(tmp_path, *TINY),
        env={**os.environ, "KERAS_BACKEND": "pytorch"},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: KERAS_BACKEND=pytorch: must be one of tensorflow, jax, and"
        " installed; Keras cannot be imported (Unable to import backend :"
        " pytorch)\n"
    )
