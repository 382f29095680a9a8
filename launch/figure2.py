"""Figure 2: Inception V3 on ImageNet, and small Inception without BatchNorm.

  python launch/figure2.py
  python launch/figure2.py --scale=paper --data_dir=DIR --seeds=0,1,2
  python launch/figure2.py --scale=paper --dry_run

Finished runs under --workdir are skipped.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("figure2a", "figure2b")
