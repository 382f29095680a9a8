"""Table 3: kernel machines that fit every training label.

  python launch/table3.py
  python launch/table3.py --rows=mnist_raw --data_dir=DIR
  python launch/table3.py --rows='cifar10_*' --filters=4000 --data_dir=DIR
  python launch/table3.py --rows='*_convnet' --filters=100,400,1600

Rows: sample_raw, sample_gabor, sample_convnet (the embedded 5,000 images, the
default), and mnist_raw, cifar10_raw (kernels of the first author's width),
mnist_gabor, cifar10_raw_chosen (of a width chosen on held-out images),
cifar10_convnet. All of MNIST takes 17 GB. The random networks are fitted
without a ridge and with one. Several numbers of filters make rows each, and a
figure of the error over them, with a trend that is extrapolated to the paper's
32,000.
"""

from absl import flags
from theory_launching import choose, config_of, finish, run_command

from rethink_keras.errors import InputError
from rethink_keras.terminal import quiet_start

flags.FLAGS.set_default("rows", "sample_*")
_FILTERS = flags.DEFINE_list(
    "filters", "100", "of the random network, one or more; the paper: 32000"
)


def numbers_of_filters() -> list[int]:
    """What --filters lists.

    Raises:
      InputError: it is not a list of different whole numbers from 1.
    """
    words = _FILTERS.value
    numbers = {int(word) for word in words if word.isdecimal()} - {0}
    if not words or len(numbers) < len(words):
        raise InputError(
            f"filters={','.join(words)}: allowed are different whole numbers"
            " from 1, separated by commas, as 100,400,1600"
        )
    return list(numbers)


def main() -> None:
    """Runs the rows that the flags choose."""
    config, filters = config_of(), numbers_of_filters()
    with quiet_start():
        from rethink_keras.theory import table3
    for name in choose({name: name for name in table3.MACHINES}):
        finish(table3.demonstrate(config, name, filters))


if __name__ == "__main__":
    run_command(main)
