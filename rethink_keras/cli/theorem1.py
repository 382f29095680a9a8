"""Theorem 1: a network of 2n + d weights memorizes without training.

  python launch/theorem1.py
  python launch/theorem1.py --dataset=cifar10 --data_dir=DIR
  python launch/theorem1.py --rows='*_2'

Rows are depths (Corollary 1): depth_2, depth_5, depth_17, depth_65.
"""

from theory_launching import choose, config_of, finish, run_command

from rethink_keras.terminal import quiet_start


def main() -> None:
    """Runs the rows that the flags choose."""
    with quiet_start():
        from rethink_keras.theory import theorem1
    depths = {f"depth_{depth}": depth for depth in theorem1.DEPTHS}
    chosen = choose(depths)
    finish(theorem1.demonstrate(config_of(randomize="labels"), chosen))


if __name__ == "__main__":
    run_command(main)
