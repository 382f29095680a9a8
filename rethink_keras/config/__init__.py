"""Configuration of a run: its options, their bounds and the networks."""

from rethink_keras.config.datasets import DATASET_SIZES, SAMPLE
from rethink_keras.config.flagfiles import (
    FLAGS_DIRECTORY,
    define_options,
    explain,
    find_flagfile,
)
from rethink_keras.config.models import MODELS, ModelEntry, register_model
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
    "DATASET_SIZES",
    "FLAGS_DIRECTORY",
    "MODELS",
    "PRECISIONS",
    "PRINTABLE",
    "RANDOMIZATIONS",
    "RETIRED",
    "SAMPLE",
    "STRATEGIES",
    "ModelEntry",
    "RunConfig",
    "allowed",
    "choices",
    "define_options",
    "explain",
    "find_flagfile",
    "option_type",
    "register_model",
    "suggestion",
    "text_of",
]
