"""What the package consists of: flagfiles, requirements and extras."""

import ast
import configparser
import importlib
import pathlib
import re
import sys

import pytest

from rethink_keras import InputError
from rethink_keras.config import FLAGS_DIRECTORY
from rethink_keras.theory import features, kernels

pytestmark = pytest.mark.quick

ROOT = pathlib.Path(__file__).parents[1]


def files_of(folder: pathlib.Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.glob("*/*.txt")
    }


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(inline_comment_prefixes="#")
    parser.read(ROOT / "setup.cfg")
    return parser


def requirements(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def test_the_package_holds_the_flagfiles():
    """A clone holds a link to them, an sdist copies."""
    inside = ROOT / "rethink_keras" / "flags"
    assert inside.resolve() == FLAGS_DIRECTORY
    assert files_of(inside) == files_of(ROOT / "flags")
    assert {path.suffix for path in inside.glob("*/*")} == {".txt"}
    if inside.is_symlink():
        assert inside.readlink() == pathlib.Path("../flags")


def test_requirements_without_tensorflow_are_those_of_setup_cfg():
    required = requirements(setup()["options"]["install_requires"])
    (tensorflow,) = (r for r in required if r.startswith("tensorflow>"))
    required.remove(tensorflow)
    path = ROOT / "requirements-without-tensorflow.txt"
    assert requirements(path.read_text()) == required


def imported() -> set[str]:
    """Returns the modules outside the standard library that are imported."""
    names = set()
    for path in (ROOT / "rethink_keras").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module)
    modules = {name.partition(".")[0] for name in names}
    return modules - sys.stdlib_module_names - {"rethink_keras"}


def test_the_package_requires_what_it_imports():
    extras = setup()["options.extras_require"]
    texts = [setup()["options"]["install_requires"], extras["theory"]]
    required = {
        re.split(r"[>\[]", line)[0]
        for line in requirements("\n".join([*texts, extras["jax"]]))
    }
    # Modules of what the named packages require in turn.
    indirect = {
        "array_record": "tensorflow-datasets",
        "markupsafe": "jinja2",
        "pyarrow": "tensorflow-datasets",
    }
    names = {
        "PIL": "pillow",
        "absl": "absl-py",
        "skimage": "scikit-image",
        "sklearn": "scikit-learn",
    } | indirect
    missing = {
        module
        for module in imported()
        if names.get(module, module.replace("_", "-")) not in required
    }
    assert not missing


def test_the_tests_install_what_the_theory_needs():
    extras = setup()["options.extras_require"]
    assert "rethink_keras[theory]" in requirements(extras["test"])


@pytest.mark.parametrize(
    ("missing", "module"),
    [
        ("sklearn", kernels.__name__),
        ("sklearn", "rethink_keras.theory.min_norm"),
        ("sklearn", "rethink_keras.theory.complexity"),
        ("skimage", features.__name__),
    ],
)
def test_a_missing_package_of_the_theory_is_reported(
    missing, module, monkeypatch
):
    for name in list(sys.modules):
        if name == missing or name.startswith(f"{missing}."):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(InputError) as raised:
        importlib.import_module(module)
    assert str(raised.value).startswith(f"{missing}")
    assert str(raised.value).endswith("install rethink_keras[theory]")
