"""README and docs: commands parse, code runs, links and numbers are right."""

import ast
import configparser
import json
import pathlib
import re
import runpy
import shlex
import subprocess
import sys

import pytest

import rethink_keras
from rethink_keras.config import MODELS

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = ROOT / "README.md"
MODELS_PAGE = ROOT / "docs" / "models.md"
CONTRIBUTING = ROOT / "docs" / "contributing.md"
TOOL = runpy.run_path(str(ROOT / "tools" / "readme.py"))
MARKERS = re.compile(r"[a-z]+")


def name_of(page: pathlib.Path) -> str:
    return str(page.relative_to(ROOT))


def blocks_of(page: pathlib.Path, language: str) -> list:
    blocks = TOOL["find_blocks"](page.read_text())
    return [block for block in blocks if block.language == language]


def with_blocks(language: str) -> list[pathlib.Path]:
    return [page for page in PAGES if blocks_of(page, language)]


def commands_of(page: pathlib.Path) -> list[list[str]]:
    """The commands of a page's shell blocks, each as words."""
    commands = []
    for block in blocks_of(page, "sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words: list[str] = []
            for word in [*shlex.split(line, comments=True), "&&"]:
                if word != "&&":
                    words.append(word)
                elif words:
                    commands.append(words)
                    words = []
    return commands


def tables_of(page: str) -> list[list[list[str]]]:
    """The tables of a Markdown page: rows of cells, the header first."""
    tables = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    return [
        [
            [cell.strip() for cell in row.strip("|").split(" | ")]
            for row in table.splitlines()
            if not row.startswith("|---")
        ]
        for table in tables
    ]


# Code blocks


@pytest.mark.quick
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_blocks_are_of_a_kind_that_is_tested(page):
    text = page.read_text()
    blocks = TOOL["find_blocks"](text)
    assert 2 * len(blocks) == len(re.findall(r"^ *```", text, re.MULTILINE))
    assert {block.language for block in blocks} <= {"sh", "python", "text"}
    prose = re.sub(
        r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE
    )
    marks = re.findall(r"<!-- not run: .+ -->", prose)
    assert len(marks) == sum(block.reason is not None for block in blocks)


@pytest.mark.parametrize("page", with_blocks("sh"), ids=name_of)
def test_commands_parse(page, pytestconfig):
    markers = {
        marker.partition(":")[0] for marker in pytestconfig.getini("markers")
    }
    programs = []
    for words in commands_of(page):
        while re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        name, *arguments = words
        name = name.removeprefix(".venv/bin/")
        if name in ("python", "python3"):
            if arguments[:2] != ["-m", "venv"]:
                programs.append(arguments[arguments[0] == "-m" :])
        elif name == "pip":
            assert set(extras_of(arguments)) <= declared_extras()
        elif name == "pytest" and arguments:
            flag, expression = arguments
            used = set(MARKERS.findall(expression)) - {"and", "or", "not"}
            assert flag == "-m"
            assert used <= markers, expression
        elif name == "tensorboard":
            flag, folder = arguments
            assert flag == "--logdir"
            root = folder.removesuffix("/runs")  # made by the first run
            assert (ROOT / root).is_dir()
        elif name == "rethink-keras":
            programs.append(["rethink_keras.cli.console", *arguments])
        elif name.startswith("tools/"):
            assert (ROOT / name).is_file()
        else:
            known = {".", "cd", "git", "jupyter", "mkdocs", "mypy", "pytest"}
            known |= {"ruff"}
            assert name in known, shlex.join(words)
    for program, error in zip(programs, parse(programs), strict=True):
        assert error is None, f"{shlex.join(program)}: {error}"


def parse(programs: list[list[str]]) -> list[str | None]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.parse_only"],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return json.loads(done.stdout)


def extras_of(arguments: list[str]) -> list[str]:
    found = re.search(r"\[(.+)\]", shlex.join(arguments))
    return found[1].split(",") if found else []


def declared_extras() -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return set(setup["options.extras_require"])


@pytest.mark.quick
def test_wrong_commands_are_found():
    wrong = [
        ["rethink_keras.main", "--sead=1"],
        ["rethink_keras.main", "--model=mlp_1x512", "--batch_norm"],
        ["launch/table1.py", "--scale=huge"],
        ["launch/table9.py"],
    ]
    assert all(parse(wrong))
    assert parse([["rethink_keras.main", "--seed=1"]]) == [None]


@pytest.mark.parametrize("page", with_blocks("python"), ids=name_of)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    """The blocks of a page share their variables."""
    monkeypatch.chdir(tmp_path)
    variables: dict = {"__name__": "docs"}
    for block in blocks_of(page, "python"):
        if block.reason is None:
            lines = "\n" * (block.line - 1) + block.text
            exec(compile(lines, page, "exec"), variables)
    if page == CONTRIBUTING:
        model = variables["small_cnn"]()
        stated = re.search(r"([\d,]+) parameters", page.read_text())
        assert f"{model.count_params():,}" == stated[1]


@pytest.mark.quick
def test_the_readme_script_leaves_out_marked_blocks():
    page = (
        "```sh\nclone REPOSITORY_URL\n```\n"
        "<!-- not run: slow -->\n```sh\nrest\n```\n"
        "1. step\n\n    ```sh\n    last\n    ```\n"
    )
    lines = TOOL["make_script"](page, "a b").splitlines()
    assert lines == [
        "set -euo pipefail",
        "echo '== line 2'",
        "clone 'a b'",
        "echo '== line 6: not run: slow'",
        "echo '== line 11'",
        "last",
    ]


# README


@pytest.mark.quick
def test_readme_fits_150_lines():
    assert len(README.read_text().splitlines()) <= 150


@pytest.mark.quick
def test_the_test_command_is_one_line():
    """As .ci/run takes it from the README."""
    lines = [
        line
        for line in README.read_text().splitlines()
        if re.search(r"pip install.*\[test\]", line)
    ]
    assert lines == [
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]'"
        " && .venv/bin/pytest"
    ]


@pytest.mark.quick
def test_readme_numbers_are_those_of_results():
    header, *rows = tables_of(README.read_text())[0]
    assert header[0] == "row"
    results = (ROOT / "RESULTS.md").read_text()
    table1 = results.partition("\n## Table 1")[2]
    full = table1.partition("\n### Full data set")[2]
    names, *measured = tables_of(full)[0]
    columns = [
        names.index(name)
        for name in ("train: paper", "ours", "test: paper", "min")
    ]
    paper_train, train, paper_test, minutes = columns
    test = train + names[train + 1 :].index("ours") + 1
    ours = {
        re.search(r"\(flags/table1/(\w+)\.txt\)", row[0])[1]: row
        for row in measured
    }
    assert rows
    for link, *numbers in rows:
        name = re.fullmatch(r"\[(\w+)\]\(flags/table1/\1\.txt\)", link)[1]
        order = (paper_train, paper_test, train, test, minutes)
        assert numbers == [ours[name][index] for index in order], name


# Pages


@pytest.mark.quick
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_pictures_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for link in links:
        if not re.match(r"https?:|#", link):
            target = page.parent / link.partition("#")[0]
            assert target.exists(), link


@pytest.mark.quick
def test_the_table_of_networks_agrees_with_the_registry():
    header, *rows = tables_of(MODELS_PAGE.read_text())[0]
    assert header[0] == "`--model`"
    table = {row[0].strip("`"): row[1:5] for row in rows}
    assert {"small_inception", "small_vit"} <= set(table) <= set(MODELS)
    for name, (parameters, *defaults) in table.items():
        entry = MODELS[name]
        expected = (entry.learning_rate, entry.epochs, entry.batch_size)
        assert [float(text) for text in defaults] == list(expected)
        assert parameters in entry.load().__doc__


@pytest.mark.quick
def test_every_package_has_an_api_page():
    package = pathlib.Path(rethink_keras.__file__).parent
    names = {path.parent.name for path in package.glob("*/__init__.py")}
    pages = {path.stem for path in (ROOT / "docs" / "api").glob("*.md")}
    assert pages == names | {"index"}


@pytest.mark.quick
def test_one_version():
    version = rethink_keras.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()
    tree = ast.parse((ROOT / "rethink_keras" / "__init__.py").read_text())
    literal = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__version__"
    ]
    assert literal == [version], "setuptools reads it without importing"


def test_the_site_builds_strictly(tmp_path):
    pytest.importorskip("mkdocs", reason="needs the extra [docs]")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-s", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "api" / "index.html").read_text()
    assert 'id="rethink_keras.runs.run.run"' in page
    page = (tmp_path / "all_results.html").read_text()
    folded = re.findall(r"<details>.*?</details>", page, flags=re.DOTALL)
    assert len(folded) > 5
    assert not any("\n|---" in text for text in folded)
    assert all("<table" in t or "<ul" in t or "<code" in t for t in folded)
