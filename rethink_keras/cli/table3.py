"""Implements launch/table3.py."""

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_from_flags, finish
from rethink_keras.errors import InputError

flags.FLAGS.set_default("rows", "sample_*")
_FILTERS = flags.DEFINE_list(
    "filters",
    "100",
    "filters of the random network: one or more numbers, separated by commas;"
    " the paper uses 32000",
)


def parse_filters() -> list[int]:
    """Parses --filters.

    Raises:
      InputError: the value is not a list of distinct whole numbers from 1.
    """
    words = _FILTERS.value
    numbers = {int(word) for word in words if word.isdecimal()} - {0}
    if not words or len(numbers) < len(words):
        raise InputError(
            f"filters={','.join(words)}: must be distinct whole numbers from"
            " 1, separated by commas, such as 100,400,1600"
        )
    return list(numbers)


def main() -> None:
    """Runs the rows that --rows selects."""
    config, filters = config_from_flags(), parse_filters()
    with quiet_start():
        from rethink_keras.theory import table3
    for name in choose({name: name for name in table3.MACHINES}):
        finish(table3.demonstrate(config, name, filters))


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main)
