"""The console command: its list of commands, their help, and flagfiles."""

import ast
import json
import pathlib
import re
import sys

import pytest

from rethink_keras.cli import console
from rethink_keras.cli.terminal import parse_flags
from rethink_keras.config import FLAGS_DIRECTORY, find_flagfile
from tests.support.processes import finish

pytestmark = pytest.mark.quick

ROOT = pathlib.Path(__file__).parents[2]
CONSOLE = "rethink_keras.cli.console"
LAUNCH = {path.stem: path for path in (ROOT / "launch").glob("*.py")}


def outcomes(lines, cwd) -> list[tuple[int, str, str]]:
    """Runs command lines in children that cannot import TensorFlow."""
    done = finish(
        [sys.executable, str(ROOT / "tests" / "support" / "forked.py")],
        cwd=cwd,
        input=json.dumps(lines),
    )
    return [tuple(outcome) for outcome in json.loads(done.stdout)]


def document_of(command: str) -> str:
    module = ROOT / "rethink_keras" / "cli" / f"{console.COMMANDS[command]}.py"
    return ast.get_docstring(ast.parse(module.read_text()))


def test_every_launch_script_is_a_command():
    scripts = {name.replace("_", "-") for name in LAUNCH}
    assert set(console.COMMANDS) - scripts == {"randomization-test", "report"}
    assert scripts <= set(console.COMMANDS)


def test_help_lists_each_command_with_the_first_line_of_its_help(
    capsys, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["rethink-keras", "--help"])
    console.main()
    listed = capsys.readouterr().out
    assert max(map(len, listed.splitlines())) <= 80
    *_, commands = re.sub(r"\n {20,}", " ", listed).partition("Commands:\n")
    assert [line.split(maxsplit=1) for line in commands.splitlines()] == [
        [name, document_of(name).partition("\n")[0]]
        for name in console.COMMANDS
    ]


def test_each_command_and_its_launch_script_print_its_docstring(tmp_path):
    lines = [[CONSOLE, name, "--help"] for name in console.COMMANDS]
    lines += [[str(path), "--help"] for path in LAUNCH.values()]
    names = [*console.COMMANDS, *(n.replace("_", "-") for n in LAUNCH)]
    for name, (code, out, errors) in zip(
        names, outcomes(lines, tmp_path), strict=True
    ):
        assert (code, errors) == (0, ""), name
        assert out.startswith(f"{document_of(name)}\n\n  --"), name
        assert f"\n  rethink-keras {name}" in out


def test_the_help_of_a_randomization_test_lists_the_options_of_runs(tmp_path):
    line = [CONSOLE, "randomization-test", "--help"]
    ((code, out, errors),) = outcomes([line], tmp_path)
    assert (code, errors) == (0, "")
    for flag in ("--model", "--epochs", "--learning_rate", "--kinds"):
        assert f"\n  {flag}" in out
    assert "--batch_norm_momentum" not in out


def test_without_a_command_it_is_a_run(tmp_path):
    run, other = outcomes(
        [[CONSOLE, "--helpshort"], ["rethink_keras.main", "--helpshort"]],
        tmp_path,
    )
    assert run == other
    assert "--randomize" in run[1]


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("tabel1", "; did you mean table1?"),
        ("min_norm", "; did you mean min-norm?"),
        ("", ""),
        ("a\n\x1b[31m", ""),
    ],
)
def test_an_unknown_command_is_reported_in_one_line(
    word, suggestion, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["rethink-keras", word, "--seed=1"])
    with pytest.raises(SystemExit) as exited:
        console.main()
    out, errors = capsys.readouterr()
    assert (exited.value.code, out) == (2, "")
    assert errors == (
        f"error: {word!r}: must be a command, one of"
        f" {', '.join(console.COMMANDS)}, or a flag such as"
        f" --name=value{suggestion}\n"
    )


# Flagfiles of the package


def test_the_package_finds_its_flagfiles_from_any_directory(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    name = "flags/table1/alexnet.txt"
    found = find_flagfile(name)
    assert pathlib.Path(found) == FLAGS_DIRECTORY / "table1" / "alexnet.txt"
    for other in ("flags/table1/missing.txt", "table1/alexnet.txt", "flags"):
        assert find_flagfile(other) == other
    own = tmp_path / name
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_flagfile(name) == name


def test_a_run_and_tuning_take_flagfiles_of_the_package(tmp_path):
    name = "flags/table1/alexnet.txt"
    lines = [
        [CONSOLE, f"--flagfile={name}", "--seed=-1"],
        [CONSOLE, "--flagfile", name, "--seed=-1"],
        [CONSOLE, "tune", f"--row={name}", "--seed=0", "--workdir=x"],
    ]
    first, second, tune = outcomes(lines, tmp_path)
    assert first == second
    assert first[2].startswith("error: --seed=-1: must be")
    # The row was read; the child then fails because Keras is missing.
    assert "Keras cannot be imported" in tune[2]


def test_help_comes_before_flagfiles_are_read(capsys):
    with pytest.raises(SystemExit):
        parse_flags(["x", "--help", "--flagfile=missing"], lambda: "help")
    assert capsys.readouterr().out == "help\n"
