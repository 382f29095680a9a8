"""Theorem 1: a network with 2n + d weights memorizes without training.

  rethink-keras theorem1
  rethink-keras theorem1 --dataset=cifar10 --data_dir=DIR
  rethink-keras theorem1 --rows='*_2'

Rows: depth_2 (Theorem 1), depth_5, depth_17, depth_65 (Corollary 1).
"""

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import (
    changed_size,
    check,
    choose,
    config_from_flags,
    finish,
)


def main() -> None:
    """Runs the rows that --rows selects."""
    with quiet_start():
        from rethink_keras.theory import theorem1
    depths = {f"depth_{depth}": depth for depth in theorem1.DEPTHS}
    chosen = choose(depths)
    config = config_from_flags(randomize="labels")
    check()
    settings = changed_size()
    if chosen != list(depths.values()):
        settings["depths"] = "_".join(map(str, chosen))
    finish(theorem1.demonstrate(config, chosen), "theorem1", settings)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
