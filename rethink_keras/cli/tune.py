r"""Tunes hyperparameters that the paper leaves open, with keras-tuner.

  rethink-keras tune --row=flags/table1/mlp_1x512_weight_decay.txt \
    --min_train_accuracy=0.998
  rethink-keras tune --row=flags/table1/alexnet_weight_decay.txt \
    --search=weight_decay,dropout --scale=paper --data_dir=DIR

Runs a grid of trials: 7 values of weight_decay or learning_rate, 5 of epochs, 4
of dropout, and all combinations of the options that are searched. Each trial is
evaluated after its last epoch on held-out training images, never on the test
set: --validation_examples of the row (by default 5,000), but at most 500 on the
sample. --min_train_accuracy rejects trials with a lower training accuracy, for
example that of the paper's row. The HParams tab of TensorBoard shows the
trials. Re-run the same command to resume a search; finished trials are not
repeated. --trials stops after the first points of the grid, in its order.
"""

import dataclasses
import pathlib
import shlex

from absl import flags
from etils import epath

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import (
    SAMPLE,
    SCALES,
    RunConfig,
    find_flagfile,
    suggestion,
)
from rethink_keras.errors import InputError

_ROW = flags.DEFINE_string("row", None, "flagfile of the run to tune")
_SEARCH = flags.DEFINE_list(
    "search",
    "weight_decay",
    "hyperparameters to search, separated by commas: weight_decay,"
    " learning_rate, epochs, dropout",
)
_TRIALS = flags.DEFINE_integer(
    "trials", None, "maximum number of trials (default: all)", lower_bound=1
)
_MIN_TRAIN_ACCURACY = flags.DEFINE_float(
    "min_train_accuracy",
    0.0,
    "training accuracy that a choice must reach, such as the paper's",
    lower_bound=0.0,
    upper_bound=1.0,
)
flags.DEFINE_alias("least_train_accuracy", "min_train_accuracy")
_SEED = flags.DEFINE_integer(
    "seed",
    None,
    "random seed of the trials (default: the row's)",
    lower_bound=0,
)
_SCALE = flags.DEFINE_enum(
    "scale",
    "sample",
    SCALES,
    "the embedded 5,000 images, or the row's data set",
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "TFDS directory (default: the row's, or TFDS's own)"
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "tensorboard_logs/tune", "directory of the trials"
)
_HELD_OUT = {"sample": 500, "paper": 5_000}


def row_path() -> pathlib.Path:
    """Returns the path of the row's flagfile."""
    if _ROW.value is None:
        raise InputError(
            "row=: no value; pass a flagfile, such as"
            " flags/table1/alexnet_weight_decay.txt"
        )
    return pathlib.Path(find_flagfile(_ROW.value))


def base_config(row: pathlib.Path) -> RunConfig:
    """Returns the row's config, evaluated on held-out training images."""
    try:
        text = row.read_text()
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"row={row}: cannot be read ({error}); pass a flagfile"
        ) from error
    if _SCALE.value == "sample":
        text += f"\n--dataset={SAMPLE}"
    base = RunConfig.from_flags(text)
    if base.randomize == "labels" and base.label_corruption == 1:
        raise InputError(
            f"row={row}: has random labels, on which no held-out accuracy is"
            " better than chance; pass a row with true labels"
        )
    if base.streams:
        raise InputError(
            f"row={row}: its images stream from disk, so that none can be held"
            " out; pass a row with images in memory"
        )
    held_out = base.validation_examples or _HELD_OUT[_SCALE.value]
    if _SCALE.value == "sample":
        held_out = min(held_out, _HELD_OUT["sample"])
    return dataclasses.replace(
        base,
        data_dir=_DATA_DIR.value or base.data_dir,
        seed=base.seed if _SEED.value is None else _SEED.value,
        validation_examples=held_out,
    )


def main() -> None:
    """Searches hyperparameters and prints the trials, best first."""
    row = row_path()
    config = base_config(row)
    with quiet_start():
        from rethink_keras.experiments import tuning
    unknown = sorted(set(_SEARCH.value) - set(tuning.RANGES))
    if unknown or not _SEARCH.value:
        raise InputError(
            f"search={','.join(_SEARCH.value)}: must be one or more of"
            f" {', '.join(tuning.RANGES)}, separated by commas"
            f"{suggestion(next(iter(unknown), ''), tuning.RANGES)}"
        )
    workdir = epath.Path(_WORKDIR.value) / row.stem
    tuner = tuning.RunTuner(
        config, _SEARCH.value, workdir, _TRIALS.value, _MIN_TRAIN_ACCURACY.value
    )
    ranking = tuner.tune()
    print("\nheld-out  training  hyperparameters, best first")
    for trial in ranking:
        values = ", ".join(
            f"{name}={getattr(trial.config, name):g}" for name in _SEARCH.value
        )
        print(
            f"{trial.validation_accuracy:8.2%}  {trial.train_accuracy:8.2%} "
            f" {values}{'' if trial.fits else '  (does not fit)'}"
        )
    print(f"see tensorboard --logdir {shlex.quote(str(workdir))}")


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__, resumes=True)
