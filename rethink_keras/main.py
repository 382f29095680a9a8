r"""Fits a network to randomized labels or pixels, and says how it generalizes.

python -m rethink_keras.main --randomize=labels
python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

import dataclasses
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from absl import app, flags

from rethink_keras.config import RunConfig, allowed, option_type
from rethink_keras.errors import DivergenceError, InputError
from rethink_keras.terminal import fail, quiet_start

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
        hidden = default is None or default is False
        shown = "" if hidden else f" ({default})"
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
        fail(f"--flagfile: cannot be read: {error}; allowed is a text file")
    except (flags.Error, ValueError) as error:
        message = " ".join(str(error).split()).removeprefix("ERROR:: ")
        fail(_explain(message))
    if len(rest) > 1:
        fail(
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


def main(argv: Sequence[str]) -> None:
    """Runs what the flags ask for."""
    del argv
    try:
        config = config_from_flags()
        with quiet_start():
            from rethink_keras.experiment import run
        run(config, FLAGS.workdir, overwrite=FLAGS.overwrite)
    except InputError as error:
        fail(f"--{error}")
    except DivergenceError as error:
        fail(str(error), code=1)
    except KeyboardInterrupt:
        fail("interrupted; the logs so far are kept", code=130)


if __name__ == "__main__":
    app.run(main, flags_parser=parse_flags)
