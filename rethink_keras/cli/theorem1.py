"""Implements launch/theorem1.py."""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_from_flags, finish


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import theorem1
    depths = {f"depth_{depth}": depth for depth in theorem1.DEPTHS}
    chosen = choose(depths)
    config = config_from_flags(randomize="labels")
    finish(theorem1.demonstrate(config, chosen))


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main)
