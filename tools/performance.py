"""Makes the training tables of docs/performance.md from recorded benchmarks.

  python tools/performance.py
  python tools/performance.py --check

Each file in benchmarks/results/, written by `benchmarks/training.py --json`,
gives one table. With --check, writes nothing and exits with code 1 if the page
is stale.
"""

import json
import pathlib
import re
import statistics
import sys
from typing import Any

from absl import flags

from rethink_keras.cli.terminal import run_command

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results"

_CHECK = flags.DEFINE_boolean("check", False, "only compare; write nothing")
_BETWEEN = re.compile(
    r"(?<=<!-- made by tools/performance.py -->\n).*?"
    r"(?=<!-- end -->)",
    re.DOTALL,
)
_COLUMNS = (
    "model",
    "precision",
    "images/s",
    "of the ceiling",
    "loop / bare step",
    "loop / Keras fit",
    "loop / PyTorch",
)


def make_page(page: str) -> str:
    """Returns the page with the tables of all recorded benchmarks."""
    tables = [
        table_of(json.loads(path.read_text()))
        for path in sorted(RESULTS.glob("*.json"))
    ]
    return _BETWEEN.sub("\n" + "\n".join(tables) + "\n", page)


def table_of(recorded: dict[str, Any]) -> str:
    """Returns the table of one machine, with a line about it."""
    versions = recorded["versions"]
    torch = recorded.get("PyTorch", {}).get("version", "not installed")
    ceilings: dict[str, float] = {}
    for row in recorded["rows"]:
        fastest = max(row["ceiling"], ceilings.get(row["precision"], 0.0))
        ceilings[row["precision"]] = fastest
    lines = [
        f"{recorded['device']}, {', '.join(recorded['instructions'])};"
        f" TensorFlow {versions['tensorflow']}, Keras {versions['keras']},"
        f" PyTorch {torch}:",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|" + "---|" * len(_COLUMNS),
        *(row_of(row, ceilings[row["precision"]]) for row in recorded["rows"]),
        "",
    ]
    return "\n".join(lines)


def row_of(row: dict[str, Any], ceiling: float) -> str:
    """Returns the row of one network in one precision.

    Args:
      row: what was measured.
      ceiling: operations per second of the run's fastest matrix products in
        this precision.
    """
    speeds = row["speeds"]
    loop = statistics.median(speeds["loop"])
    ratios = [
        _ratio(speeds["loop"], speeds[name]) if name in speeds else ""
        for name in ("bare", "fit", "PyTorch")
    ]
    share = loop * row["flops"] / ceiling
    cells = (
        f"`{row['model']}`",
        row["precision"].removeprefix("mixed_"),
        f"{float(f'{loop:.3g}'):,.0f}",
        f"{share:.0%}",
        *ratios,
    )
    return f"| {' | '.join(cells)} |"


def _ratio(values: list[float], over: list[float]) -> str:
    """Returns the median ratio over rounds, with the least and the largest."""
    ratios = [a / b for a, b in zip(values, over, strict=True)]
    least, largest = min(ratios), max(ratios)
    return f"{statistics.median(ratios):.2f} ({least:.2f} to {largest:.2f})"


def main() -> None:
    """Writes the page, or compares it."""
    page = PAGE.read_text()
    made = make_page(page)
    if _CHECK.value:
        if made != page:
            sys.exit(f"{PAGE.name} is stale: run python tools/performance.py")
        return
    PAGE.write_text(made)


if __name__ == "__main__":
    run_command(main)
