"""Table 3: kernel machines that fit every training label.

  rethink-keras table3
  rethink-keras table3 --rows=mnist_raw --data_dir=DIR
  rethink-keras table3 --rows='cifar10_*' --filters=4000 --data_dir=DIR
  rethink-keras table3 --rows='*_convnet' --filters=100,400,1600

Rows on the embedded 5,000 images (the default): sample_raw, sample_gabor,
sample_convnet.

Rows on full data sets:

  mnist_raw, cifar10_raw           pixels, with the first author's gamma
  mnist_gabor, cifar10_raw_chosen  gamma chosen on held-out training images
  cifar10_convnet                  random network, without and with a ridge

All of MNIST needs 17 GB of memory. With several numbers of filters, each has a
row, and a figure extrapolates the error to the paper's 32,000 filters.
"""

from absl import flags

from rethink_keras.cli.data_flags import DATASET
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import check, choose, config_from_flags, finish
from rethink_keras.errors import InputError

flags.FLAGS.set_default("rows", "sample_*")
_FILTERS = flags.DEFINE_list(
    "filters",
    "100",
    "filters of the random network: one or more numbers, separated by commas;"
    " the paper uses 32000",
)


def parse_filters() -> list[int]:
    """Parses --filters.

    Raises:
      InputError: the value is not a list of distinct whole numbers from 1.
    """
    words = _FILTERS.value
    numbers = {int(word) for word in words if word.isdecimal()} - {0}
    if not words or len(numbers) < len(words):
        raise InputError(
            f"filters={','.join(words)}: must be distinct whole numbers from"
            " 1, separated by commas, such as 100,400,1600"
        )
    return list(numbers)


def main() -> None:
    """Runs the rows that --rows selects."""
    if DATASET.present:
        raise InputError(
            f"dataset={DATASET.value}: the rows have their own; pass"
            " rows='mnist_*' or rows='cifar10_*'"
        )
    config, filters = config_from_flags(), parse_filters()
    with quiet_start():
        from rethink_keras.theory import table3
    chosen = choose({name: name for name in table3.MACHINES})
    check()
    for name in chosen:
        # The name of the record tells all settings.
        finish(table3.demonstrate(config, name, filters), "table3", {})


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
