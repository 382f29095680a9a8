"""Section 5: descent ends at the minimum norm; what norms tell, and do not.

  python launch/min_norm.py
  python launch/min_norm.py --rows=descent
  python launch/min_norm.py --rows=norms --dataset=mnist --data_dir=DIR

Rows: descent, interpolants, norms. On all of MNIST norms take about 16 minutes
of 2 CPU cores and 17 GB, and are those of mnist_raw and mnist_gabor in Table 3.
"""

from rethink_keras.cli import min_norm

if __name__ == "__main__":
    min_norm.start()
