"""What every command shows a person: help, a quiet start, one-line errors."""

import contextlib
import io
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NoReturn

from absl import app, flags, logging

from rethink_keras.cli.standard_streams import (
    exiting_without_output,
    hiding_errors,
    open_standard_streams,
)
from rethink_keras.config import PRINTABLE, suggestion
from rethink_keras.errors import InputError

_HELP = {"help", "helpshort", "helpfull", "h", "?"}
_LONGEST = 600
_PATHS = {"data_dir", "logdir", "output", "row", "workdir"}
_BACKENDS = ("tensorflow", "jax")


def fail(message: str, code: int = 2) -> NoReturn:
    """Ends the program with one line on standard error."""
    print(f"error: {_one_line(message)}", file=sys.stderr)
    sys.exit(code)


def _one_line(text: str) -> str:
    """Control characters as escapes, and the middle of a long text left out."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def help_text(document: str | None, texts: Mapping[str, str]) -> str:
    """A command's document and its flags, by name: a text and the default.

    `python -OO` leaves no document.
    """
    lines = [document.strip(), ""] if document else []
    for name, text in texts.items():
        default = _default(name)
        lines += textwrap.wrap(
            f"{text} ({default})" if default else text,
            width=80,
            initial_indent=f"  --{name:19} ",
            subsequent_indent=" " * 24,
        )
    return "\n".join(lines)


def _default(name: str) -> str | None:
    """A flag's default as one would give it; None where it says nothing."""
    if name not in flags.FLAGS:
        return None
    if flags.FLAGS[name].default is None or flags.FLAGS[name].default is False:
        return None
    return str(flags.FLAGS[name].default_as_str).strip("'")


def parse_flags(
    argv: Sequence[str],
    show_help: Callable[[], str],
    explain: Callable[[str], str] = str,
) -> list[str]:
    """Parses a command line; a wrong one ends the program with one line.

    Args:
      argv: program and arguments.
      show_help: makes what --help and --helpshort print.
      explain: from absl's error to one that says what is allowed.

    Returns:
      The program alone: other arguments than flags are refused.
    """
    asked = {word.lstrip("-") for word in argv[1:] if word.startswith("-")}
    if asked & _HELP:
        print(show_help())
        sys.exit(0)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            rest = flags.FLAGS(argv)
    except (OSError, UnicodeError, flags.CantOpenFlagFileError) as error:
        reason = str(error).removeprefix("ERROR:: Unable to open flagfile: ")
        fail(f"--flagfile: cannot be read: {reason}; allowed is a text file")
    except (flags.Error, ValueError) as error:
        said_instead = f"{explain(str(error))}{_suggestion(str(error))}"
        fail(f"{said_instead}; see --helpshort")
    _check_flagfiles(argv, said.getvalue())
    _check_texts()
    _expand_paths()
    if len(rest) > 1:
        fail(
            f"unexpected argument {rest[1]!r}: only flags are allowed; see"
            " --helpshort"
        )
    return rest


def _suggestion(message: str) -> str:
    """For absl's error about a flag's value: what may have been meant."""
    match = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    if not match:
        return ""
    parser = flags.FLAGS[match[1]].parser
    return suggestion(match[2], getattr(parser, "enum_values", ()))


def _check_flagfiles(argv: Sequence[str], said: str) -> None:
    """Refuses the flagfiles that absl passes over: nameless and circular."""
    if re.search(r"^--?flagfile[=\n]\s*$", "\n".join(argv), re.MULTILINE):
        fail("--flagfile='': allowed is a text file; see --helpshort")
    if "circular" in said:
        path = said.strip().rpartition("Ignoring flagfile: ")[2]
        fail(f"--flagfile={path}: includes itself; remove that line of it")


def _check_texts() -> None:
    """Refuses what no name or path of ours is: empty, or of two lines."""
    for name in flags.FLAGS:
        flag = flags.FLAGS[name]
        text = flag.value
        if not flag.present or not isinstance(text, str):
            continue
        if not text or not text.isprintable():
            fail(f"--{name}={text!r}: allowed is {PRINTABLE}; see --helpshort")


def _expand_paths() -> None:
    """Expands `~`, which shells leave alone in `--flag=~/path`."""
    for name in _PATHS & set(flags.FLAGS):
        flag = flags.FLAGS[name]
        flag.value = flag.value and os.path.expanduser(str(flag.value))


def given_flags(without: Collection[str] = ()) -> list[str]:
    """The flags given on the command line and in flagfiles, as `--name=value`.

    Args:
      without: names of flags to leave out.
    """
    return [
        flags.FLAGS[name].serialize()
        for name in flags.FLAGS
        if flags.FLAGS[name].present and name not in without
    ]


def start_program(
    main: Callable[[Sequence[str]], int | None],
    parse: Callable[[Sequence[str]], list[str]],
) -> None:
    """Runs a program and exits: the last line of its module.

    Args:
      main: takes the program's name, returns the exit code.
      parse: takes the command line, returns the program's name.
    """
    open_standard_streams()
    with exiting_without_output():
        app.run(main, flags_parser=parse)


def run_command(main: Callable[[], int | None]) -> None:
    """Runs a script: its last line.

    Its flags are those that the script and the modules of this package define.

    Args:
      main: returns the exit code; its InputErrors end the program with one
        line.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        own = [
            flag
            for module, defined in flags.FLAGS.flags_by_module_dict().items()
            if module == argv[0] or module.startswith(__package__)
            for flag in defined
        ]
        document = sys.modules["__main__"].__doc__
        texts = {flag.name: str(flag.help) for flag in own}
        return parse_flags(argv, lambda: help_text(document, texts))

    def guarded(argv: Sequence[str]) -> int | None:
        del argv
        try:
            return main()
        except InputError as error:
            fail(as_line(error))
        except KeyboardInterrupt:
            fail("interrupted", code=130)

    start_program(guarded, parse)


def as_line(error: InputError) -> str:
    """Formats an InputError for a terminal: `seed=1` becomes `--seed=1`."""

    def dashed(match: re.Match[str]) -> str:
        return f"--{match[1]}" if match[1] in flags.FLAGS else match[1]

    return re.sub(r"(?<![^\s(])(\w+)(?==)", dashed, str(error))


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Hides what TensorFlow's libraries print as they start.

    They write to the file descriptor before any logging level applies. What
    was hidden is shown if the start fails.

    Raises:
      InputError: there is no temporary directory, or Keras does not start or
        runs on a backend that cannot train.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.set_verbosity(logging.ERROR)
    open_standard_streams()
    _check_temporary_directory()
    with hiding_errors(unless=InputError):
        _check_backend()
        yield


def _check_temporary_directory() -> None:
    """Raises InputError where there is none: TensorFlow does not start."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        given = os.environ.get("TMPDIR", "")
        raise InputError(
            f"TMPDIR={given}: no temporary directory can be written; set it to"
            " one that can"
        ) from error


def _check_backend() -> None:
    """Raises InputError unless Keras runs on a backend that can train."""
    try:
        import keras

        problem = f"{keras.backend.backend()} cannot train"
        if keras.backend.backend() in _BACKENDS:
            return
    except (ImportError, ValueError) as error:
        problem = f"Keras cannot be imported ({error})"
    given = os.environ.get("KERAS_BACKEND", "")
    raise InputError(
        f"KERAS_BACKEND={given}: {problem}; allowed are"
        f" {', '.join(_BACKENDS)}, where they are installed"
    )
