"""The paper's tables and figures: their rows, and a runner for them."""

from rethink_keras.experiments.cost import TRAIN_EXAMPLES
from rethink_keras.experiments.rows import SCALES, TITLES, Row, load
from rethink_keras.experiments.runner import Job, Runner, as_list, plan

__all__ = [
    "SCALES",
    "TITLES",
    "TRAIN_EXAMPLES",
    "Job",
    "Row",
    "Runner",
    "as_list",
    "load",
    "plan",
]
