"""Figure 1: training loss, and the effects of label corruption.

  python launch/figure1.py
  python launch/figure1.py --scale=paper --data_dir=DIR --seeds=0,1,2
  python launch/figure1.py --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("figure1a", "figure1b", "figure1c")
