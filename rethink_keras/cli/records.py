"""Output of the commands that write records."""

import shlex

from rethink_keras.cli.terminal import given_flags


def finish(record, command: str, workdir: str) -> None:
    """Prints the tables of a record and writes it.

    Args:
      record: the record.
      command: name of the command, which the record repeats with its flags.
      workdir: directory of the records.
    """
    from rethink_keras.theory.records import write_record

    arguments = given_flags(without=("data_dir", "workdir"))
    line = shlex.join(["rethink-keras", command, *arguments])
    print(f"{record.title}\n{record.as_markdown()}")
    path = write_record(record, workdir, line)
    print(f"{record.seconds:.0f} s; see {path}\n")
