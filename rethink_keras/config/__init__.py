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
    choices,
    option_type,
    suggestion,
    text_of,
)
from rethink_keras.config.run_config import (
    PRECISIONS,
    RANDOMIZATIONS,
    RETIRED,
    STRATEGIES,
    RunConfig,
)

__all__ = [
    "BUILDER_OPTIONS",
    "DATASET_SIZES",
    "FLAGS_DIRECTORY",
    "MODELS",
    "PRECISIONS",
    "PRINTABLE",
    "RANDOMIZATIONS",
    "RETIRED",
    "SAMPLE",
    "STRATEGIES",
    "UNNAMED",
    "ModelEntry",
    "RunConfig",
    "allowed",
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
