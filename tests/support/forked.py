"""Runs command lines from standard input, each in a child of one process.

What is wrong with them must be told before TensorFlow, which would take
seconds: the children cannot import it. Prints a JSON list of exit code,
standard output and standard error, as the JSON lists of arguments in order;
the first argument is a script or a module.
"""

import json
import os
import runpy
import signal
import sys
import tempfile

import absl.app
import absl.logging  # noqa: F401

import rethink_keras.cli.terminal  # noqa: F401

SECONDS = 60


def outcome_of(arguments: list[str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            signal.alarm(SECONDS)
            start(arguments)
            sys.exit()
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode(errors="backslashreplace"))
    return os.waitstatus_to_exitcode(status), *texts


def start(arguments: list[str]) -> None:
    """What `python program` or `python -m program` does."""
    sys.modules.update(dict.fromkeys(("keras", "tensorflow")))
    sys.argv = arguments
    program = arguments[0]
    if program.endswith(".py"):
        sys.path.insert(0, os.path.dirname(program))
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    outcomes = [outcome_of(arguments) for arguments in json.load(sys.stdin)]
    json.dump(outcomes, sys.stdout)
