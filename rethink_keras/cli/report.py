"""Writes the report of all finished runs.

  rethink-keras report
  rethink-keras report --logdir=tensorboard_logs --output=report

Open index.html in the directory of the report.
"""

import os

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.errors import InputError

_LOGDIR = flags.DEFINE_string(
    "logdir", "tensorboard_logs", "directory of finished runs"
)
_OUTPUT = flags.DEFINE_string("output", "report", "directory of the report")


def main() -> None:
    """Writes the report and prints the path of its page."""
    local = "://" not in _LOGDIR.value
    if local:  # before TensorFlow starts, which takes seconds
        _check_exists(os.path.isdir(_LOGDIR.value))
    with quiet_start():
        import tensorflow as tf

        from rethink_keras.report.page import write_report
    if not local:
        _check_exists(tf.io.gfile.isdir(_LOGDIR.value))
    try:
        written = write_report(_LOGDIR.value, _OUTPUT.value)
    except OSError as error:
        raise InputError(
            f"output={_OUTPUT.value}: cannot be written"
            f" ({error.strerror or error}); pass another directory"
        ) from error
    print(written)


def _check_exists(found: bool) -> None:
    """Raises InputError unless the directory of runs was found."""
    if not found:
        raise InputError(
            f"logdir={_LOGDIR.value}: no such directory; pass a directory of"
            " finished runs"
        )


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
