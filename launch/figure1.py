"""Figures 1a, 1b and 1c: fitting over steps and label corruption.

  python launch/figure1.py
  python launch/figure1.py --scale=paper --data_dir=DIR --seeds=0,1,2
  python launch/figure1.py --scale=paper --dry_run

Finished runs are skipped, wherever under --workdir they lie.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("figure1a", "figure1b", "figure1c")
