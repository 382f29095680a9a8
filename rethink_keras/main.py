r"""Fits a network to randomized labels or pixels, and says how it generalizes.

python -m rethink_keras.main --randomize=labels
python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

import contextlib
import dataclasses
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from absl import app, flags, logging

from rethink_keras.config import RunConfig, allowed, option_type
from rethink_keras.errors import DivergenceError, InputError

FLAGS = flags.FLAGS
_OPTIONS = {field.name: field for field in dataclasses.fields(RunConfig)}
_DEFINE: dict[type, Any] = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}

for _name, _field in _OPTIONS.items():
    _DEFINE[option_type(_field)](_name, _field.default, _field.metadata["doc"])
flags.DEFINE_string(
    "workdir", None, "where logs go; default: tensorboard_logs/..."
)
flags.DEFINE_boolean("overwrite", False, "run again what has finished")


def config_from_flags() -> RunConfig:
    """The run that the flags ask for."""
    values: dict[str, Any] = {name: FLAGS[name].value for name in _OPTIONS}
    return RunConfig(**values)


def help_text() -> str:
    """Every flag in a line, on one screen."""
    lines = [__doc__.strip(), ""]
    for name in (*_OPTIONS, "workdir", "overwrite"):
        default = FLAGS[name].default
        field = _OPTIONS.get(name)
        choices = field and field.metadata["choices"]
        text = " | ".join(choices) if choices else FLAGS[name].help
        shown = "" if default in (None, False) else f" ({default})"
        lines += _help_lines(name, text + shown)
    lines += _help_lines("flagfile", "file of a flag a line; later flags win")
    return "\n".join(lines)


def _help_lines(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        width=80,
        initial_indent=f"  --{name:19} ",
        subsequent_indent=" " * 24,
    )


def parse_flags(argv: Sequence[str]) -> list[str]:
    """Parses the command line; a wrong one ends the program with one line."""
    asked = {word.lstrip("-") for word in argv[1:] if word.startswith("-")}
    if asked & {"help", "helpshort", "helpfull", "h", "?"}:
        print(help_text())
        sys.exit(0)
    try:
        rest = FLAGS(argv)
    except (OSError, UnicodeError) as error:
        _fail(f"--flagfile: cannot be read: {error}; allowed is a text file")
    except (flags.Error, ValueError) as error:
        message = " ".join(str(error).split()).removeprefix("ERROR:: ")
        _fail(_explain(message))
    if len(rest) > 1:
        _fail(
            f"unexpected argument {rest[1]!r}: only flags are allowed; see"
            " --helpshort"
        )
    return rest


def _explain(message: str) -> str:
    """What absl says of a value that does not parse, with what is allowed."""
    match = re.match(r"flag --(\w+)=(.*?): ", message)
    if match and match[1] in _OPTIONS:
        what = allowed(_OPTIONS[match[1]])
        return f"--{match[1]}={match[2]!r}: allowed is {what}"
    return f"{message}; see --helpshort"


def _fail(message: str, code: int = 2) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


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


def main(argv: Sequence[str]) -> None:
    """Runs what the flags ask for."""
    del argv
    try:
        config = config_from_flags()
        with quiet_start():
            from rethink_keras.experiment import run
        run(config, FLAGS.workdir, overwrite=FLAGS.overwrite)
    except InputError as error:
        _fail(f"--{error}")
    except DivergenceError as error:
        _fail(str(error), code=1)
    except KeyboardInterrupt:
        _fail("interrupted; the logs so far are kept", code=130)


if __name__ == "__main__":
    app.run(main, flags_parser=parse_flags)
