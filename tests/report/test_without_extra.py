"""The report and the tables need no package of the extra `theory`."""

import subprocess
import sys

PROGRAM = """
import sys
sys.modules["skimage"] = sys.modules["sklearn"] = None
import rethink_keras.report.page, rethink_keras.cli.report
import rethink_keras.experiments, rethink_keras.theory.theorem1
"""


def test_the_report_is_imported_without_scikit():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
