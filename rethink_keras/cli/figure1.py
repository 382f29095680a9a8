"""Figure 1: training loss, and the effects of label corruption.

  rethink-keras figure1
  rethink-keras figure1 --scale=paper --data_dir=DIR --seeds=0,1,2
  rethink-keras figure1 --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__, "figure1a", "figure1b", "figure1c")
