"""The command `report` with a directory in an object store."""

import pytest
import tensorflow as tf
from absl import flags
from absl.testing import flagsaver

from rethink_keras import InputError
from rethink_keras.cli import report
from rethink_keras.report import page


def test_runs_may_be_in_an_object_store(monkeypatch, capsys):
    """TensorFlow's file system in memory takes the place of one."""
    monkeypatch.setattr(page, "write_report", lambda *given: given)
    tf.io.gfile.makedirs("ram://logs")
    with flagsaver.flagsaver():
        flags.FLAGS(["", "--logdir=ram://logs", "--output=here"])
        report.main()
        assert capsys.readouterr().out == "('ram://logs', 'here')\n"
        flags.FLAGS(["", "--logdir=ram://none"])
        with pytest.raises(InputError, match="logdir=ram://none: no such"):
            report.main()
