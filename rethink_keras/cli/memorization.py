"""Beyond the paper: what networks learn first, forget and memorize.

  rethink-keras memorization
  rethink-keras memorization --dataset=digits --models=400
  rethink-keras memorization --dataset=mnist --data_dir=DIR

For each data set, trains runs on true, partly corrupted and random labels, and
many networks on random subsets of the examples. Compares when examples are
learned and forgotten, and computes a memorization score of each. Prints tables
and writes a record with figures.
"""

import signal

from absl import flags

from rethink_keras.cli.choosing import option_numbers
from rethink_keras.cli.records import changed, check, finish
from rethink_keras.cli.terminal import fail, quiet_start, run_command
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError, InterruptedRunError

_DATASET = flags.DEFINE_list(
    "dataset",
    "digits,cifar10_sample",
    "data sets, separated by commas: digits (scikit-learn's, 8 x 8 pixels), the"
    " embedded sample or TFDS names",
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory (default: TFDS's own)"
)
_TRAIN_EXAMPLES = flags.DEFINE_integer(
    "train_examples",
    1_000,
    "number of training examples of each data set",
    lower_bound=10,
)
_MODELS = flags.DEFINE_integer(
    "models",
    200,
    "number of networks on subsets of the training examples",
    lower_bound=50,
)
_SEEDS = flags.DEFINE_list(
    "seeds", "0,1,2", "two or more random seeds, separated by commas"
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "tensorboard_logs",
    "directory of the records (subdirectory theory/)",
)


def main() -> None:
    """Trains and compares the networks on each data set."""
    seeds = option_numbers(_SEEDS, "seed", int)
    if len(seeds) < 2:
        raise InputError(
            f"seeds={seeds[0]}: must be two or more, whose runs are compared"
        )
    datasets = _DATASET.value or [""]
    for dataset in datasets:
        RunConfig(
            dataset=dataset,
            data_dir=_DATA_DIR.value,
            train_examples=_TRAIN_EXAMPLES.value,
        )
    with quiet_start():
        from rethink_keras.studies import memorization
    data = [
        memorization.load_images(
            dataset, _DATA_DIR.value, _TRAIN_EXAMPLES.value, seeds[0]
        )
        for dataset in datasets
    ]
    check(_WORKDIR.value)
    for images in data:
        try:
            record = memorization.demonstrate(images, _MODELS.value, seeds)
        except (KeyboardInterrupt, InterruptedRunError) as error:
            number = getattr(error, "signal", signal.SIGINT)
            fail(
                "interrupted; the same command trains all data sets again;"
                " --dataset=NAME leaves out those that are recorded",
                code=128 + number,
            )
        settings = changed(_TRAIN_EXAMPLES, _MODELS, _SEEDS)
        finish(record, "memorization", _WORKDIR.value, settings)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__)
