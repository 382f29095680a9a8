"""RESULTS.md says what the committed runs say."""

import pathlib
import re

from rethink_keras.report.page import write_report

ROOT = pathlib.Path(__file__).parents[1]
FIGURES = "docs/results"


def test_results_are_those_of_the_reference_runs(tmp_path):
    """As made by the command at the head of RESULTS.md."""
    write_report(str(ROOT / "tensorboard_logs" / "reference"), str(tmp_path))
    report = (tmp_path / "report.md").read_text()
    written = (ROOT / "RESULTS.md").read_text()
    assert re.sub(r"\]\((?=\w)", f"]({FIGURES}/", report) == written
    for picture in re.findall(r"\]\((\S+\.png)\)", written):
        assert (ROOT / picture).exists()
