"""The paper's tables and figures: their rows, and a runner for them."""

from rethink_keras.experiments.planning import FASTEST, Job, as_list, plan
from rethink_keras.experiments.rows import SCALES, TITLES, Row, load
from rethink_keras.experiments.runner import Runner

__all__ = [
    "FASTEST",
    "SCALES",
    "TITLES",
    "Job",
    "Row",
    "Runner",
    "as_list",
    "load",
    "plan",
]
