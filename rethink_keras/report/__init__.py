"""Ours beside the paper's: tables, figures, claims and a page."""

from rethink_keras.report.page import compare, write_report
from rethink_keras.report.tables import as_text

__all__ = ["as_text", "compare", "write_report"]
