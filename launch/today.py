"""Beyond the paper: modern networks and regularizers, and memorization.

  python launch/today.py
  python launch/today.py --rows='resnet_corruption_*'
  python launch/today.py --scale=paper --data_dir=DIR --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("today", "memorization")
