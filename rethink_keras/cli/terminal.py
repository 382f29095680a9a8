"""Terminal output of all commands: help, quiet startup and one-line errors."""

import contextlib
import io
import os
import re
import signal
import sys
import tempfile
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NoReturn

from absl import app, flags, logging

from rethink_keras.cli.option_names import with_flags
from rethink_keras.cli.standard_streams import (
    exiting_without_output,
    open_standard_streams,
)
from rethink_keras.config import (
    BACKENDS,
    PRINTABLE,
    RETIRED,
    choices,
    define_options,
    find_flagfile,
    suggestion,
)
from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    LostWorkerError,
)
from rethink_keras.startup import hiding_errors, importing_keras_alone

_HELP = {"help", "helpshort", "helpfull", "h", "?"}
_LONGEST = 600
_EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: os.EX_TEMPFAIL}
_PATHS = {"data_dir", "logdir", "output", "row", "workdir"}


def fail(message: str, code: int = 2) -> NoReturn:
    """Prints one line to standard error and exits."""
    print(f"error: {_one_line(message)}", file=sys.stderr)
    sys.exit(code)


def _one_line(text: str) -> str:
    """Escapes control characters and shortens long texts in the middle."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def help_text(document: str | None, texts: Mapping[str, str]) -> str:
    """Returns a command's help: its docstring, then each flag and default.

    Args:
      document: docstring of the command; None under `python -OO`.
      texts: help text of each flag, by name.
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


def flag_help(flag: flags.Flag) -> str:
    """Returns the help text of a flag, after the values that it lists."""
    option = getattr(flag, "option", None)  # see define_options
    listed = (
        choices(option) if option else getattr(flag.parser, "enum_values", ())
    )
    text = re.sub(r"^<[^>]*>: ", "", str(flag.help))  # absl's list of values
    return f"{', '.join(listed)}: {text}" if listed else text


def _default(name: str) -> str | None:
    """Returns a flag's default as text, or None if it is None or False."""
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
    """Parses a command line; prints one line and exits if it is invalid.

    Args:
      argv: program name and arguments.
      show_help: returns the text that --help and --helpshort print.
      explain: maps absl's error message to one that lists allowed values.

    Returns:
      The program name: positional arguments are rejected.
    """
    requested = {word.lstrip("-") for word in argv[1:] if word.startswith("-")}
    if requested & _HELP:
        print(show_help())
        sys.exit(0)
    argv = _with_found_flagfiles(argv)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            rest = flags.FLAGS(argv)
    except (OSError, UnicodeError, flags.CantOpenFlagFileError) as error:
        reason = str(error).removeprefix("ERROR:: Unable to open flagfile: ")
        fail(f"--flagfile: cannot be read: {reason}; pass a text file")
    except (flags.Error, ValueError) as error:
        message = f"{explain(str(error))}{_suggestion(str(error))}"
        fail(f"{message}; see --helpshort")
    _check_flagfiles(argv, printed.getvalue())
    _check_texts()
    _expand_paths()
    if len(rest) > 1:
        fail(
            f"{rest[1]!r}: must be a flag such as --name=value; see --helpshort"
        )
    return rest


def _with_found_flagfiles(argv: Sequence[str]) -> list[str]:
    """Replaces the names of the package's flagfiles by their paths."""
    words = []
    for before, word in zip(["", *argv], argv, strict=False):
        given = re.fullmatch(r"(--?flagfile=)(.+)", word, re.DOTALL)
        if given:
            word = given[1] + find_flagfile(given[2])
        elif before in ("--flagfile", "-flagfile"):
            word = find_flagfile(word)
        words.append(word)
    return words


def _suggestion(message: str) -> str:
    """Suggests an allowed value, given absl's error about a flag's value."""
    match = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    if not match:
        return ""
    parser = flags.FLAGS[match[1]].parser
    return suggestion(match[2], getattr(parser, "enum_values", ()))


def _check_flagfiles(argv: Sequence[str], printed: str) -> None:
    """Rejects the flagfiles that absl ignores: unnamed and circular ones."""
    if re.search(r"^--?flagfile[=\n]\s*$", "\n".join(argv), re.MULTILINE):
        fail("--flagfile='': empty path; pass a text file; see --helpshort")
    if "circular" in printed:
        path = printed.strip().rpartition("Ignoring flagfile: ")[2]
        fail(f"--flagfile={path}: the file includes itself; remove that line")


def _check_texts() -> None:
    """Rejects empty, multi-line and unprintable values."""
    for name in flags.FLAGS:
        flag = flags.FLAGS[name]
        text = flag.value
        if not flag.present or not isinstance(text, str):
            continue
        if not text or not text.isprintable():
            fail(f"--{name}={text!r}: must be {PRINTABLE}; see --helpshort")


def _expand_paths() -> None:
    """Expands `~`, which shells do not expand in `--flag=~/path`."""
    for name in _PATHS & set(flags.FLAGS):
        flag = flags.FLAGS[name]
        flag.value = flag.value and os.path.expanduser(str(flag.value))


def given_flags(without: Collection[str] = ()) -> list[str]:
    """Returns the flags that the user set, as `--name=value`.

    Includes those from flagfiles.

    Args:
      without: names of flags to omit.
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
    """Runs a program and exits with its code.

    Args:
      main: takes the program name and returns the exit code.
      parse: takes the command line and returns the program name.
    """
    open_standard_streams()
    with exiting_without_output():
        app.run(main, flags_parser=parse)


def run_command(
    main: Callable[[], int | None],
    document: str | None = None,
    *,
    resumes: bool = False,
) -> None:
    """Runs a command, launch script or benchmark and exits with its code.

    Its flags are those of the script and of the modules in this package, and
    the options of runs where it defines them.

    Args:
      main: returns the exit code. Its errors of a run are printed in one line.
      document: text before the flags in the help (default: the docstring of
        the script).
      resumes: whether the same command resumes after Ctrl-C.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        own = [
            flag
            for module, defined in flags.FLAGS.flags_by_module_dict().items()
            if module in (argv[0], define_options.__module__)
            or module.startswith(__package__)
            for flag in defined
            if flag.name not in RETIRED
        ]
        intro = document or sys.modules["__main__"].__doc__

        def show_help() -> str:
            texts = {flag.name: flag_help(flag) for flag in own}
            return help_text(intro, texts)

        return parse_flags(argv, show_help)

    def guarded(argv: Sequence[str]) -> int | None:
        del argv
        with exit_codes(resumes):
            return main()

    start_program(guarded, parse)


@contextlib.contextmanager
def exit_codes(resumes: bool = False) -> Iterator[None]:
    """Context manager that prints errors in one line and exits.

    The codes are 2 for bad input, 1 for a diverged run, 75 for a run that the
    same command resumes, and 130 after Ctrl-C.

    Args:
      resumes: whether the same command resumes after Ctrl-C.
    """
    try:
        yield
    except InputError as error:
        fail(with_flags(error))
    except DivergenceError as error:
        fail(with_flags(error), code=1)
    except InterruptedRunError as error:
        fail(
            f"interrupted: {with_flags(error)}", code=_EXIT_CODES[error.signal]
        )
    except LostWorkerError as error:
        fail(with_flags(error), code=os.EX_TEMPFAIL)
    except KeyboardInterrupt:
        advice = "re-run the same command" + " to resume" * resumes
        fail(f"interrupted; {advice}", code=130)


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Hides the startup messages of TensorFlow's libraries.

    The libraries write to the file descriptor before any logging level
    applies. If startup fails, the hidden messages are shown.

    Raises:
      InputError: no temporary directory is writable, Keras cannot be imported,
        or its backend cannot train.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.set_verbosity(logging.ERROR)
    open_standard_streams()
    _check_temporary_directory()
    with hiding_errors(unless=InputError):
        _check_backend()
        yield


def _check_temporary_directory() -> None:
    """Raises InputError if there is none: TensorFlow would not start."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        given = os.environ.get("TMPDIR", "")
        raise InputError(
            f"TMPDIR={given}: no temporary directory is writable; set TMPDIR to"
            " a writable directory"
        ) from error


def _check_backend() -> None:
    """Raises InputError unless Keras has a backend that can train."""
    try:
        with importing_keras_alone():
            import keras

        problem = f"{keras.backend.backend()} cannot train"
        if keras.backend.backend() in BACKENDS:
            return
    except (ImportError, ValueError) as error:
        problem = f"Keras cannot be imported ({error})"
    given = os.environ.get("KERAS_BACKEND", "")
    raise InputError(
        f"KERAS_BACKEND={given}: must be one of {', '.join(BACKENDS)}, and"
        f" installed; {problem}"
    )
