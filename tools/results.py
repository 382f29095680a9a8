"""Makes RESULTS.md and docs/results/ from the reference runs.

  python tools/results.py
  python tools/results.py --comparisons
  python tools/results.py --check

Reads the finished runs in tensorboard_logs/reference. With --comparisons, also
writes their comparisons with the paper for TensorBoard. With --check, writes
nothing and exits with code 1 if RESULTS.md is stale.
"""

import pathlib
import re
import sys
import tempfile

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command

ROOT = pathlib.Path(__file__).parents[1]
REFERENCE = ROOT / "tensorboard_logs" / "reference"
PAGE = ROOT / "RESULTS.md"
FIGURES = ROOT / "docs" / "results"

_CHECK = flags.DEFINE_boolean("check", False, "only compare; write nothing")
_COMPARISONS = flags.DEFINE_boolean(
    "comparisons", False, "also write the comparisons for TensorBoard"
)


def make_page(
    reference: pathlib.Path = REFERENCE,
) -> tuple[str, dict[str, bytes]]:
    """Makes the page and its figures.

    Args:
      reference: directory that holds the finished runs.

    Returns:
      The text of RESULTS.md, and the PNG files that it shows, by file name.
    """
    with quiet_start():
        from rethink_keras.report.page import write_report
    with tempfile.TemporaryDirectory() as folder:
        write_report(str(reference), folder)
        return page_of(pathlib.Path(folder))


def page_of(folder: pathlib.Path) -> tuple[str, dict[str, bytes]]:
    """Returns what `make_page` does, from the folder of a written report."""
    report = (folder / "report.md").read_text()
    figures = {
        name: (folder / name).read_bytes()
        for name in re.findall(r"\]\(([^)/]+\.png)\)", report)
    }
    report = re.sub(
        r"\]\((?=[^)/]+\.png\))", f"]({links_to_figures()}/", report
    )
    return re.sub(r"\]\([^)]*/flags/", "](flags/", report), figures


def write_comparisons(reference: pathlib.Path = REFERENCE) -> None:
    """Writes the comparison of each table and figure that has runs.

    Args:
      reference: directory that holds the finished runs.
    """
    with quiet_start():
        from rethink_keras.config import SCALES
        from rethink_keras.experiments import TITLES
        from rethink_keras.report.measured import measure
        from rethink_keras.report.page import compare
        from rethink_keras.results import find_diverged, find_runs
    runs, diverged = find_runs(reference), find_diverged(reference)
    for scale in SCALES:
        for name in TITLES:
            if any(row.runs for row in measure(name, scale, runs)):
                compare(str(reference), name, scale, runs, diverged)


def links_to_figures() -> str:
    """Returns the path of the figures as RESULTS.md writes it."""
    return FIGURES.relative_to(ROOT).as_posix()


def main() -> None:
    """Writes the page and its figures, or compares them."""
    page, figures = make_page()
    if _CHECK.value:
        stored = {path.name for path in FIGURES.glob("*.png")}
        if PAGE.read_text() != page or stored != set(figures):
            sys.exit(f"{PAGE.name} is stale: run python tools/results.py")
        return
    if _COMPARISONS.value:
        write_comparisons()
    PAGE.write_text(page)
    FIGURES.mkdir(parents=True, exist_ok=True)
    for path in FIGURES.glob("*.png"):
        if path.name not in figures:
            path.unlink()
    for name, image in figures.items():
        (FIGURES / name).write_bytes(image)
    print(f"{PAGE.name} and {len(figures)} figures in {links_to_figures()}/")


if __name__ == "__main__":
    run_command(main)
