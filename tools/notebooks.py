"""Executes the notebooks in examples/ and writes their outputs into them.

  python tools/notebooks.py
  python tools/notebooks.py --names=randomization_test
  python tools/notebooks.py --check

Each notebook runs from start to end in a new kernel and an empty directory,
without its folded solutions. With --check, the notebooks are not executed or
changed; the command fails if one has changed since it was executed. Needs the
extra [test].
"""

import hashlib
import os
import pathlib
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import nbformat
from absl import flags
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

from rethink_keras.cli.terminal import fail, run_command

FOLDER = pathlib.Path(__file__).parents[1] / "examples"
LARGEST = 1_000_000  # bytes of a notebook

_NAMES = flags.DEFINE_list("names", [], "notebooks to execute; default: all")
_CHECK = flags.DEFINE_boolean("check", False, "check the outputs only")


def execute(
    notebook: nbformat.NotebookNode,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Executes a notebook in place, in an empty directory.

    Args:
      notebook: the notebook.
      parameters: values that replace those of the cell with the tag
        `parameters`. They are assigned in a cell of their own after it.

    Raises:
      CellExecutionError: a cell raised an exception.
    """
    if parameters:
        source = "\n".join(f"{k} = {v!r}" for k, v in parameters.items())
        notebook.cells.insert(_parameters(notebook) + 1, new_code_cell(source))
    with (
        tempfile.TemporaryDirectory() as work,
        tempfile.TemporaryDirectory() as ipython,
    ):
        client = NotebookClient(
            notebook,
            timeout=None,
            record_timing=False,
            resources={"metadata": {"path": work}},
            extra_arguments=["--log-level=ERROR"],
        )
        client.log.setLevel("WARNING")
        client.execute(env={**os.environ, "IPYTHONDIR": ipython})
    notebook.metadata["executed_sources"] = sources_of(notebook)


def _parameters(notebook: nbformat.NotebookNode) -> int:
    """Returns the position of the cell with the tag `parameters`."""
    tags = [cell.metadata.get("tags", ()) for cell in notebook.cells]
    return next(i for i, names in enumerate(tags) if "parameters" in names)


def sources_of(notebook: nbformat.NotebookNode) -> str:
    """Returns the SHA-256 of the code cells."""
    code = [c.source for c in notebook.cells if c.cell_type == "code"]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()


def with_solutions(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Returns a copy in which each folded solution is also a code cell."""
    copy = nbformat.from_dict(notebook)
    cells = []
    for cell in copy.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cells += map(new_code_cell, solutions(cell.source))
    copy.cells = cells
    return copy


def solutions(text: str) -> list[str]:
    """Returns the Python blocks in the <details> of a Markdown cell."""
    blocks: list[str] = []
    for details in re.findall(r"<details>.*?</details>", text, re.DOTALL):
        blocks += re.findall(r"^```python\n(.*?)^```$", details, re.M | re.S)
    return blocks


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """Returns why the outputs are not those of one clean execution."""
    found = []
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        found.append(f"the execution counts are {counts}")
    if notebook.metadata.get("executed_sources") != sources_of(notebook):
        found.append("cells have changed since they were executed")
    for cell in code:
        for output in cell.outputs:
            text = output.get("evalue") or output.get("text")
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"cell {cell.execution_count}: {text}")
    stated = numbers_in_bold(notebook) - numbers_printed(notebook)
    if stated:
        found.append(f"the text states {sorted(stated)}, which no cell printed")
    return found


def numbers_in_bold(notebook: nbformat.NotebookNode) -> set[str]:
    """Returns the measured numbers in the text, which are in bold type."""
    text = "\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )
    return set(re.findall(r"\*\*([\d,.]+)(?:\s%)?\*\*", text))


def numbers_printed(notebook: nbformat.NotebookNode) -> set[str]:
    """Returns the numbers in the text outputs of the cells."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            texts.append(output.get("text", ""))
            texts.append(output.get("data", {}).get("text/plain", ""))
    return set(re.findall(r"\d[\d,.]*\d|\d", "\n".join(texts)))


def main() -> int:
    """Executes or checks the notebooks; returns the exit code."""
    names = [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
    for name in _NAMES.value:
        if name not in names:
            fail(f"--names={name}: must be among {', '.join(names)}")
    code = 0
    for name in _NAMES.value or names:
        path = FOLDER / f"{name}.ipynb"
        notebook = nbformat.read(path, 4)
        begun = time.monotonic()
        if not _CHECK.value:
            print(f"{name}: running", flush=True)
            try:
                execute(notebook)
            except CellExecutionError as error:
                print(f"{name}: {error}", file=sys.stderr)
                return 1
            path.write_text(nbformat.writes(notebook) + "\n")
        found = problems(notebook)
        if path.stat().st_size > LARGEST:
            found.append(f"larger than {LARGEST:,} bytes")
        for problem in found:
            print(f"{name}: {problem}", file=sys.stderr)
            code = 1
        if not found:
            minutes = (time.monotonic() - begun) / 60
            print(f"{name}: {'ok' if _CHECK.value else f'{minutes:.1f} min'}")
    return code


if __name__ == "__main__":
    run_command(main)
