"""Table 2: Inception V3 on ImageNet, true and random labels.

  rethink-keras table2
  rethink-keras table2 --scale=paper --data_dir=DIR --jobs=8
  rethink-keras table2 --scale=paper --dry_run

With --scale=sample, runs train for 3 epochs on images of CIFAR-10 instead of
ImageNet, resized to 75x75. This exercises the code, but the numbers cannot be
compared with the paper's.

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch


def start() -> None:
    """Parses the flags and runs the command."""
    launch(__doc__, "table2")
