"""Configuration of a run: its options, their bounds and the networks."""

from rethink_keras.config.datasets import DATASET_SIZES, SAMPLE
from rethink_keras.config.flagfiles import (
    FLAGS_DIRECTORY,
    define_options,
    explain,
    find_flagfile,
)
from rethink_keras.config.models import (
    BUILDER_OPTIONS,
    MODELS,
    UNNAMED,
    ModelEntry,
    options_of,
    register_model,
)
from rethink_keras.config.options import (
    PRINTABLE,
    allowed,
    check_choice,
    choices,
    option_type,
    suggestion,
    text_of,
)
from rethink_keras.config.run_config import (
    BACKENDS,
    FASTEST,
    PRECISIONS,
    RANDOMIZATIONS,
    RESUME,
    RETIRED,
    SCALES,
    STRATEGIES,
    RunConfig,
)

__all__ = [
    "BACKENDS",
    "BUILDER_OPTIONS",
    "DATASET_SIZES",
    "FASTEST",
    "FLAGS_DIRECTORY",
    "MODELS",
    "PRECISIONS",
    "PRINTABLE",
    "RANDOMIZATIONS",
    "RESUME",
    "RETIRED",
    "SAMPLE",
    "SCALES",
    "STRATEGIES",
    "UNNAMED",
    "ModelEntry",
    "RunConfig",
    "allowed",
    "check_choice",
    "choices",
    "define_options",
    "explain",
    "find_flagfile",
    "option_type",
    "options_of",
    "register_model",
    "suggestion",
    "text_of",
]
