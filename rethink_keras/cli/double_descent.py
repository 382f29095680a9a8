"""Beyond the paper: test error over the width of a network (double descent).

  rethink-keras double-descent
  rethink-keras double-descent --widths=1,4,16,64 --seeds=0
  rethink-keras double-descent --dataset=mnist --data_dir=DIR

Trains perceptrons with one hidden layer on 20 % corrupted labels, through the
width that just fits them, and fits random features by least squares of minimum
norm. Prints tables and writes a record with figures.
"""

from absl import flags

from rethink_keras.cli.choosing import numbers, option_numbers
from rethink_keras.cli.data_flags import DATA_DIR, DATASET
from rethink_keras.cli.records import changed, check, finish
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import RunConfig

_TRAIN_EXAMPLES = flags.DEFINE_integer(
    "train_examples",
    None,
    "size of a class-balanced training subset (default: all)",
)
_WIDTHS = flags.DEFINE_list(
    "widths",
    "1,2,4,8,12,16,24,32,48,64,128,256,512",
    "numbers of hidden units, separated by commas",
)
_SEEDS = flags.DEFINE_list(
    "seeds", "0,1,2", "random seeds, separated by commas"
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "tensorboard_logs",
    "directory of the record (subdirectory theory/)",
)
_WIDEST = 2**16


def _width(entry: str) -> int:
    width = int(entry)
    if not 1 <= width <= _WIDEST:
        raise ValueError(entry)
    return width


def main() -> None:
    """Trains and fits the models that the flags describe."""
    base = RunConfig(
        dataset=DATASET.value,
        data_dir=DATA_DIR.value,
        train_examples=_TRAIN_EXAMPLES.value,
    )
    widths = numbers(_WIDTHS, _width, f"whole numbers from 1 to {_WIDEST}")
    seeds = option_numbers(_SEEDS, "seed", int)
    with quiet_start():
        from rethink_keras.studies import double_descent
    config = double_descent.configure(base)
    check(_WORKDIR.value)
    record = double_descent.demonstrate(config, widths, seeds)
    settings = changed(_TRAIN_EXAMPLES, _WIDTHS, _SEEDS)
    finish(record, "double-descent", _WORKDIR.value, settings)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
