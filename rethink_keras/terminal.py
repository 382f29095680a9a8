"""What every command shows a person: help, a quiet start, one-line errors."""

import contextlib
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

from absl import app, flags, logging

from rethink_keras.errors import InputError

_HELP = {"help", "helpshort", "helpfull", "h", "?"}


def fail(message: str, code: int = 2) -> NoReturn:
    """Ends the program with one line on standard error."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


def help_text(document: str, texts: Mapping[str, str]) -> str:
    """A command's document and its flags, by name: a text and the default."""
    lines = [document.strip(), ""]
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
    try:
        rest = flags.FLAGS(argv)
    except (OSError, UnicodeError) as error:
        fail(f"--flagfile: cannot be read: {error}; allowed is a text file")
    except (flags.Error, ValueError) as error:
        message = " ".join(str(error).split()).removeprefix("ERROR:: ")
        fail(f"{explain(message)}; see --helpshort")
    if len(rest) > 1:
        fail(
            f"unexpected argument {rest[1]!r}: only flags are allowed; see"
            " --helpshort"
        )
    return rest


def run_command(main: Callable[[], int | None], module: str) -> None:
    """Runs a script whose flags its module defines: the script's last line.

    Args:
      main: returns the exit code; its InputErrors end the program with one
        line.
      module: `__name__` of the module that defines the flags.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        by_module = flags.FLAGS.flags_by_module_dict()
        own = by_module[argv[0] if module == "__main__" else module]
        document = str(sys.modules["__main__"].__doc__)
        texts = {flag.name: str(flag.help) for flag in own}
        return parse_flags(argv, lambda: help_text(document, texts))

    def guarded(argv: Sequence[str]) -> int | None:
        del argv
        try:
            return main()
        except InputError as error:
            fail(as_line(error))

    app.run(guarded, flags_parser=parse)


def as_line(error: InputError) -> str:
    """An InputError for a terminal, with options as the flags they are."""
    return re.sub(r"^(?=\w+=)", "--", str(error))


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Hides what TensorFlow's libraries print as they start.

    They write to the file descriptor before any logging level applies. What
    was hidden is shown if the start fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.set_verbosity(logging.ERROR)
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            hidden.seek(0)
            os.write(terminal, hidden.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
