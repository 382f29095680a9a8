"""Runs many command lines, each in a forked child of one process.

Command lines must be checked before TensorFlow is imported, which takes
seconds. The children therefore cannot import it.

Reads a JSON list of command lines from standard input; each is a list whose
first word is a script or a module. Prints a JSON list of (exit code, standard
output, standard error) in the same order.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import sys
import tempfile
import traceback
from typing import NoReturn

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
            sys.modules.update(dict.fromkeys(("keras", "tensorflow")))
            run_and_exit(arguments)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode(errors="backslashreplace"))
    return os.waitstatus_to_exitcode(status), *texts


def run_and_exit(arguments: list[str]) -> NoReturn:
    """Runs a program; exits without the seconds of freeing all modules."""
    code = 0
    try:
        run_program(arguments)
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run_program(arguments: list[str]) -> None:
    """Runs a program like `python program` or `python -m program`."""
    sys.argv = arguments
    program = arguments[0]
    if program.endswith(".py"):
        sys.path.insert(0, os.path.dirname(program))
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    gc.freeze()  # a collection in a child would copy the pages
    outcomes = [outcome_of(arguments) for arguments in json.load(sys.stdin)]
    json.dump(outcomes, sys.stdout)
