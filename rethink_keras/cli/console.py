"""Implements `rethink-keras`: a run, or the command of its first argument."""

import ast
import importlib
import importlib.util
import sys
import textwrap

from rethink_keras.cli.standard_streams import (
    exiting_without_output,
    open_standard_streams,
)
from rethink_keras.cli.terminal import fail
from rethink_keras.config import suggestion

COMMANDS = {
    "randomization-test": "randomization_tests",
    "report": "report",
    "all": "all",
    "table1": "table1",
    "table2": "table2",
    "table3": "table3",
    "table4": "table4",
    "figure1": "figure1",
    "figure2": "figure2",
    "today": "today",
    "theorem1": "theorem1",
    "min-norm": "min_norm",
    "complexity": "complexity",
    "measures": "measures",
    "double-descent": "double_descent",
    "memorization": "memorization",
    "tune": "tune",
}
"""Module of each command in this package. Its docstring is the help text."""

_INTRODUCTION = """Rethinking generalization, in Keras.

  rethink-keras [--FLAG=VALUE ...]          one run; --helpshort lists its flags
  rethink-keras COMMAND [--FLAG=VALUE ...]  COMMAND --help describes a command

Commands:
"""


def main() -> None:
    """Runs the command that the first argument names; without one, a run.

    Imports only the module of that command, since several commands define the
    same flags.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else "-"
    if name in ("--help", "-help", "-h") and len(sys.argv) == 2:
        open_standard_streams()
        with exiting_without_output():
            print(help_of_commands())
        return
    if name.startswith("-"):
        module = "run"
    elif name in COMMANDS:
        module = COMMANDS[name]
        del sys.argv[1]
    else:
        open_standard_streams()
        fail(
            f"{name!r}: must be a command, one of {', '.join(COMMANDS)}, or a"
            f" flag such as --name=value{suggestion(name, COMMANDS)}"
        )
    importlib.import_module(_path_of(module)).start()


def help_of_commands() -> str:
    """Returns the list of commands, each with the first line of its help."""
    lines = (
        textwrap.fill(
            _summary(module),
            width=80,
            initial_indent=f"  {name:19} ",
            subsequent_indent=" " * 22,
        )
        for name, module in COMMANDS.items()
    )
    return _INTRODUCTION + "\n".join(lines)


def _path_of(module: str) -> str:
    return f"{__package__}.{module}"


def _summary(module: str) -> str:
    """Returns the first line of a module's docstring without importing it."""
    spec = importlib.util.find_spec(_path_of(module))
    assert spec is not None
    source = spec.loader.get_source(spec.name)  # type: ignore[union-attr]
    document = ast.get_docstring(ast.parse(source)) or ""
    return document.partition("\n")[0]


if __name__ == "__main__":
    main()
