"""The command of launch/theorem1.py."""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_of, finish


def main() -> None:
    """Runs the rows that the flags choose."""
    with quiet_start():
        from rethink_keras.theory import theorem1
    depths = {f"depth_{depth}": depth for depth in theorem1.DEPTHS}
    chosen = choose(depths)
    finish(theorem1.demonstrate(config_of(randomize="labels"), chosen))


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main)
