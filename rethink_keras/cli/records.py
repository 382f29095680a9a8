"""Output of the commands that write records."""

import shlex
from collections.abc import Mapping

from absl import flags

from rethink_keras.cli.terminal import given_flags


def check(workdir: str) -> None:
    """Checks that records can be written to a directory.

    Args:
      workdir: directory of the records.

    Raises:
      InputError: it cannot be written.
    """
    from rethink_keras.results.records import check_workdir

    check_workdir(workdir)


def changed(*options: flags.FlagHolder) -> dict[str, str]:
    """Returns the values of flags that differ from their defaults."""
    return {
        option.name: (
            "_".join(option.value)
            if isinstance(option.value, list)
            else str(option.value)
        )
        for option in options
        if option.value != option.default
    }


def finish(
    record, command: str, workdir: str, settings: Mapping[str, str]
) -> None:
    """Prints the tables of a record and writes it.

    Args:
      record: the record.
      command: name of the command, which the record repeats with its flags.
      workdir: directory of the records.
      settings: see `Record.under`.
    """
    from rethink_keras.results.records import write_record

    record = record.under(settings)
    arguments = given_flags(without=("data_dir", "workdir"))
    line = shlex.join(["rethink-keras", command, *arguments])
    print(f"{record.title}\n{record.as_markdown()}")
    path = write_record(record, workdir, line)
    print(f"{record.seconds:.0f} s; see {path}\n")
