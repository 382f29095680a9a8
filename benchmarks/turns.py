"""Processes that measure in turns: one for each framework.

A worker reads one JSON object a line from standard input, and answers each with
one line. While another worker measures, it waits for input and uses no core.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

_REST_SECONDS = 0.3  # in which threads that spin while they wait fall asleep


class Worker:
    """A process that answers requests; ends when it is closed.

    Args:
      program: path of a program that calls `serve`.
      python: interpreter that runs it.
    """

    def __init__(self, program: str, python: str = sys.executable):
        self._program = program
        self._process = subprocess.Popen(
            [python, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: str, **arguments: Any) -> Any:
        """Sends a request and waits for its answer.

        Raises:
          RuntimeError: the process ended; it has printed its error.
        """
        time.sleep(_REST_SECONDS)
        message = {"request": request, "arguments": arguments}
        requests, answers = self._process.stdin, self._process.stdout
        answer = ""
        if requests is not None and answers is not None:
            with contextlib.suppress(BrokenPipeError):
                print(json.dumps(message), file=requests, flush=True)
                answer = answers.readline()
        if not answer:
            raise RuntimeError(
                f"{request}: {self._program} ended with exit code"
                f" {self._process.wait()}"
            )
        return json.loads(answer)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def serve(answers: Mapping[str, Callable[..., Any]]) -> None:
    """Answers requests from standard input until it is closed.

    Args:
      answers: function for each request; its arguments and result are JSON
        values.
    """
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print to standard output
    for line in sys.stdin:
        message = json.loads(line)
        answer = answers[message["request"]](**message["arguments"])
        print(json.dumps(answer), file=output, flush=True)
