"""What every command shows a person: help, a quiet start, one-line errors."""

import contextlib
import io
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

from absl import app, flags, logging

from rethink_keras.config import PRINTABLE
from rethink_keras.errors import InputError

_HELP = {"help", "helpshort", "helpfull", "h", "?"}
_LONGEST = 600


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
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            rest = flags.FLAGS(argv)
    except (OSError, UnicodeError, flags.CantOpenFlagFileError) as error:
        reason = str(error).removeprefix("ERROR:: Unable to open flagfile: ")
        fail(f"--flagfile: cannot be read: {reason}; allowed is a text file")
    except (flags.Error, ValueError) as error:
        fail(f"{explain(str(error))}; see --helpshort")
    _check_flagfiles(argv, said.getvalue())
    _check_texts()
    if len(rest) > 1:
        fail(
            f"unexpected argument {rest[1]!r}: only flags are allowed; see"
            " --helpshort"
        )
    return rest


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
