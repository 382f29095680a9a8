"""Beyond the paper: measures of generalization against the true gap.

  rethink-keras measures
  rethink-keras measures --dataset=cifar10 --data_dir=DIR --sizes=50000

Trains one network to about 100 % training accuracy over label corruption and
training size, and computes every measure of rethink_keras.measures. Finished
runs are not repeated. Prints tables and writes a record with figures.
"""

from absl import flags

from rethink_keras.cli.choosing import option_numbers
from rethink_keras.cli.data_flags import DATA_DIR, DATASET
from rethink_keras.cli.records import changed, check, finish
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import RunConfig

_MODEL = flags.DEFINE_string(
    "model", "mlp_1x512", "network of Dense, Conv2D, BatchNorm and ReLU"
)
_CORRUPTIONS = flags.DEFINE_list(
    "corruptions",
    "0,0.25,0.5,0.75,1",
    "levels of label corruption, from 0 to 1, separated by commas",
)
_SIZES = flags.DEFINE_list(
    "sizes",
    "500,1000,2000,4000",
    "numbers of training examples, separated by commas",
)
_SEEDS = flags.DEFINE_list(
    "seeds", "0,1,2", "random seeds, separated by commas"
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "tensorboard_logs",
    "directory of the runs and of the record (subdirectory theory/)",
)


def main() -> None:
    """Trains and measures the networks that the flags describe."""
    base = RunConfig(
        dataset=DATASET.value, data_dir=DATA_DIR.value, model=_MODEL.value
    )
    grid = (
        option_numbers(_CORRUPTIONS, "label_corruption", float),
        option_numbers(_SIZES, "train_examples", int),
        option_numbers(_SEEDS, "seed", int),
    )
    with quiet_start():
        from rethink_keras.studies import measures
    configs = measures.grid(base, *grid)
    check(_WORKDIR.value)
    record = measures.demonstrate(configs, _WORKDIR.value)
    settings = changed(_CORRUPTIONS, _SIZES, _SEEDS)
    finish(record, "measures", _WORKDIR.value, settings)


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__, resumes=True)
