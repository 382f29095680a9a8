"""Table 2: Inception V3 on ImageNet, true and random labels.

  python launch/table2.py
  python launch/table2.py --scale=paper --data_dir=DIR --jobs=8
  python launch/table2.py --scale=paper --dry_run

On the sample, images of CIFAR-10 take the place of ImageNet's, resized to 75x75
and for 3 epochs: everything runs, and no number compares to the paper's.

Finished runs are skipped, wherever under --workdir they lie.
"""

from rethink_keras.cli.experiments import launch

if __name__ == "__main__":
    launch("table2")
