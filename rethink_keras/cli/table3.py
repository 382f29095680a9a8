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

All of MNIST needs 19 GB of memory. With several numbers of filters, each has a
row, and a figure extrapolates the error to the paper's 32,000 filters.
"""

from absl import flags

from rethink_keras.cli.choosing import numbers
from rethink_keras.cli.data_flags import DATASET
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.cli.theory import check, choose, config_from_flags, finish
from rethink_keras.errors import InputError

flags.FLAGS.set_default("rows", "sample_*")
flags.FLAGS["dataset"].help = "not for this command: the rows have their own"
_FILTERS = flags.DEFINE_list(
    "filters",
    "100",
    "filters of the random network: one or more numbers, separated by commas;"
    " the paper uses 32000",
)


def _count(entry: str) -> int:
    if not entry.isdecimal() or int(entry) == 0:
        raise ValueError(entry)
    return int(entry)


def main() -> None:
    """Runs the rows that --rows selects."""
    if DATASET.present:
        raise InputError(
            f"dataset={DATASET.value}: the rows have their own; pass"
            " rows='mnist_*' or rows='cifar10_*'"
        )
    config = config_from_flags()
    filters = numbers(_FILTERS, _count, "whole numbers from 1")
    with quiet_start():
        from rethink_keras.theory import table3
    chosen = choose({name: name for name in table3.MACHINES})
    if _FILTERS.present and not any("convnet" in name for name in chosen):
        raise InputError(
            f"filters={','.join(_FILTERS.value)}: applies to random networks;"
            f" rows={flags.FLAGS.rows} has none; pass rows='*_convnet'"
        )
    check()
    for name in chosen:
        # The name of the record tells all settings.
        finish(table3.demonstrate(config, name, filters), "table3", {})


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
