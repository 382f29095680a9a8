"""Implements launch/min_norm.py."""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_from_flags, finish


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import min_norm
    for table in choose({name: name for name in min_norm.TABLES}):
        finish(min_norm.demonstrate(config_from_flags(), table))


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main)
