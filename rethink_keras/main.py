r"""Fits a network to randomized labels or pixels, and says how it generalizes.

python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

import dataclasses
import math
import os
import re
import signal
from collections.abc import Sequence
from typing import Any

from absl import flags

from rethink_keras.config import RETIRED, STRATEGIES, RunConfig
from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    LostWorkerError,
)
from rethink_keras.options import allowed, option_type
from rethink_keras.terminal import (
    as_line,
    fail,
    help_text,
    parse_flags,
    quiet_start,
    start,
)

FLAGS = flags.FLAGS
_OPTIONS = {field.name: field for field in dataclasses.fields(RunConfig)}
_OF_THE_RUN = (
    "workdir",
    "overwrite",
    "resume",
    "checkpoint_minutes",
    "strategy",
    "tpu",
)
_ALLOWED = {
    **{name: allowed(field) for name, field in _OPTIONS.items()},
    "overwrite": "true | false",
    "resume": "auto | never | must",
    "strategy": " | ".join(STRATEGIES),
    "checkpoint_minutes": "a number from 0",
}
_EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: os.EX_TEMPFAIL}
_DEFINE: dict[type, Any] = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}

for _name, _field in _OPTIONS.items():
    _DEFINE[option_type(_field)](_name, _field.default, _field.metadata["doc"])
for _name in RETIRED:
    flags.DEFINE_string(_name, None, "no effect; read from old flagfiles")
flags.DEFINE_string(
    "workdir", None, "where logs go; default: tensorboard_logs/..."
)
flags.DEFINE_boolean("overwrite", False, "run again what has finished")
flags.DEFINE_enum(
    "resume", "auto", ["auto", "never", "must"], "go on from a checkpoint"
)
flags.DEFINE_float(
    "checkpoint_minutes",
    10.0,
    "between checkpoints within an epoch",
    lower_bound=0.0,
)
flags.DEFINE_enum("strategy", "auto", STRATEGIES, "devices that train")
flags.DEFINE_string("tpu", None, "name of a TPU, or local")
flags.register_validator("checkpoint_minutes", math.isfinite)


def config_from_flags() -> RunConfig:
    """The run that the flags ask for."""
    values: dict[str, Any] = {name: FLAGS[name].value for name in _OPTIONS}
    return RunConfig(**values)


def help_of_run() -> str:
    """Every flag in a line, on one screen."""
    texts = {}
    for name in (*_OPTIONS, *_OF_THE_RUN):
        field, flag = _OPTIONS.get(name), FLAGS[name]
        choices = (
            field.metadata["choices"]
            if field
            else getattr(flag.parser, "enum_values", ())
        )
        texts[name] = ", ".join(choices) or flag.help
    texts["flagfile"] = "file of a flag a line; later flags win"
    return help_text(__doc__, texts)


def _explain(message: str) -> str:
    """What absl says of a value that does not parse, with what is allowed."""
    match = re.match(r"flag --(\w+)=(.*?): ", message, re.DOTALL)
    if match and match[1] in _ALLOWED:
        return f"--{match[1]}={match[2]!r}: allowed is {_ALLOWED[match[1]]}"
    return message


def parse_run(argv: Sequence[str]) -> list[str]:
    """Parses the command line of a run."""
    return parse_flags(argv, help_of_run, _explain)


def main(argv: Sequence[str]) -> None:
    """Runs what the flags ask for."""
    del argv
    try:
        config = config_from_flags()
        with quiet_start():
            from rethink_keras.experiment import run
        options: dict[str, Any] = {
            name: FLAGS[name].value for name in _OF_THE_RUN
        }
        run(config, **options)
    except InputError as error:
        fail(as_line(error))
    except DivergenceError as error:
        fail(str(error), code=1)
    except InterruptedRunError as error:
        fail(f"interrupted: {error}", code=_EXIT_CODES[error.signal])
    except LostWorkerError as error:
        fail(str(error), code=os.EX_TEMPFAIL)
    except KeyboardInterrupt:
        fail("interrupted; the logs so far are kept", code=130)


if __name__ == "__main__":
    start(main, parse_run)
