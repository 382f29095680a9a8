r"""Chooses hyperparameters that the paper leaves open, by keras-tuner.

  python launch/tune.py --row=flags/table1/mlp_1x512_weight_decay.txt \
    --least_train_accuracy=0.998
  python launch/tune.py --row=flags/table1/alexnet_weight_decay.txt \
    --search=weight_decay,dropout --scale=paper --data_dir=DIR

A grid of trials, each measured after its last epoch on a part of the training
set that is held out, never on the test set. --least_train_accuracy leaves out
what fits less of the training set than, say, the paper's row. TensorBoard's
HParams shows the trials. The same command resumes a search and does not run
finished trials again; a larger --trials adds to them.
"""

import dataclasses
import pathlib
import shlex

from absl import flags
from etils import epath

from rethink_keras.config import SAMPLE, RunConfig
from rethink_keras.errors import InputError
from rethink_keras.options import suggestion
from rethink_keras.terminal import fail, quiet_start, run_command

_ROW = flags.DEFINE_string("row", None, "flagfile of the run to tune")
_SEARCH = flags.DEFINE_list(
    "search",
    "weight_decay",
    "of weight_decay, learning_rate, epochs, dropout",
)
_TRIALS = flags.DEFINE_integer("trials", 20, "at most", lower_bound=1)
_LEAST = flags.DEFINE_float(
    "least_train_accuracy",
    0.0,
    "that a choice must keep, as the paper's row does",
    lower_bound=0.0,
    upper_bound=1.0,
)
_SEED = flags.DEFINE_integer("seed", 0, "of the trials", lower_bound=0)
_SCALE = flags.DEFINE_enum(
    "scale", "sample", ["sample", "paper"], "5,000 images, or all of CIFAR-10"
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "TFDS directory")
_WORKDIR = flags.DEFINE_string(
    "workdir", "tensorboard_logs/tune", "where the trials go"
)
_HELD_OUT = {"sample": 500, "paper": 5_000}


def base_config() -> RunConfig:
    """The run of the row, with held-out images in place of the test set."""
    if _ROW.value is None:
        raise InputError(
            "row=: needed; a flagfile, as flags/table1/alexnet_weight_decay.txt"
        )
    try:
        text = pathlib.Path(_ROW.value).read_text()
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"row={_ROW.value}: cannot be read ({error}); give a flagfile"
        ) from error
    if _SCALE.value == "sample":
        text += f"\n--dataset={SAMPLE}"
    return dataclasses.replace(
        RunConfig.from_flags(text),
        data_dir=_DATA_DIR.value,
        seed=_SEED.value,
        validation_examples=_HELD_OUT[_SCALE.value],
    )


def main() -> None:
    """Searches, and prints the trials, the best first."""
    config = base_config()
    with quiet_start():
        from rethink_keras.experiments import tuning
    unknown = sorted(set(_SEARCH.value) - set(tuning.RANGES))
    if unknown or not _SEARCH.value:
        raise InputError(
            f"search={','.join(_SEARCH.value)}: allowed are"
            f" {', '.join(tuning.RANGES)}, separated by commas"
            f"{suggestion(next(iter(unknown), ''), tuning.RANGES)}"
        )
    workdir = epath.Path(_WORKDIR.value) / pathlib.Path(_ROW.value).stem
    tuner = tuning.RunTuner(
        config, _SEARCH.value, workdir, _TRIALS.value, _LEAST.value
    )
    try:
        ranking = tuner.tune()
    except KeyboardInterrupt:
        fail("interrupted; the same command goes on", code=130)
    print("\nheld-out  training  tried; the best first")
    for tried in ranking:
        values = ", ".join(
            f"{name}={getattr(tried.config, name):g}" for name in _SEARCH.value
        )
        print(
            f"{tried.validation_accuracy:8.2%}  {tried.train_accuracy:8.2%} "
            f" {values}{'' if tried.fits else '  (does not fit)'}"
        )
    print(f"see tensorboard --logdir {shlex.quote(str(workdir))}")


if __name__ == "__main__":
    run_command(main, __name__)
