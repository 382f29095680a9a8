"""Runs all tables and figures that consist of training runs.

  python launch/all.py
  python launch/all.py --scale=paper --data_dir=DIR --seeds=0,1,2 --rows='mlp*'
  python launch/all.py --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch()
