"""Runs all tables and figures that consist of training runs.

  rethink-keras all
  rethink-keras all --scale=paper --data_dir=DIR --seeds=0,1,2 --rows='mlp*'
  rethink-keras all --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__)
