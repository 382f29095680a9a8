"""The paper's tables and figures: their rows, and a runner for them."""

from rethink_keras.experiments.rows import SCALES, TITLES, Row, load
from rethink_keras.experiments.runner import Job, Runner, as_list, plan

__all__ = [
    "SCALES",
    "TITLES",
    "Job",
    "Row",
    "Runner",
    "as_list",
    "load",
    "plan",
]
