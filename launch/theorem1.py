"""Theorem 1: a network of 2n + d weights memorizes without training.

  python launch/theorem1.py
  python launch/theorem1.py --dataset=cifar10 --data_dir=DIR
  python launch/theorem1.py --rows='*_2'

Rows are depths (Corollary 1): depth_2, depth_5, depth_17, depth_65.
"""

from rethink_keras.cli import theorem1

if __name__ == "__main__":
    theorem1.start()
