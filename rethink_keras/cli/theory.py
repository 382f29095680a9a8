"""Defines the flags and the output that the commands of the theory share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from absl import flags

from rethink_keras.cli import records
from rethink_keras.cli.choosing import matching
from rethink_keras.cli.data_flags import DATA_DIR, DATASET
from rethink_keras.config import RunConfig

_TRAIN_EXAMPLES = flags.DEFINE_integer(
    "train_examples",
    None,
    "size of a class-balanced training subset (default: all)",
)
_SEED = flags.DEFINE_integer(
    "seed", 0, "random seed of labels and constructions"
)
_ROWS = flags.DEFINE_string("rows", "*", "rows to run, as a file name pattern")
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "tensorboard_logs",
    "directory of the results (subdirectory theory/)",
)

Row = TypeVar("Row")


def config_from_flags(**options) -> RunConfig:
    """Returns a config with the flags' data set and seed."""
    return RunConfig(
        dataset=DATASET.value,
        data_dir=DATA_DIR.value,
        train_examples=_TRAIN_EXAMPLES.value,
        seed=_SEED.value,
        **options,
    )


def choose(rows: Mapping[str, Row]) -> list[Row]:
    """Returns the rows whose names match --rows.

    Raises:
      InputError: no name matches.
    """
    return [rows[name] for name in matching(_ROWS.value, list(rows))]


def check() -> None:
    """Checks that records can be written to --workdir.

    Raises:
      InputError: it cannot be written.
    """
    records.check(_WORKDIR.value)


def changed_size() -> dict[str, str]:
    """Returns --train_examples if it is set, for the name of a record."""
    return records.changed(_TRAIN_EXAMPLES)


def finish(record, command: str, settings: Mapping[str, str]) -> None:
    """Prints the tables of a record and writes it to --workdir.

    Args:
      record: the record.
      command: name of the command, which the record repeats with its flags.
      settings: see `Record.under`.
    """
    records.finish(record, command, _WORKDIR.value, settings)


def run_tables(
    command: str,
    tables: Iterable[str],
    demonstrate: Callable[[RunConfig, str], Any],
) -> None:
    """Computes the tables that --rows selects and writes a record of each.

    Args:
      command: name of the command.
      tables: names of its tables.
      demonstrate: takes the config and a table, and returns its record.
    """
    chosen = choose({name: name for name in tables})
    config = config_from_flags()
    check()
    for table in chosen:
        finish(demonstrate(config, table), command, changed_size())
