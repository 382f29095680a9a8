"""Section 2.2: Rademacher complexity and stability, measured.

  python launch/complexity.py
  python launch/complexity.py --rows=stability

Rows: rademacher, stability. On 1,000 training images.
"""

from theory_launching import choose, config_of, finish, run_command

from rethink_keras.terminal import quiet_start


def main() -> None:
    """Runs the rows that the flags choose."""
    with quiet_start():
        from rethink_keras.theory import complexity
    for table in choose({name: name for name in complexity.TABLES}):
        finish(complexity.demonstrate(config_of(), table))


if __name__ == "__main__":
    run_command(main)
