"""Section 5: descent ends at the minimum norm; what norms tell, and do not.

  python launch/min_norm.py
  python launch/min_norm.py --rows=descent
  python launch/min_norm.py --rows=norms --dataset=mnist --data_dir=DIR

Rows: descent, interpolants, norms. On all of MNIST norms take about 16 minutes
of 2 CPU cores and 17 GB, and are those of mnist_raw and mnist_gabor in Table 3.
"""

from theory_launching import choose, config_of, finish, run_command

from rethink_keras.terminal import quiet_start


def main() -> None:
    """Runs the rows that the flags choose."""
    with quiet_start():
        from rethink_keras.theory import min_norm
    for table in choose({name: name for name in min_norm.TABLES}):
        finish(min_norm.demonstrate(config_of(), table))


if __name__ == "__main__":
    run_command(main)
