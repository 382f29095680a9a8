"""The command `report` with a directory in an object store."""

import sys

from tests.support.processes import finish

# TensorFlow's file system in memory takes the place of an object store.
SCRIPT = """
import sys
import tensorflow as tf
from absl import flags
from rethink_keras.cli import report
from rethink_keras.report import page

page.write_report = lambda *given: given
tf.io.gfile.makedirs("ram://logs")
for name in ("logs", "none"):
    flags.FLAGS(["", f"--logdir=ram://{name}", "--output=here"])
    try:
        report.main()
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_runs_may_be_in_an_object_store():
    shown = finish([sys.executable, "-c", SCRIPT]).stdout
    found, missing = shown.splitlines()
    assert found == "('ram://logs', 'here')"
    assert missing.startswith("InputError logdir=ram://none: no such directory")
