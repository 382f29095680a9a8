"""Table 3: kernel machines that fit every training label.

  python launch/table3.py
  python launch/table3.py --rows=mnist_raw --data_dir=DIR
  python launch/table3.py --rows='cifar10_*' --filters=4000 --data_dir=DIR

Rows: sample_raw, sample_gabor, sample_convnet, sample_convnet_ridge (the
embedded 5,000 images, the default), and mnist_raw, mnist_gabor, cifar10_raw,
cifar10_convnet, cifar10_convnet_ridge. All of MNIST takes 15 GB.
"""

from absl import flags
from theory_launching import choose, config_of, finish, run_command

from rethink_keras.terminal import quiet_start

flags.FLAGS.set_default("rows", "sample_*")
_FILTERS = flags.DEFINE_integer(
    "filters", 100, "of the random network; the paper: 32000", lower_bound=1
)


def main() -> None:
    """Runs the rows that the flags choose."""
    config = config_of()
    with quiet_start():
        from rethink_keras.theory import table3
    for name in choose({name: name for name in table3.MACHINES}):
        finish(table3.demonstrate(config, name, _FILTERS.value))


if __name__ == "__main__":
    run_command(main)
