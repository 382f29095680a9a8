"""The command of launch/table3.py."""

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_of, finish
from rethink_keras.errors import InputError

flags.FLAGS.set_default("rows", "sample_*")
_FILTERS = flags.DEFINE_list(
    "filters", "100", "of the random network, one or more; the paper: 32000"
)


def numbers_of_filters() -> list[int]:
    """What --filters lists.

    Raises:
      InputError: it is not a list of different whole numbers from 1.
    """
    words = _FILTERS.value
    numbers = {int(word) for word in words if word.isdecimal()} - {0}
    if not words or len(numbers) < len(words):
        raise InputError(
            f"filters={','.join(words)}: allowed are different whole numbers"
            " from 1, separated by commas, as 100,400,1600"
        )
    return list(numbers)


def main() -> None:
    """Runs the rows that the flags choose."""
    config, filters = config_of(), numbers_of_filters()
    with quiet_start():
        from rethink_keras.theory import table3
    for name in choose({name: name for name in table3.MACHINES}):
        finish(table3.demonstrate(config, name, filters))


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main)
