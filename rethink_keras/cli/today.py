"""Beyond the paper: modern networks and regularizers, and memorization.

  rethink-keras today
  rethink-keras today --rows='resnet_corruption_*'
  rethink-keras today --scale=paper --data_dir=DIR --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__, "today", "memorization")
