"""Forks runs from a process that has imported TensorFlow.

The import takes longer than most runs of the tests. A forked run is a process
like any other: it has its own environment, output and exit code, and can be
killed. Only its imports are shared, so its messages at startup, and variables
that are read during imports (KERAS_BACKEND), need a process of its own.

`python -m tests.support.warm DESCRIPTOR` serves requests on a socket.
"""

import atexit
import contextlib
import functools
import gc
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NoReturn

from tests.support.forked import run_and_exit

ROOT = pathlib.Path(__file__).parents[2]
SECONDS = 60
"""Time for the server to end after its socket is closed."""


class Forked:
    """A forked process, with the methods of `subprocess.Popen`.

    Args:
      program: path of a script, or name of a module.
      *arguments: command-line arguments.
      cwd: working directory; default: that of this process.
      env: environment; default: that of this process.

    Attributes:
      pid: identifier of the process.
      returncode: exit code, negative after a signal; None while it runs.
      stdout: text file to read its standard output from.
    """

    def __init__(
        self,
        program: str,
        *arguments: str,
        cwd: os.PathLike | str = ".",
        env: Mapping[str, str] | None = None,
    ):
        self.args = (program, *arguments)
        self.returncode: int | None = None
        self._connection, theirs = Pipe()
        reader, writer = os.pipe()
        self.stdout = open(reader, errors="backslashreplace")  # noqa: SIM115
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        descriptors = [theirs.fileno(), writer, self._errors.fileno()]
        socket.send_fds(_server(), [b"-"], descriptors)
        theirs.close()
        os.close(writer)
        environment = dict(os.environ if env is None else env)
        self._connection.send((self.args, os.path.abspath(cwd), environment))
        self.pid: int = self._connection.recv()

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_) -> None:
        self.stdout.close()
        self.wait()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not self._connection.poll(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._connection.recv()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for the end; returns the unread output and all errors."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(timeout or threading.TIMEOUT_MAX, stop)
        timer.daemon = True
        timer.start()
        with self.stdout:
            output = self.stdout.read()
        self.wait()
        timer.cancel()
        if late.is_set():
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        with self._errors:
            self._errors.seek(0)
            return output, self._errors.read()


@functools.cache
def _server() -> socket.socket:
    """Starts the process to fork from; it ends with this process."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            pass_fds=[theirs.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    atexit.register(process.wait, SECONDS)
    atexit.register(ours.close)
    return ours


def serve(requests: socket.socket) -> None:
    """Forks a supervisor for each request, until the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        _, descriptors, *_ = socket.recv_fds(requests, 1, 3)
        if not descriptors:
            return
        if os.fork() == 0:
            requests.close()
            supervise(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def supervise(control: int, output: int, errors: int) -> NoReturn:
    """Forks a run; reports its process identifier and its exit code."""
    connection = Connection(control)
    arguments, directory, environment = connection.recv()
    child = os.fork()
    if child == 0:
        connection.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        for target, descriptor in ((1, output), (2, errors)):
            os.dup2(descriptor, target)
            os.close(descriptor)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        gc.enable()
        run_and_exit(list(arguments))
    os.close(output)
    os.close(errors)
    with contextlib.suppress(BrokenPipeError):
        connection.send(child)
        _, status = os.waitpid(child, 0)
        connection.send(os.waitstatus_to_exitcode(status))
    os._exit(0)


if __name__ == "__main__":
    import tensorflow  # noqa: F401

    import rethink_keras.runs
    import rethink_keras.theory  # noqa: F401

    gc.disable()
    gc.freeze()  # a collection in a child would copy the pages
    serve(socket.socket(fileno=int(sys.argv[1])))
