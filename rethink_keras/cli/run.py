r"""Trains a network on true or randomized data and evaluates it.

python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from absl import flags

from rethink_keras.cli.option_names import flags_in_output
from rethink_keras.cli.terminal import (
    exit_codes,
    flag_help,
    help_text,
    parse_flags,
    quiet_start,
    start_program,
)
from rethink_keras.config import (
    PRINTABLE,
    RESUME,
    RETIRED,
    STRATEGIES,
    RunConfig,
    allowed,
    define_options,
    explain,
)

FLAGS = flags.FLAGS
_OPTIONS = {field.name: field for field in dataclasses.fields(RunConfig)}
_RUN_FLAGS = (
    "workdir",
    "save_model",
    "overwrite",
    "resume",
    "checkpoint_minutes",
    "strategy",
    "tpu",
)
_ALLOWED = {
    **{name: allowed(field) for name, field in _OPTIONS.items()},
    "save_model": "True or False",
    "overwrite": "True or False",
    "resume": f"one of {', '.join(RESUME)}",
    "strategy": f"one of {', '.join(STRATEGIES)}",
    "checkpoint_minutes": "a number from 0",
    "workdir": PRINTABLE,
    "tpu": PRINTABLE,
    "flagfile": "the path of a text file",
}

define_options(list(_OPTIONS.values()), RETIRED, FLAGS)
flags.DEFINE_string(
    "workdir", None, "run directory (default: in tensorboard_logs/runs)"
)
flags.DEFINE_boolean("save_model", True, "write the network to model.keras")
flags.DEFINE_boolean("overwrite", False, "repeat a finished run")
flags.DEFINE_enum(
    "resume",
    "auto",
    RESUME,
    "resume from a checkpoint",
)
flags.DEFINE_float(
    "checkpoint_minutes",
    10.0,
    "minutes between checkpoints within an epoch",
    lower_bound=0.0,
)
flags.DEFINE_enum("strategy", "auto", STRATEGIES, "distribution strategy")
flags.DEFINE_string("tpu", None, "name of a Cloud TPU, or local")
flags.register_validator("checkpoint_minutes", math.isfinite)


def config_from_flags() -> RunConfig:
    """Returns the config that the flags describe."""
    values: dict[str, Any] = {name: FLAGS[name].value for name in _OPTIONS}
    return RunConfig(**values)


def run_help() -> str:
    """Returns the help text: one line per flag."""
    texts = {name: flag_help(FLAGS[name]) for name in (*_OPTIONS, *_RUN_FLAGS)}
    texts["flagfile"] = "text file with one flag per line; later flags override"
    return help_text(__doc__, texts)


def parse_run(argv: Sequence[str]) -> list[str]:
    """Parses the command line of a run."""
    return parse_flags(
        argv, run_help, lambda message: explain(message, _ALLOWED)
    )


def main(argv: Sequence[str]) -> None:
    """Trains one run and turns errors into exit codes."""
    del argv
    with exit_codes():
        config = config_from_flags()
        with quiet_start():
            from rethink_keras.runs import run
        options: dict[str, Any] = {
            name: FLAGS[name].value for name in _RUN_FLAGS
        }
        with flags_in_output():
            run(config, **options)


def start() -> None:
    """Parses the flags and runs the command."""
    start_program(main, parse_run)
