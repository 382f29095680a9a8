"""Ours beside the paper's: tables, figures, claims and a page."""
