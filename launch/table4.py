"""Table 4: random labels with explicit regularizers.

  python launch/table4.py
  python launch/table4.py --scale=paper --data_dir=DIR --seeds=0,1,2
  python launch/table4.py --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("table4")
