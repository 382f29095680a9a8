r"""Writes the report of all finished runs.

python -m rethink_keras.report --logdir=tensorboard_logs
"""

import pathlib
import sys

from absl import app, flags

from rethink_keras.errors import InputError
from rethink_keras.terminal import (
    fail,
    help_text,
    parse_flags,
    quiet_start,
)

_LOGDIR = flags.DEFINE_string(
    "logdir", "tensorboard_logs", "directory that holds finished runs"
)
_OUTPUT = flags.DEFINE_string("output", "report", "where the report goes")


def main(argv) -> None:
    """Writes the report."""
    del argv
    if not pathlib.Path(_LOGDIR.value).is_dir():
        fail(f"--logdir={_LOGDIR.value}: no such directory; run something")
    with quiet_start():
        from rethink_keras.report.page import write_report
    try:
        print(write_report(_LOGDIR.value, _OUTPUT.value))
    except InputError as error:
        fail(str(error))
    except OSError as error:
        fail(f"--output={_OUTPUT.value}: cannot be written ({error.strerror})")


def parse(argv) -> list[str]:
    """Parses the command line."""
    own = flags.FLAGS.flags_by_module_dict()[sys.argv[0]]
    texts = {flag.name: flag.help for flag in own}
    return parse_flags(argv, lambda: help_text(__doc__, texts))


if __name__ == "__main__":
    app.run(main, flags_parser=parse)
