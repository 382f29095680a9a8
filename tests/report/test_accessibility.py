"""The report as axe-core sees it, in Chromium."""

import html
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from rethink_keras.report.page import write_report
from tests.support.finished import row_of, write_result

ROOT = pathlib.Path(__file__).parents[2]
_RUN = """
document.querySelectorAll("details").forEach((d) => { d.open = true; });
axe.run().then((results) => {
  const found = results.violations.map(
    (v) => [v.impact, v.id, v.nodes[0].html]);
  document.body.textContent = "AXE" + JSON.stringify(found) + "END";
});
"""


def axe() -> pathlib.Path | None:
    """Returns axe-core's script, from the npm packages within reach."""
    folders = [str(ROOT / "node_modules"), os.environ.get("NODE_PATH", "")]
    if npm := shutil.which("npm"):
        command = [npm, "root", "--global"]
        found = subprocess.run(command, capture_output=True, text=True)
        folders.append(found.stdout.strip())
    paths = [pathlib.Path(f) / "axe-core" / "axe.min.js" for f in folders]
    return next((path for path in paths if path.is_file()), None)


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def violations(page: pathlib.Path, *options: str) -> list[list[str]]:
    """Runs axe-core on a page.

    Returns:
      Impact, rule and first element of each violation.
    """
    script = axe()
    browser = chromium()
    if script is None or browser is None:
        pytest.skip("needs Chromium and axe-core (npm install axe-core)")
    text = page.read_text().replace(
        "</body>",
        f"<script>{script.read_text()}</script><script>{_RUN}</script></body>",
    )
    copy = page.with_name("axe.html")
    copy.write_text(text)
    shown = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--virtual-time-budget=60000", *options, copy.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout
    (found,) = re.findall(r"AXE(\[.*\])END", shown, flags=re.DOTALL)
    return json.loads(html.unescape(found))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_report_has_no_serious_violation(theme, tmp_path):
    logs = tmp_path / "logs"
    for name in ("mlp_1x512", "mlp_1x512_random_labels"):
        write_result(logs, row_of("table1", name, "sample"))
    write_result(logs, row_of("figure1b", "mlp_1x512_0.5"))
    page = pathlib.Path(write_report(str(logs), str(tmp_path / "report")))
    scheme = {"light": 1, "dark": 0}[theme]
    found = violations(page, f"--blink-settings=preferredColorScheme={scheme}")
    assert not [one for one in found if one[0] in ("serious", "critical")]
