"""Section 2.2: measures Rademacher complexity and uniform stability.

  rethink-keras complexity
  rethink-keras complexity --rows=stability

Rows: rademacher, stability. Both use at most 1,000 training images.
"""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import choose, config_from_flags, finish


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import complexity
    for table in choose({name: name for name in complexity.TABLES}):
        finish(complexity.demonstrate(config_from_flags(), table), "complexity")


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
