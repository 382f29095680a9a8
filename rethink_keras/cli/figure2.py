"""Figure 2: Inception V3 on ImageNet, and BatchNorm in the small Inception.

  rethink-keras figure2
  rethink-keras figure2 --scale=paper --data_dir=DIR --seeds=0,1,2
  rethink-keras figure2 --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__, "figure2a", "figure2b")
