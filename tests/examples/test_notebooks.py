"""The notebooks run, and their outputs are those of what they contain.

The tests execute them with small settings and with their folded solutions;
`tools/notebooks.py` executes them as they are.
"""

import pathlib
import re
import runpy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

ROOT = pathlib.Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "notebooks.py"))
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
SMALL = {
    "randomization_test": {"EPOCHS": 1, "EXAMPLES": 200},
    "rethinking_generalization": {"EPOCHS": 1, "EXAMPLES": 200, "STEPS": 100},
}
SECTIONS = 5


def read(path: pathlib.Path) -> nbformat.NotebookNode:
    return nbformat.read(path, 4)


def code_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_without_a_warning(path):
    notebook = TOOL["with_solutions"](read(path))
    TOOL["execute"](notebook, SMALL[path.stem])
    outputs = [out for cell in code_of(notebook) for out in cell.outputs]
    assert [out.text for out in outputs if out.get("name") == "stderr"] == []


@pytest.mark.quick
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_cells(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert TOOL["problems"](notebook) == []
    assert path.stat().st_size < TOOL["LARGEST"]
    for cell in code_of(notebook):
        if cell.source.rstrip().endswith("plt.show()"):
            shown = [
                o for o in cell.outputs if "image/png" in o.get("data", ())
            ]
            assert len(shown) == 1, cell.source


@pytest.mark.quick
def test_each_section_of_the_lecture_has_an_exercise_with_a_solution():
    text = [
        cell.source
        for cell in read(
            ROOT / "examples/rethinking_generalization.ipynb"
        ).cells
        if cell.cell_type == "markdown"
    ]
    sections = re.split(r"^## \d", "\n".join(text), flags=re.MULTILINE)[1:]
    assert len(sections) == SECTIONS
    for section in sections:
        exercises = section.count("**Exercise.**")
        assert 1 <= exercises == len(TOOL["solutions"](section))


def small_notebook() -> nbformat.NotebookNode:
    cell = new_code_cell(
        "print(12.5)",
        execution_count=1,
        outputs=[new_output("stream", name="stdout", text="12.5\n")],
    )
    text = "It is **12.5 %**.\n\n<details>\n```python\n1 + 1\n```\n</details>"
    notebook = nbformat.v4.new_notebook(cells=[cell, new_markdown_cell(text)])
    notebook.metadata["executed_sources"] = TOOL["sources_of"](notebook)
    return notebook


@pytest.mark.quick
def test_stale_outputs_are_found():
    assert TOOL["problems"](small_notebook()) == []

    changed = small_notebook()
    changed.cells[0].source = "print(13.5)"
    assert "changed since" in TOOL["problems"](changed)[0]

    repeated = small_notebook()
    repeated.cells[0].execution_count = 2
    assert "execution counts are [2]" in TOOL["problems"](repeated)[0]

    loud = small_notebook()
    loud.cells[0].outputs += [new_output("stream", name="stderr", text="oh")]
    assert TOOL["problems"](loud) == ["cell 1: oh"]

    wrong = small_notebook()
    wrong.cells[1].source = "It is **12.6 %**."
    assert "12.6" in TOOL["problems"](wrong)[0]


@pytest.mark.quick
def test_folded_solutions_become_cells():
    cells = TOOL["with_solutions"](small_notebook()).cells
    assert [cell.source for cell in cells][2:] == ["1 + 1\n"]
