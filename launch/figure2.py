"""Figure 2b: the small Inception with and without BatchNorm.

  python launch/figure2.py
  python launch/figure2.py --scale=paper --data_dir=DIR --seeds=0,1,2
  python launch/figure2.py --scale=paper --dry_run

Finished runs are skipped, wherever under --workdir they lie.
"""

from launching import launch

if __name__ == "__main__":
    launch("figure2b")
