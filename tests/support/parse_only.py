"""Parses the flags of command lines without running the commands.

Reads a JSON list of command lines from standard input: lists of arguments, of
which the first is a script or a module. Each is parsed in a child process.
Prints a JSON list of what went wrong with each, or null.
"""

import dataclasses
import json
import os
import sys
import tempfile

from absl import app, flags

from tests.support.forked import run_program


def parse(main, argv=None, flags_parser=None) -> None:
    """Replaces `absl.app.run`: parses, and builds a run's config."""
    del main, argv
    (flags_parser or flags.FLAGS)(sys.argv)
    if "rethink_keras.main" in sys.argv[0].replace("/", "."):
        from rethink_keras import RunConfig

        names = [field.name for field in dataclasses.fields(RunConfig)]
        RunConfig(**{name: flags.FLAGS[name].value for name in names})


def error_of(arguments: list[str]) -> str | None:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            app.run = parse
            run_program(arguments)
            sys.exit()
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return output.read().decode() or "failed" if status else None


if __name__ == "__main__":
    json.dump([error_of(line) for line in json.load(sys.stdin)], sys.stdout)
