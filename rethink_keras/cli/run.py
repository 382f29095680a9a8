r"""Fits a network to randomized labels or pixels, and says how it generalizes.

python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

import dataclasses
import math
import os
import signal
from collections.abc import Sequence
from typing import Any

from absl import flags

from rethink_keras.cli.terminal import (
    as_line,
    fail,
    help_text,
    parse_flags,
    quiet_start,
    start_program,
)
from rethink_keras.config import (
    RETIRED,
    STRATEGIES,
    RunConfig,
    allowed,
    choices,
    define_options,
    explain,
)
from rethink_keras.errors import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    LostWorkerError,
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

define_options(list(_OPTIONS.values()), RETIRED, FLAGS)
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
        listed = (
            choices(field) if field else getattr(flag.parser, "enum_values", ())
        )
        texts[name] = ", ".join(listed) or flag.help
    texts["flagfile"] = "file of a flag a line; later flags win"
    return help_text(__doc__, texts)


def parse_run(argv: Sequence[str]) -> list[str]:
    """Parses the command line of a run."""
    return parse_flags(
        argv, help_of_run, lambda message: explain(message, _ALLOWED)
    )


def main(argv: Sequence[str]) -> None:
    """Runs what the flags ask for."""
    del argv
    try:
        config = config_from_flags()
        with quiet_start():
            from rethink_keras.runs import run
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


def start() -> None:
    """Parses the flags and runs the command."""
    start_program(main, parse_run)
