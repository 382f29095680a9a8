"""Section 2.2: measures Rademacher complexity and uniform stability.

  rethink-keras complexity
  rethink-keras complexity --rows=stability

Rows: rademacher, stability. Both use at most 1,000 training images.
"""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import run_tables


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import complexity
    run_tables("complexity", complexity.TABLES, complexity.demonstrate)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
