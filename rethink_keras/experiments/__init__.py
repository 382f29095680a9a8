"""Rows of the paper's tables and figures, and a runner for them."""

from rethink_keras.experiments.planning import Job, jobs_as_text, plan
from rethink_keras.experiments.rows import TITLES, Row, load
from rethink_keras.experiments.runner import Runner

__all__ = [
    "TITLES",
    "Job",
    "Row",
    "Runner",
    "jobs_as_text",
    "load",
    "plan",
]
