"""Section 5: descent to minimum-norm solutions, and norms and test error.

  python launch/min_norm.py
  python launch/min_norm.py --rows=descent
  python launch/min_norm.py --rows=norms --dataset=mnist --data_dir=DIR

Rows: descent, interpolants, norms. On all of MNIST, the row norms needs
17 GB of memory and about 16 minutes on 2 CPU cores. Its norms equal those of
the rows mnist_raw and mnist_gabor of Table 3.
"""

from rethink_keras.cli import min_norm

if __name__ == "__main__":
    min_norm.start()
