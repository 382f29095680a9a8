"""Trains a network on true and on randomized data.

  rethink-keras randomization-test --model=my_package.my_module:build
  rethink-keras randomization-test --model=small_alexnet --kinds=none,labels

--model=MODULE:FUNCTION names a function (input_shape, num_classes) that
returns a keras.Model; MODULE is imported from the current directory, or is the
path of a .py file. Prints a table and writes randomization_test.png. Re-run the
same command to resume after an interruption.
"""

import contextlib
import dataclasses
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from absl import flags
from etils import epath

from rethink_keras.cli.choosing import is_typed
from rethink_keras.cli.option_names import flags_in_output
from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import (
    RANDOMIZATIONS,
    RETIRED,
    STRATEGIES,
    RunConfig,
    define_options,
)
from rethink_keras.errors import InputError

FLAGS = flags.FLAGS
_OPTIONS = {
    field.name: field
    for field in dataclasses.fields(RunConfig)
    if field.name not in ("randomize", "label_corruption")
}
_FIGURE = "randomization_test.png"

define_options(list(_OPTIONS.values()), RETIRED, FLAGS)
_KINDS = flags.DEFINE_list(
    "kinds", list(RANDOMIZATIONS), "randomizations, separated by commas"
)
_SAVE_MODEL = flags.DEFINE_boolean(
    "save_model", True, "write each trained network"
)
_OVERWRITE = flags.DEFINE_boolean("overwrite", False, "repeat finished runs")
_STRATEGY = flags.DEFINE_enum(
    "strategy", "auto", STRATEGIES, "distribution strategy"
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "tensorboard_logs/randomization_test",
    "directory of the runs and of the figure",
)


def main() -> None:
    """Runs the test, prints the table and writes the figure."""
    values: dict[str, Any] = {name: FLAGS[name].value for name in _OPTIONS}
    model = str(values.pop("model"))
    own = ":" in model
    config = RunConfig(**values) if own else RunConfig(model=model, **values)
    builder = _builder(model) if own else None
    with quiet_start():
        from rethink_keras.experiments.randomization_tests import (
            randomization_test,
        )
        from rethink_keras.files import write_whole, writing
        from rethink_keras.plotting import as_png
    with flags_in_output():
        test = randomization_test(
            builder,
            kinds=_KINDS.value,
            workdir=_WORKDIR.value,
            config=config,
            save_model=_SAVE_MODEL.value,
            overwrite=_OVERWRITE.value,
            strategy=_STRATEGY.value,
        )
    print(test.to_frame().to_string(index=False))
    path = epath.Path(_WORKDIR.value) / _FIGURE
    with writing(_WORKDIR.value):
        write_whole(path, as_png(test.plot()))
    print(f"see {path}")


def _builder(path: str) -> Callable[..., Any]:
    """Imports a function that was typed on the command line.

    Raises:
      InputError: the path came from a flagfile, or there is no such function.
    """
    if not is_typed("model", path):
        raise InputError(
            f"model={path}: a module is imported only if it is named on the"
            " command line, not in a flagfile"
        )
    module, _, function = path.rpartition(":")
    directory = os.getcwd()
    if module.endswith(".py"):
        folder, file = os.path.split(os.path.abspath(module))
        directory, module = folder, file.removesuffix(".py")
    sys.path.insert(0, directory)
    try:
        with quiet_start():
            found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"model={path}: cannot be imported ({error}); must be"
            " MODULE:FUNCTION, such as my_package.my_module:build or"
            " my_module.py:build"
        ) from error
    finally:
        # It stays, as the last place, for what the function itself imports.
        with contextlib.suppress(ValueError):
            sys.path.remove(directory)
        sys.path.append(directory)
    if not callable(found):
        raise InputError(
            f"model={path}: must be a function (input_shape, num_classes);"
            f" received a {type(found).__name__}"
        )
    return found


def start() -> None:
    """Parses the flags and runs the command."""
    run_command(main, __doc__, resumes=True)
