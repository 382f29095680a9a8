"""Theorem 1: a network with 2n + d weights memorizes without training.

  python launch/theorem1.py
  python launch/theorem1.py --dataset=cifar10 --data_dir=DIR
  python launch/theorem1.py --rows='*_2'

Rows: depth_2 (Theorem 1), depth_5, depth_17, depth_65 (Corollary 1).
"""

from rethink_keras.cli import theorem1

if __name__ == "__main__":
    theorem1.start()
