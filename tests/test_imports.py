"""Packages import only the layers below them (see docs/architecture.md)."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = "rethink_keras"

BASE = {"errors", "files"}
ALLOWED = {
    "elements": {"errors"},
    "environment": set(),
    "errors": set(),
    "files": {"errors"},
    "graphs": set(),
    "keras_settings": set(),
    "logits": {"errors"},
    "paper": set(),
    "plotting": set(),
    "startup": set(),
    "config": {"errors"},
    "models": {"config", "errors", "keras_settings"},
    "measures": {"elements", "errors", "logits"},
    "memorization": {"elements", "errors"},
    "results": BASE | {"config", "environment"},
}
ALLOWED["data"] = BASE | {"config", "elements", "graphs"}
ALLOWED["randomization"] = ALLOWED["data"] | {"data"}
ALLOWED["pipeline"] = ALLOWED["randomization"] | {"randomization"}
ALLOWED["training"] = ALLOWED["pipeline"] | {"pipeline"}
ALLOWED["runs"] = ALLOWED["training"] | {
    "training",
    "environment",
    "keras_settings",
    "logits",
    "models",
    "results",
}
ALLOWED["theory"] = ALLOWED["runs"] | {"runs", "paper", "plotting"}
ALLOWED["experiments"] = ALLOWED["theory"]
ALLOWED["studies"] = ALLOWED["theory"] | {"theory", "measures", "memorization"}
ALLOWED["report"] = ALLOWED["theory"] | {"experiments", "studies", "theory"}
ALLOWED["cli"] = ALLOWED["report"] | {"report", "runs", "startup"}
ALLOWED["main"] = {"cli"}
"""The parts that the modules of each part may import."""

PUBLIC = {
    "config",
    "errors",
    "experiments",
    "measures",
    "memorization",
    "models",
    "pipeline",
    "randomization",
    "runs",
    "startup",
}
"""The parts that `rethink_keras/__init__.py` may import."""


def modules() -> list[pathlib.Path]:
    return sorted((ROOT / PACKAGE).rglob("*.py"))


def part_of(path: pathlib.Path) -> str:
    return path.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py")


def imported(path: pathlib.Path) -> set[str]:
    """The parts that a module imports, including imports in functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == PACKAGE:
                found.add(rest.partition(".")[0])
    return found - {part_of(path), ""}


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_the_parts_below_it(part):
    for path in modules():
        if part_of(path) != part or path.name == "__main__.py":
            continue
        wrong = imported(path) - ALLOWED[part]
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_every_part_is_listed():
    parts = {part_of(path) for path in modules()} - {"__init__", "__main__"}
    assert parts == set(ALLOWED)
    assert imported(ROOT / PACKAGE / "__init__.py") <= PUBLIC


def test_only_the_command_line_uses_absl_flags():
    for path in modules():
        if part_of(path) not in ("cli", "config", "main"):
            text = path.read_text()
            assert "absl import" not in text, path.relative_to(ROOT)


def test_other_parts_are_imported_by_their_face():
    """A name that a part's `__init__.py` offers is imported from there."""
    faces = {
        init.parent.name: names_offered(init)
        for init in (ROOT / PACKAGE).glob("*/__init__.py")
    }
    wrong = [
        f"{path.relative_to(ROOT)} imports {alias.name} from {node.module}"
        for path in modules()
        if path.parent != ROOT / PACKAGE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module.count(".") == 2
        for alias in node.names
        if (part := node.module.split(".")[1]) != part_of(path)
        and alias.name in faces.get(part, ())
    ]
    assert not wrong, "\n".join(wrong)


def names_offered(init: pathlib.Path) -> list[str]:
    """The value of `__all__` in a package."""
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    return []
