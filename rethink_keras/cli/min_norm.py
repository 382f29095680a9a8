"""Section 5: descent to minimum-norm solutions, and norms and test error.

  rethink-keras min-norm
  rethink-keras min-norm --rows=descent
  rethink-keras min-norm --rows=norms --dataset=mnist --data_dir=DIR

Rows: descent, interpolants, norms. On all of MNIST, the row norms needs
19 GB of memory and about 16 minutes on 2 CPU cores. Its norms equal those of
the rows mnist_raw and mnist_gabor of Table 3.
"""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import run_tables


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import min_norm
    run_tables("min-norm", min_norm.TABLES, min_norm.demonstrate)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
