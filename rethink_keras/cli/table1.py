"""Table 1: true and random labels, with and without regularizers.

  rethink-keras table1
  rethink-keras table1 --scale=paper --data_dir=DIR --seeds=0,1,2
  rethink-keras table1 --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__, "table1")
